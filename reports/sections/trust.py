"""The section that says how far each method can be trusted on this model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.graph.head import LABELS
from ...interpret.intervals import Interval
from ...interpret.methods.catalogue import METHODS
from ...interpret.trust.record import MethodTrust, Trust
from ...interpret.trust.verdicts import (
    CLEARLY_BETTER,
    FEWEST_IMAGES,
    MUCH_ALIKE,
    NO_BETTER,
    THE_SAME,
    Measurement,
    Verdict,
)
from ..drawing.wording import count, listed, percent
from ..evidence.seen import Seen
from ..evidence.trust import SHOWN, TrustEvidence
from ..html.components import EMPTY, MARKS, command, figure, folded, how_to_read, joined, notice, table
from ..html.trust_marks import (
    LEVEL_WORDS,
    VERDICT_CAPTION,
    VERDICT_COLUMNS,
    anchor,
    is_of_few,
    share_words,
    two_digits,
    verdict_cells,
)
from ..plots.trust import PROBABILITY, control_shares, perturbation_curves, randomization_curves
from .section import About, Finding, Part, Severity

_READING = (
    "Deletion: pixels are removed in the order of the map, the strongest first; a map that names what the model uses makes "
    "the probability fall at once. Insertion: pixels are added in that order to a blank; the probability should rise at once. "
    "Both are averaged over three blanks: black, the blurred picture, and the picture’s own mean. The random order knows "
    "nothing; the brightness order knows the picture but not the model. A method beats a control on an image where its "
    "insertion area less its deletion area is larger. Shuffled weights: the weights of a copy of the model are shuffled, the "
    "last layer first; a map that stays as it was does not depend on what the model has learnt. Ranges in brackets are 95 % "
    "bootstrap intervals over the images."
)
_MORE = (
    " Pixels filled in (ROAD): the strongest pixels are replaced by what their neighbours suggest, so that no outline is left "
    "behind; the share of the images on which this order beats a random one. Noise: the largest change of a map, over its own "
    "size, under a noise of 2 % of the image’s range; 0 is steady, and about 1 or more means that the map is as much the "
    "noise’s as the image’s."
)


class TrustSection:
    """The section; see `ReportSection`."""

    view = "trust"
    id, title = "trust", "Trust"
    lead = "Do the maps name the pixels that the model uses, and do they depend on what it has learnt?"

    def needs(self, seen: Seen) -> tuple[()]:
        """Nothing of the stream."""
        return ()

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> TrustEvidence | None:
        """What is on file, or was measured on a sample; None where nothing was."""
        return seen.trust

    def findings(self, found: TrustEvidence, about: About) -> Iterator[Finding]:
        """The verdicts on the methods that the page draws, and the method that can be trusted most."""
        yield from _shown_methods(found.trust)
        yield from _best_method(found.trust)

    def html(self, found: TrustEvidence, about: About) -> Part:
        """Every method's verdict, with the curves of those that the page draws."""
        trust = found.trust
        html = [
            _cite(trust, pictured=about.evaluation is not None),
            thresholds(),
            Markup("<h3>How it was measured</h3><p>{}</p>{}{}").format(
                _sample(trust) + _bought(trust),
                EMPTY if about.evaluation is None else _origin(found),
                how_to_read(_reading(trust, about.information.unit)),
            ),
            *_refused(trust),
            folded("All numbers, with their intervals", _verdicts(trust)),
            folded(
                "The curves behind them",
                joined([*_shares(trust), _curves(trust, _followed(about)), _shuffled(trust)]),
            ),
            *_relearnt(trust),
        ]
        return Part(joined(html))


def _sample(trust: Trust) -> str:
    """On how many images the curves were measured, a part for each number of images."""
    parts: dict[int, list[str]] = {}
    for name, found in trust.methods.items():
        parts.setdefault(found.images, []).append(name)
    if len(parts) == 1:
        images = next(iter(parts))
        if images == trust.total:
            return "Measured on the one image." if images == 1 else f"Measured on all {images:,} images."
        return f"Measured on {images:,} of the {trust.total:,} images, sampled with seed {trust.plan.seed}."
    most = max(parts)
    every = f"all {most:,} images" if most == trust.total else f"{most:,} of the {trust.total:,} images"
    rest = [f"{listed(names, 13)} on {images:,}" for images, names in sorted(parts.items()) if images != most]
    return (
        f"{listed(parts[most], 13)} were measured on {every}; those that take many passes for one image on a sample taken "
        f"with seed {trust.plan.seed}: {'; '.join(rest)}."
    )


