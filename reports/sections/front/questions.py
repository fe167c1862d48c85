"""The four questions of the first screen: where it fails, why, how sure it is, and which maps may be cited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.maps.regions import evidence_regions
from ....interpret.trust.verdicts import FEWEST_IMAGES
from ....models.evaluation.calibration import accuracy_interval
from ...drawing.colors import contrast_overlay
from ...drawing.enlarging import enlarge
from ...drawing.pictures import pictures
from ...drawing.wording import count, listed, percent
from ...evidence.causes import CausesEvidence
from ...evidence.data import DataEvidence
from ...evidence.mistakes import Mistakes
from ...evidence.performance import PerformanceEvidence
from ...evidence.trust import CONTRAST
from ...html.components import EMPTY, joined, name_html, with_names
from ...html.tiles import Sprite, sprite, tile_html
from ...html.trust_marks import LEVEL_WORDS, chip, method_mark_of
from ..section import About
from .coverage import coverage_curve, refusal
from .headline import FEWEST

_MOST_DOTS = 40  # classes whose dots have names
_FEW = 4  # methods named one by one behind a verdict other than good


@dataclass(frozen=True, eq=False)
class Question:
    """A question with its answer and picture."""

    asked: str
    picture: Markup
    answer: Markup
    sprites: tuple[Sprite, ...] = ()


def questions(evidence: Mapping[str, Any], about: About) -> list[Question]:
    """Those that the evidence can answer."""
    found: PerformanceEvidence | None = evidence.get("performance")
    asked = [] if found is None else [_where(found), _why(evidence, about), _how_sure(found), _which_maps(about)]
    return [question for question in asked if question is not None]


def _where(found: PerformanceEvidence) -> Question:
    return Question("Where does it fail?", recall_strip(found), _where_words(found))


def _where_words(found: PerformanceEvidence) -> Markup:
    evaluation, names = found.evaluation, found.evaluation.class_names
    if not found.mistakes:
        images = found.figures.images
        return Markup("Nowhere in {}.").format("this one image" if images == 1 else f"these {count(images, 'image')}")
    recall = evaluation.recall
    known = np.flatnonzero(np.isfinite(recall))
    least = [int(label) for label in known if recall[label] == recall[known].min()]
    if len(least) == len(known) > 1:
        return Markup("In {} alike: {} of the images of each are found.").format(
            "both classes" if len(known) == 2 else f"all {len(known):,} classes",
            percent(recall[least[0]]),
        )
    if len(least) > 1:
        return Markup("{} alike: {} of the images of each are found. {}").format(
            with_names(listed([names[label] for label in least], 4), names),
            percent(recall[least[0]]),
            _to("#/classes", "the classes"),
        )
    (weakest,) = least
    row = evaluation.confusion[weakest].copy()
    row[weakest] = 0
    ranked = [int(label) for label in np.argsort(-row, kind="stable")[:3] if row[label]]
    first = ranked[0] if ranked else 0
    goes = (
        [Markup("{:,} {} to {}").format(row[first], "goes" if row[first] == 1 else "go", name_html(names[first]))]
        if ranked
        else []
    )
    goes += [Markup("{:,} to {}").format(row[label], name_html(names[label])) for label in ranked[1:]]
    return Markup("{}: <b>{}</b> of its {} {} found. {}. {}").format(
        name_html(names[weakest]),
        percent(recall[weakest]),
        count(int(evaluation.support[weakest]), "image"),
        "is" if evaluation.support[weakest] == 1 else "are",
        Markup(", ").join(goes),
        _to(f"#/class/{weakest}", "the class"),
    )


def recall_strip(found: PerformanceEvidence) -> Markup:
    """A dot for each class on the line from nothing to everything found."""
    recall, names = found.evaluation.recall, found.evaluation.class_names
    known = np.flatnonzero(np.isfinite(recall))
    low = np.floor(10 * min(recall[known].min(), 0.9)) / 10
    places = {int(label): 12 + (recall[label] - low) / max(1 - low, 1e-9) * 276 for label in known}
    dots = (
        _one_path(places.values())
        if len(places) > _MOST_DOTS
        else joined(
            Markup('<circle cx="{:.1f}" cy="16" r="4" class="p0"><title>{}: {}</title></circle>').format(
                x, names[label], percent(recall[label])
            )
            for label, x in places.items()
        )
    )
    return Markup(
        '<svg viewBox="0 0 300 42" class="small-plot" role="img" aria-label="Share of each class that is found, from {0} to {1}">'
        '<line x1="12" x2="288" y1="16" y2="16" class="rule"/>{2}<text x="12" y="36">{0} found</text>'
        '<text x="288" y="36" text-anchor="end">{1}</text></svg>'
    ).format(percent(low, 0), percent(1, 0), dots)


def _one_path(places: Iterable[float]) -> Markup:
    """Dots without names, as one element."""
    drawn = "".join(f"M{x:.1f} 16h0" for x in places)
    return Markup('<path class="ln" style="stroke-width:8;stroke-linecap:round;opacity:.8" d="{}"/>').format(drawn)


def _why(evidence: Mapping[str, Any], about: About) -> Question | None:
    """The largest confusion: two class means, and what speaks for the one rather than the other."""
    mistakes: Mistakes | None = evidence.get("mistakes")
    data: DataEvidence | None = evidence.get("exploration")
    if mistakes is None or data is None or not mistakes.confusions:
        return None
    first = mistakes.confusions[0]
    true, said = first.true, first.predicted
    if not np.isfinite(data.exploration.means[[true, said]]).all():
        return None  # no image here is of the class that they are taken for: it has no mean
    contrast = mistakes.contrast[first.places].mean(axis=0, keepdims=True)
    known = [label for label in (true, said) if np.isfinite(data.exploration.means[label]).all()]  # those with images
    means = pictures(data.exploration.means[known], about.dataset.shown_range, 56)
    middle = np.rint(means.mean(axis=0, keepdims=True)).astype(np.uint8)
    end = float(np.abs(contrast).max())
    laid = contrast_overlay(middle, enlarge(contrast, middle.shape[1:3]), end)
    sheet = sprite("why", np.concatenate([means, laid]))
    names = about.class_names
    labels = [
        *(
            (Markup('<span class="{}">mean {}</span>').format(kind, name_html(names[label])), f"mean of {names[label]}")
            for kind, label in zip("tp", known, strict=False)
        ),
        (
            Markup("mean contrast of {}").format(
                count(first.count, "image")
                if len(first.places) == first.count
                else f"{len(first.places):,} of {count(first.count, 'image')}"
            ),
            f"mean contrast: {names[said]} rather than {names[true]}",
        ),
    ]
    tiles = joined(
        Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(tile_html(sheet, place, told), label)
        for place, (label, told) in enumerate(labels)
    )
    words = Markup("{} {}{} {}").format(
        _speaks(contrast, names[true], names[said]),
        method_mark_of(about.verdicts, CONTRAST),
        _channels(evidence.get("causes")),
        _to(f"#/confusion/{true}-{said}", f"the {count(first.count, 'image')}"),
    )
    return Question("Why?", Markup('<div class="pics">{}</div>').format(tiles), words, (sheet,))


def _speaks(contrast: np.ndarray, true: str, said: str) -> Markup:
    """What speaks for the one and for the other class, by the nine places of the picture."""
    both = evidence_regions(np.concatenate([contrast, -contrast]))
    parts = []
    for row, (kind, name) in enumerate((("p", said), ("t", true))):
        where = both.name(row)
        if where:
            words = '<b>{}</b> for <span class="{}">{}</span> ({} of all that speaks for it)'
            parts.append(Markup(words).format(where, kind, name_html(name), percent(float(both.held[row]), 0)))
        elif np.isfinite(both.shares[row]).all():
            parts.append(Markup('no one place of nine for <span class="{}">{}</span>').format(kind, name_html(name)))
    lead = Markup("{} is taken for {} most often. ").format(name_html(true), name_html(said))
    return lead + (Markup("What speaks in the mean contrast: {}.").format(Markup("; ").join(parts)) if parts else EMPTY)


def _channels(causes: CausesEvidence | None) -> str:
    if causes is None or not causes.confusions:
        return ""
    first = causes.confusions[0]
    if not len(first.repaired) or not first.repaired[0]:
        return f" Taking any one channel of {causes.layer} away repairs none of them."
    worth = np.flatnonzero((first.repaired > 0) & (first.broken <= first.repaired))  # what repairs most comes first
    if not len(worth):
        return f" No one channel of {causes.layer} is to blame: taking one away breaks more than it repairs."
    repaired, broken = int(first.repaired[worth[0]]), int(first.broken[worth[0]])
    verb = "break" if broken > 1 else "breaks"
    tried = causes.right_answers_tried
    price = f", and {broken or 'none'} of the {tried:,} right answers tried {verb}" if tried else ""
    return (
        f" Without channel {first.channels[worth[0]]} of {causes.layer}, {repaired:,} of {first.images_run:,} "
        f"{'is' if repaired == 1 else 'are'} right{price}."
    )


def _how_sure(found: PerformanceEvidence) -> Question:
    images = found.figures.images
    if images < FEWEST:
        few = f"{count(images, 'image')} cannot tell: at least {FEWEST} are needed."
        return Question("How sure is it?", EMPTY, Markup("{}").format(few))
    marked = refusal(found.evaluation)
    picture = coverage_curve(found.evaluation, marked)
    return Question(
        "How sure is it?", picture, Markup("{} {}").format(_calibrated(found), _to("#calibration", "calibration"))
    )


def _calibrated(found: PerformanceEvidence) -> Markup:
    sure, right, images = found.confidence, found.figures.accuracy, found.figures.images
    low, high = accuracy_interval(images - found.mistakes, images)
    told = f"({percent(sure)} said, {percent(right)} right)"
    if low <= sure <= high or percent(sure) == percent(right):
        first = f"Probabilities are as high as they should be {told}."
    else:
        way, apart = "too modest" if sure < right else "too high", 100 * abs(sure - right)
        points = "less than a point" if apart < 0.5 else count(round(apart), "point")
        first = f"Probabilities are {way} by {points} {told}."
    top = found.evaluation.probabilities.max(axis=1)
    above = top > 0.9
    if not above.any():
        return Markup("{} No answer is above {}.").format(first, percent(0.9, 0))
    correct, many = (found.evaluation.predictions == found.evaluation.labels)[above], int(above.sum())
    if many < FEWEST:  # a share of so few says nothing
        return Markup("{} {} above {}: <b>{}</b> of {} right.").format(
            first, count(many, "answer is", "answers are"), percent(0.9, 0), int(correct.sum()) or "none", many
        )
    return Markup("{} Answers above {} are right in <b>{}</b>; they are {} of all.").format(
        first, percent(0.9, 0), percent(float(correct.mean())), percent(float(above.mean()), 0)
    )


def _which_maps(about: About) -> Question:
    if not about.verdicts:
        return Question("Which maps may I cite?", EMPTY, Markup("None: their trust was not measured for this report."))
    levels: dict[str, list[str]] = {}
    for name, found in about.verdicts.items():
        levels.setdefault(found.level, []).append(name)
    chips = [chip("good", name) for name in levels.get("good", [])]
    for level in ("weak", "failed", "unknown"):
        some = levels.get(level, [])
        if some:
            chips.append(chip(level, f"{LEVEL_WORDS[level]}: {listed(some, _FEW)}"))
    good, judged = len(levels.get("good", [])), len(about.verdicts) - len(levels.get("unknown", []))
    said = (
        f"{good or 'None'} of {count(judged, 'method')} passed the tests on this model."
        if judged
        else f"None: none could be judged, as fewer than {FEWEST_IMAGES} images were tested."
    )
    return Question(
        "Which maps may I cite?",
        Markup('<p class="chips">{}</p>').format(joined(chips)),
        Markup("{} {}").format(said, _to("#/trust", "the tests, and why not")),
    )


def _to(target: str, words: str) -> Markup:
    return Markup('<a href="{}">{} →</a>').format(target, words)
