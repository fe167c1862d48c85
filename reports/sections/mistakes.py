"""The mistakes, each with why the predicted class, why the true one, and why the one rather than the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from ...interpret.maps.location import EvidenceLocation, locate, place_name
from ...interpret.maps.state import ZERO
from ..drawing.wording import count, number, percent
from ..evidence.gather import Evidence, typical_peak
from ..evidence.mistakes import Confusion, Mistakes
from ..html.components import NONE, folded, how_to_read, joined, notice, probabilities, view
from ..html.map_notes import EMPTY_MAPS, averaged_to, faded, faded_reading
from ..html.page import Section
from ..html.tiles import Sprite
from .mistake_pictures import _draw, _Sheets
from .section import Finding


def mistakes_section(evidence: Evidence) -> tuple[Section, list[Sprite]]:
    """The section and its sprites."""
    mistakes = evidence.mistakes
    if not mistakes.total:
        nothing = Markup("<p>None of the {} is classified wrongly.</p>").format(count(len(evidence.dataset), "image"))
        return Section("mistakes", "Mistakes", nothing), []
    drawn = _draw(evidence)
    where = locate(mistakes.contrast)
    groups = [
        _group(evidence, drawn, where, confusion, place == 0) for place, confusion in enumerate(mistakes.confusions)
    ]
    section = Section(
        id="mistakes",
        title="Mistakes",
        lead="Why the predicted class, and why not the true one?",
        html=joined([_introduction(evidence), *_cut(mistakes), Markup('<div class="filter-place"></div>'), *groups]),
    )
    return section, [sheet for sheets in drawn.sheets.values() for sheet in sheets]


def _introduction(evidence: Evidence) -> Markup:
    layer, total = evidence.survey.cam_layer, evidence.mistakes.total
    reading = (
        f"“Why” is Grad-CAM at {layer} over the picture, for the predicted and for the true class. Its scale ends at the "
        f"median peak of all images, {number(typical_peak(evidence))} logit, or higher where one of the two maps is "
        f"stronger, so that a weak map looks weak. {EMPTY_MAPS}",
        f"“Rather than” is the contrast map at {layer}: activation times gradient of the difference of the two logits "
        f"(HiResCAM), red where the layer speaks for the predicted class and against the true one, blue the other way "
        f"round; its scale reaches as far on both sides. Saliency is how much each pixel moves the class’s logit, in logit "
        f"per unit of pixel value (logit/unit){averaged_to(evidence.mistakes.pictures, evidence.dataset.images)}; both are "
        f"on one scale, which ends at the larger peak. A peak is a map’s largest value.",
        faded_reading(evidence.survey.head),
    )
    return Markup(
        "<p>{} of {:,} ({}), grouped by confusion, the most frequent first; in each group the surest first.</p>{}"
    ).format(
        count(total, "image"), len(evidence.dataset), percent(total / len(evidence.dataset)), how_to_read(*reading)
    )


def _cut(mistakes: Mistakes) -> list[Markup]:
    shown = len(mistakes.numbers)
    if shown == mistakes.total:
        return []
    return [
        notice(
            f"{shown:,} of the {mistakes.total:,} mistakes are shown, the surest of each confusion first, so that the "
            f"file stays small.",
            kind="warning",
        )
    ]


def _group(
    evidence: Evidence, drawn: _Sheets, where: list[EvidenceLocation], confusion: Confusion, first: bool
) -> Markup:
    names = evidence.dataset.class_names
    cards = joined(_card(evidence, drawn, where[place], int(place)) for place in confusion.places)
    title = f"{names[confusion.true]} → {names[confusion.predicted]}"
    shown = len(confusion.places)
    amount = count(confusion.count, "image")
    if shown < confusion.count:
        amount = f"the {shown} surest of {amount}"
    return Markup('<div id="confusion-{}-{}">{}</div>').format(
        confusion.true,
        confusion.predicted,
        folded(title, Markup('<div class="mistakes">{}</div>').format(cards), count=amount, opened=first),
    )


def _card(evidence: Evidence, drawn: _Sheets, where: EvidenceLocation, place: int) -> Markup:
    mistakes, names = evidence.mistakes, evidence.dataset.class_names
    true, predicted = int(mistakes.true[place]), int(mistakes.predicted[place])
    found, meant = names[predicted], names[true]
    shares = mistakes.probabilities[place]
    image = int(mistakes.numbers[place])
    return Markup(
        '<article class="mistake" id="image-{0}" data-true="{1}" data-predicted="{2}" data-confidence="{3:.4f}">'
        '<header><h4><span class="true">{1}</span> → <span class="predicted">{2}</span></h4>'
        '<a class="number" href="#image-{0}">image {0}</a></header><div class="views">{4}</div>{5}'
        '<p class="says">{6}</p></article>'
    ).format(
        image,
        meant,
        found,
        float(shares[predicted]),
        _card_views(drawn, place, found, meant),
        probabilities(_bars(shares, true, predicted, names)),
        _sentence(evidence, where, place, found, meant),
    )


def _card_views(drawn: _Sheets, place: int, found: str, meant: str) -> Markup:
    shown = {
        "cam": f"Why {found}",
        "cam-true": f"Why {meant}",
        "contrast": f"{found} rather than {meant}",
        "saliency": f"Saliency, {found}",
        "saliency-true": f"Saliency, {meant}",
    }
    views = [view(drawn.tile("picture", place, "Image"), "Image")]
    for name, label in shown.items():
        note = drawn.notes[name][place]
        tile = drawn.tile(name, place, f"{label}; {note.text}")
        views.append(view(tile, label, note=note.text, full=note.full, mark=drawn.marks.get(name, NONE)))
    return joined(views)


def _bars(shares: np.ndarray, true: int, predicted: int, names: tuple[str, ...]) -> list[tuple[str, float, str]]:
    """The three largest probabilities and the true class's."""
    ranked = [int(label) for label in np.argsort(-shares, kind="stable")[:3]]
    kinds = {true: "true", predicted: "predicted"}
    shown = ranked if true in ranked else [*ranked, true]
    return [(names[label], float(shares[label]), kinds.get(label, "")) for label in shown]