def _bought(trust: Trust) -> str:
    """How finely it was measured, by which budget, and what the folding of batch normalisation moved."""
    steps = f" Pixels went in {count(trust.plan.steps, 'step')} from all to none."
    if trust.plan.budget is not None and max(found.images for found in trust.methods.values()) < trust.total:
        bought = f"That is what a budget of {count(trust.plan.budget, 'pass', 'passes')} forward and backward allows."
        steps = f" {bought}{steps}"
    if trust.folding is None:
        return steps
    return (
        f"{steps} In these runs, not in the maps that are drawn, {count(trust.folding.layers, 'batch normalisation')} "
        f"{'was' if trust.folding.layers == 1 else 'were'} folded into the convolution before; on "
        f"{count(trust.folding.images, 'image')} that moved no logit by more than {trust.folding.error:.0e} of the largest."
    )


def _origin(measured: TrustEvidence) -> Markup:
    if measured.command is None:
        more = (
            "The command measures all the usual methods, on all images where that is cheap, for this section; those of many "
            "passes that pass are then drawn on the cards of the leading mistakes:"
        )
        return Markup("<p>{}</p>{}").format(more, command("featurelens trust MODEL --data SOURCE"))
    took = "Measured beforehand, on these weights and these images (their SHA-256 agree), by"
    return Markup("<p>{}</p>{}{}").format(took, command(measured.command), _not_measured(measured.trust))


def _not_measured(trust: Trust) -> Markup:
    """The known methods that a file says nothing of: they came later, or were not asked for."""
    missing = [known for known in METHODS.usual if known.name not in trust.methods and known.name not in trust.refused]
    if not missing:
        return EMPTY
    told = f"Not measured: {listed([known.name for known in missing], len(missing))}. To add them to the file:"
    chosen = " ".join(f"--method {known.slug}" for known in missing)
    return Markup("<p>{}</p>{}").format(told, command(f"featurelens trust MODEL --data SOURCE {chosen} --update"))


def _reading(trust: Trust, unit: str) -> str:
    said = _READING.replace("the probability", "the number") if unit == "answer" else _READING
    return said + (_MORE if any(found.road or found.sensitivity for found in trust.methods.values()) else "")


def _cite(trust: Trust, *, pictured: bool) -> Markup:
    """Every method's verdict, what was measured, and why it is not to be cited where it is not.

    Args:
        trust: What was measured.
        pictured: Whether the page draws each method on a mistake, which the program then shows beside it.
    """
    ranked = sorted(_ranked(trust), key=lambda entry: _RANKS.index(entry[1].verdict.level))
    rows = [
        (
            Markup('<span id="{}">{}</span>').format(anchor(name), name),
            Markup('<span class="verdict {}">{} {}</span>').format(
                found.verdict.level, MARKS[found.verdict.level], LEVEL_WORDS[found.verdict.level]
            ),
            *([Markup('<span class="method-picture" data-method="{}"></span>').format(name)] if pictured else []),
            _dots(found),
            *(_short(finding) for finding in found.verdict.findings),
            why_not(found.verdict),
        )
        for name, found in ranked
    ]
    one = ["One image"] if pictured else []
    columns = ["Method", "Verdict", *one, "0 to 100 % of the images", *_SHORT, "Why not"]
    caption = (
        "Which maps may be cited. Square: beats a random order on this share of the images; dot: beats the order of "
        "brightness; the line stands at 50 %."
    )
    if pictured:
        caption += " The picture is the surest image of the largest confusion, where the method is drawn."
    first = columns.index(_SHORT[0])
    return table(columns, rows, caption=caption, numeric=[first, first + 1, first + 2])


_RANKS = ("good", "weak", "unknown", "failed")
_SHORT = ("Beats random", "Beats brightness", "Likeness, shuffled")


def _dots(found: MethodTrust) -> Markup:
    """The two shares on a line; nothing where they are of too few images."""
    if any(is_of_few(finding) for finding in found.verdict.findings[:2]):
        return EMPTY
    shares = [finding.number.mean for finding in found.verdict.findings[:2]]
    marks = [
        Markup('<i class="{}" style="--x:{:.3f}"></i>').format(kind, share)
        for kind, share in zip("rb", shares, strict=True)
        if np.isfinite(share)
    ]
    return Markup('<span class="dot">{}</span>').format(joined(marks))


def _short(finding: Measurement) -> str:
    if not np.isfinite(finding.number.mean):
        return "–"
    if finding.question == "randomised weights":
        return two_digits(finding.number.mean)
    return share_words(finding)


def why_not(found: Verdict) -> str:
    """What keeps a method from being cited, with its threshold; empty for one that passed."""
    if found.level == "good":
        return ""
    if all(each.level == "unknown" for each in found.findings):
        return _few(max((each.number.images for each in found.findings), default=0))
    said = [_against(each) for each in found.findings if each.level != "good"]
    return "; ".join(said)


def _few(images: int) -> str:
    """That a measure is of too few images."""
    return f"measured on {count(images, 'image')}, and {FEWEST_IMAGES} are needed" if images else "not measured"


def _against(finding: Measurement) -> str:
    """One measure that was not passed."""
    value = finding.number
    if finding.level == "unknown":
        return f"{finding.question}: {_few(value.images)}"
    if finding.question == "randomised weights":
        how = "hardly changes" if finding.level == "failed" else "stays much as it was"
        return f"the map {how} once the weights are shuffled ({two_digits(value.mean)}; {finding.good} is asked)"
    of = "a random order" if finding.question == "random order" else "the picture’s own brightness"
    return f"beats {of} on {percent(value.mean, 0)} only ({finding.good.replace('0.75', '75 %')} is asked)"


def thresholds() -> Markup:
    """All thresholds of the verdicts, in words."""
    clear, none, alike, same = (percent(CLEARLY_BETTER, 0), percent(NO_BETTER, 0), MUCH_ALIKE, THE_SAME)
    return Markup(
        "<h3>The thresholds</h3><p>Cite: the method’s order of pixels beats a random one and that of brightness, each on more "
        "than {} of the images, and its maps’ rank correlation with those of shuffled weights is below {}. With a caveat: one "
        "or more of these are missed. Do not cite: it beats the random order on no more than {} of the images, by the lower "
        "end of the interval, or the likeness is {} or more. Brightness alone cannot fail a method: a map that is no better "
        "than the picture’s brightness may still depend on the model. Not judged: fewer than {} images.</p>"
    ).format(clear, alike, none, same, FEWEST_IMAGES)


def _verdicts(trust: Trust) -> Markup:
    """The table of all methods, those that beat the random order most often first."""
    extra = _extra_columns(trust)
    rows = [
        (
            name,
            *verdict_cells(found.verdict),
            *(tell(found) for tell in extra.values()),
        )
        for name, found in _ranked(trust)
    ]
    return table(["Method", *VERDICT_COLUMNS, *extra], rows, caption=VERDICT_CAPTION)


def _ranked(trust: Trust) -> list[tuple[str, MethodTrust]]:
    """Those that beat the random order most often first; what was not measured last."""

    def share(entry: tuple[str, MethodTrust]) -> float:
        mean = entry[1].verdict.findings[0].number.mean
        return -mean if np.isfinite(mean) else 1.0

    return sorted(trust.methods.items(), key=share)


def _extra_columns(trust: Trust) -> dict[str, Callable[[MethodTrust], str]]:
    """The measures beside the verdict that were taken."""
    found = trust.methods.values()
    columns: dict[str, Callable[[MethodTrust], str]] = {}
    if any(each.random_labels for each in found):
        columns["Likeness, random labels"] = lambda each: _mean_of(each.random_labels)
    if any(each.road for each in found):
        columns["Beats random, filled in"] = lambda each: percent(each.road.mean, 0) if each.road else "not measured"
    if any(each.sensitivity for each in found):
        columns["Change under noise"] = lambda each: _mean_of(each.sensitivity)
    if any(each.location for each in found):
        share = next(each.location.share for each in found if each.location)
        by_chance = f"(by chance {percent(share, 0)})"
        columns[f"Peak on the object {by_chance}"] = lambda each: _share_of(each.location and each.location.pointing)
        columns[f"Evidence on it {by_chance}"] = lambda each: _share_of(each.location and each.location.mass)
        columns[f"Strongest pixels on it {by_chance}"] = lambda each: _share_of(each.location and each.location.rank)
    return columns


def _share_of(value: Interval | None) -> str:
    return "not measured" if value is None or not np.isfinite(value.mean) else percent(value.mean, 0)


def _mean_of(value: Interval | None) -> str:
    return "not measured" if value is None or not np.isfinite(value.mean) else two_digits(value.mean)


def _refused(trust: Trust) -> list[Markup]:
    return [notice(f"{name} does not explain this model. {why}") for name, why in trust.refused.items()]


def _shares(trust: Trust) -> list[Markup]:
    """All methods at a glance, where there are more than the page draws."""
    known = {name: found for name, found in _ranked(trust) if found.images}
    if set(known) <= set(SHOWN):
        return []
    plot = control_shares(
        {name: tuple(finding.number for finding in found.verdict.findings[:2]) for name, found in known.items()}
    )
    caption = (
        "Share of the images on which each method beats the two controls, with its 95 % interval. At 50 % a map is no better "
        "than the control."
    )
    return [figure(plot.svg(), caption)]


def _followed(about: About) -> str:
    """What the curves follow, as the label of their axis."""
    if about.information.unit == "answer":
        return "the number"
    return "probability of the label" if about.information.task == LABELS else PROBABILITY