def _sentence(evidence: Evidence, where: EvidenceLocation, place: int, found: str, meant: str) -> str:
    mistakes = evidence.mistakes
    layer = evidence.survey.cam_layer
    gap = f"{found} leads {meant} by {number(float(mistakes.logit_gap[place]))} in the logits."
    if not np.isfinite(where.row):
        seen = f"At {layer} no place speaks for {found} rather than {meant}."
    else:
        seen = (
            f"At {layer} what speaks for it rather than {meant} is centred on {place_name(where)}; "
            f"half of it lies in {percent(where.half_area, 0)} of the places."
        )
    left = faded(mistakes.cam_states[0][place].saturation, evidence.survey.head)
    left = f" {left[0].upper()}{left[1:]}." if left else ""
    return f"{gap} {seen}{_missing(mistakes, place, found, meant)}{left}"


def _missing(mistakes: Mistakes, place: int, found: str, meant: str) -> str:
    """Which of the two classes Grad-CAM has nothing for."""
    empty = [
        (name, states[place].kind)
        for name, states in zip((found, meant), mistakes.cam_states, strict=True)
        if states[place].largest <= 0
    ]
    zero = [name for name, kind in empty if kind == ZERO]
    against = [name for name, kind in empty if kind != ZERO]
    said = f" Grad-CAM finds only negative evidence for {' and for '.join(against)}." if against else ""
    return f"{said} Grad-CAM is zero everywhere for {' and for '.join(zero)}." if zero else said


_SURE = 0.9  # a mistake above this probability counts as sure


def _confusions(evidence: Evidence) -> Iterator[Finding]:
    confusions, names = evidence.mistakes.confusions, evidence.dataset.class_names
    if len(confusions) < 2 or confusions[0].count == confusions[1].count:  # none is the most frequent
        return
    first = confusions[0]
    few = confusions[: max(1, len(confusions) // 10)]
    share = sum(confusion.count for confusion in few) / evidence.mistakes.total
    yield (
        f"{names[first.true]} taken for {names[first.predicted]} is the most frequent confusion "
        f"({count(first.count, 'image')}); {count(len(few), 'confusion')} of {len(confusions)} "
        f"make{'s' if len(few) == 1 else ''} {percent(share, 0)} of all mistakes.",
        f"confusion-{first.true}-{first.predicted}",
        "these images",
    )


def _sure_mistakes(evidence: Evidence) -> Iterator[Finding]:
    evaluation = evidence.evaluation
    sure = evaluation.probabilities.max(axis=1) > _SURE
    wrong = evaluation.predictions != evaluation.labels
    mistakes = int((sure & wrong).sum())
    if not mistakes:
        return
    yield (
        f"{count(mistakes, 'mistake')} of {int(wrong.sum()):,} {'is' if mistakes == 1 else 'are'} made with more than "
        f"{percent(_SURE, 0)} probability; of all {int(sure.sum()):,} answers that sure, "
        f"{percent((sure & ~wrong).sum() / sure.sum())} are right.",
        "mistakes",
        "mistakes",
    )