def _curves(trust: Trust, score: str) -> Markup:
    """The curves of the methods that the page draws."""
    shown = {name: trust.methods[name] for name in SHOWN if name in trust.methods and trust.methods[name].images}
    if not shown:
        return EMPTY
    one = next(iter(shown.values()))
    drawn = []
    for what, label in (("deletion", "share of pixels removed"), ("insertion", "share of pixels added")):
        curves = {name: np.array(getattr(found.curves, what)) for name, found in shown.items()}
        curves |= {"random": np.array(getattr(one.random, what))}
        curves |= {"brightness": np.array(getattr(one.brightness, what))}
        plot = perturbation_curves(
            np.array(one.shares), curves, title=f"{what.capitalize()} curves", label=label, score=score
        )
        better = "lower" if what == "deletion" else "higher"
        drawn.append(figure(plot.svg(), f"{what.capitalize()}: {better} is better. Numbers: mean height."))
    return Markup('<div class="pair">{}</div>').format(joined(drawn))


def _shuffled(trust: Trust) -> Markup:
    if trust.not_copied is not None:
        return notice(f"The weights could not be shuffled: {trust.not_copied}", kind="warning")
    if not trust.layers:
        return EMPTY
    shown = {name: trust.methods[name] for name in SHOWN if name in trust.methods}
    if not shown:
        return EMPTY
    one = next(iter(shown.values()))
    plot = randomization_curves(trust.layers, {name: np.array(found.rank_correlation) for name, found in shown.items()})
    caption = (
        f"Likeness of the maps of {count(one.compared, 'image')} to those of the trained model, without their sign, while "
        f"the weights of layer upon layer are shuffled, from the last to the first."
    )
    return figure(plot.svg(), caption)


def _relearnt(trust: Trust) -> list[Markup]:
    lesson = trust.lesson
    if lesson is None:
        return []
    told = (
        f"Random labels: a copy with fresh weights was trained on {count(lesson.images, 'image')} whose labels were "
        f"permuted, for {count(lesson.epochs, 'epoch')}. It knew {percent(lesson.accuracy)} of these labels by heart in the "
        f"end, where always giving the most frequent one reaches {percent(lesson.chance)}. “Likeness, random labels” is the "
        f"rank correlation of its maps with the trained model’s: near 0 where a method shows what the labels taught. It is "
        f"no part of the verdict."
    )
    return [Markup("<p>{}</p>").format(told)]


_LEVELS: dict[str, tuple[str, Severity]] = {  # what a verdict says of a method's maps
    "good": ("can be trusted on this model", "fact"),
    "weak": ("can be trusted with care", "caution"),
    "failed": ("failed the tests: read such maps as pictures of the layer, not as reasons", "problem"),
    "unknown": ("could not be judged", "caution"),
}


def _shown_methods(trust: Trust) -> Iterator[Finding]:
    methods: dict[str, list[str]] = {}
    for name in SHOWN:
        found = trust.verdicts.get(name)
        if found is not None:
            methods.setdefault(found.level, []).append(name)
    said = [f"{listed(methods[level])} {words}" for level, (words, _) in _LEVELS.items() if level in methods]
    kinds = {severity for level, (_, severity) in _LEVELS.items() if level in methods}
    if said:
        few = f"None of the maps drawn throughout could be judged: {_too_few(trust)}."
        yield Finding(
            few if set(methods) == {"unknown"} else f"Of the maps drawn throughout, {'; '.join(said)}.",
            severity="problem" if "problem" in kinds else "caution" if "caution" in kinds else "fact",
            number=len(methods.get("good", [])),
            anchor="trust",
            link="trust",
            weight=0.56,
        )


def _too_few(trust: Trust) -> str:
    """Why no method was judged."""
    images = max(finding.number.images for found in trust.verdicts.values() for finding in found.findings)
    if not images:
        return "they were not tested"
    return f"they were tested on {count(images, 'image')}, and {FEWEST_IMAGES} are needed"


def _best_method(trust: Trust) -> Iterator[Finding]:
    """Where more methods were measured than are drawn: which of them can be trusted most."""
    good = [name for name, found in trust.verdicts.items() if found.level == "good"]
    if set(trust.methods) <= set(SHOWN) or not good:
        return
    shares = {name: [finding.number for finding in trust.verdicts[name].findings[:2]] for name in good}
    best = max(good, key=lambda name: [share.mean for share in shares[name]])
    random, bright = shares[best]
    yield Finding(
        f"Of all {len(trust.methods)} methods that were measured {listed(good, 13)} can be trusted on this model. The pixels "
        f"that {best} names beat a random order most often, on {percent(random.mean, 0)} of {count(random.images, 'image')}, "
        f"and the picture’s brightness on {percent(bright.mean, 0)}.",
        severity="fact",
        number=random.mean,
        anchor="trust",
        link="trust",
        weight=0.55,
    )
