"""The mistakes, each with why the predicted class, why the true one, and why the one rather than the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import SurveyStatistic
from ...interpret.maps.location import EvidenceLocation, locate, place_name
from ...interpret.maps.state import ZERO
from ...interpret.methods.catalogue import KnownMethod
from ..drawing.wording import count, number, percent
from ..evidence.further_maps import further_maps
from ..evidence.mistakes import SURE, Confusion, Mistakes, gather_mistakes
from ..evidence.seen import Seen
from ..html.components import EMPTY, folded, how_to_read, joined, notice, probabilities, view
from ..html.map_notes import EMPTY_MAPS, averaged_to, faded, faded_reading
from .mistake_pictures import MistakePictures, mistake_pictures
from .section import About, Finding, Part


class MistakesSection:
    """The section; see `ReportSection`."""

    id, title, lead = "mistakes", "Mistakes", "Why the predicted class, and why not the true one?"

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers, which has the model's answers too."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> Mistakes | None:
        """The misclassified images with their maps; None for a model without class maps."""
        if not seen.has_class_maps:
            return None
        telling = seen.progress("explaining the mistakes")
        found = gather_mistakes(seen.look, seen.dataset, seen.survey, seen.evaluation, telling, seen.batch_size)
        further = tuple(
            further_maps(
                known,
                seen.model,
                seen.dataset,
                found.numbers,
                found.predicted,
                cam_layer=found.cam_layer,
                size=(found.pictures.shape[1], found.pictures.shape[2]),
                batch_size=seen.batch_size,
                progress=seen.progress(f"explaining the mistakes by {known.name}"),
            )
            for known in seen.further_methods
        )
        return replace(found, further=further)

    def findings(self, found: Mistakes, about: About) -> Iterator[Finding]:
        """The most frequent confusion, and the mistakes that the model is sure of."""
        yield from _most_confused(found, about.class_names)
        yield from _sure_mistakes(found)

    def html(self, found: Mistakes, about: About) -> Part:
        """The mistakes by confusion."""
        if not found.total:
            nothing = Markup("<p>None of the {} is incorrectly classified.</p>")
            return Part(nothing.format(count(len(about.dataset), "image")))
        drawn = mistake_pictures(found, about.dataset.shown_range, about.verdicts)
        where = locate(found.contrast)
        groups = [
            _group(found, about, drawn, where, confusion, place == 0)
            for place, confusion in enumerate(found.confusions)
        ]
        html = [_introduction(found, about), *_cut(found), Markup('<div class="filter-place"></div>'), *groups]
        return Part(joined(html), [sheet for sheets in drawn.sheets.values() for sheet in sheets])


def _introduction(found: Mistakes, about: About) -> Markup:
    layer, total, images = found.cam_layer, found.total, len(about.dataset)
    reading = (
        f"“Why” is Grad-CAM at {layer} over the picture, for the predicted and for the true class. Its scale ends at the "
        f"median peak of all images, {number(found.typical_peak)} logit, or higher where one of the two maps is "
        f"stronger, so that a weak map looks weak. {EMPTY_MAPS}",
        f"“Rather than” is the contrast map at {layer}: activation times gradient of the difference of the two logits "
        f"(HiResCAM), red where the layer speaks for the predicted class and against the true one, blue the other way "
        f"round; its scale reaches as far on both sides. Saliency is how much each pixel moves the class’s logit, in logit "
        f"per unit of pixel value (logit/unit){averaged_to(found.pictures, about.dataset.images)}; both are "
        f"on one scale, which ends at the larger peak. A peak is a map’s largest value.",
        faded_reading(about.information.head),
        *(_reading_of(further.known) for further in found.further),
    )
    return Markup(
        "<p>{} of {:,} ({}), grouped by confusion, the most frequent first; in each group the surest first.</p>{}"
    ).format(count(total, "image"), images, percent(total / images), how_to_read(*reading))


def _reading_of(known: KnownMethod) -> str:
    """What to know of the maps of a method that was asked for."""
    meant = ", whose values below 0 speak against it" if known.signed else ""
    remark = f" ({known.remark})" if known.remark else ""
    return f"{known.name}{remark} is of the predicted class, in {known.unit}{meant}; each map has a scale of its own."


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
    found: Mistakes,
    about: About,
    drawn: MistakePictures,
    where: list[EvidenceLocation],
    confusion: Confusion,
    first: bool,
) -> Markup:
    names = about.class_names
    cards = joined(_card(found, about, drawn, where[place], int(place)) for place in confusion.places)
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


def _card(mistakes: Mistakes, about: About, drawn: MistakePictures, where: EvidenceLocation, place: int) -> Markup:
    names, head = about.class_names, about.information.head
    true, predicted = int(mistakes.true[place]), int(mistakes.predicted[place])
    found, meant = names[predicted], names[true]
    shares = mistakes.probabilities[place]
    image = int(mistakes.numbers[place])
    return Markup(
        '<article class="mistake" id="image-{0}" data-true="{1}" data-predicted="{2}" data-confidence="{3:.4f}">'
        '<header><h4><span class="true">{1}</span> → <span class="predicted">{2}</span></h4>'
        '<a class="number" href="#image-{0}">image {7}</a></header><div class="views">{4}</div>{5}'
        '<p class="says">{6}</p></article>'
    ).format(
        image,
        meant,
        found,
        float(shares[predicted]),
        _card_views(drawn, place, found, meant),
        probabilities(_bars(shares, true, predicted, names)),
        _sentence(mistakes, head, where, place, found, meant),
        about.dataset.called(image),
    )


def _card_views(drawn: MistakePictures, place: int, found: str, meant: str) -> Markup:
    shown = {
        "cam": f"Why {found}",
        "cam-true": f"Why {meant}",
        "contrast": f"{found} rather than {meant}",
        "saliency": f"Saliency, {found}",
        "saliency-true": f"Saliency, {meant}",
    } | {name: f"{method}, {found}" for name, method in drawn.further.items()}
    views = [view(drawn.tile("picture", place, "Image"), "Image")]
    for name, label in shown.items():
        note = drawn.notes[name][place]
        tile = drawn.tile(name, place, f"{label}; {note.text}")
        views.append(view(tile, label, note=note.text, full=note.full, mark=drawn.marks.get(name, EMPTY)))
    return joined(views)


def _bars(shares: np.ndarray, true: int, predicted: int, names: tuple[str, ...]) -> list[tuple[str, float, str]]:
    """The three largest probabilities and the true class's."""
    ranked = [int(label) for label in np.argsort(-shares, kind="stable")[:3]]
    kinds = {true: "true", predicted: "predicted"}
    shown = ranked if true in ranked else [*ranked, true]
    return [(names[label], float(shares[label]), kinds.get(label, "")) for label in shown]


def _sentence(mistakes: Mistakes, head: str, where: EvidenceLocation, place: int, found: str, meant: str) -> str:
    layer = mistakes.cam_layer
    gap = f"{found} leads {meant} by {number(float(mistakes.logit_gap[place]))} in the logits."
    if not np.isfinite(where.row):
        seen = f"At {layer} no place speaks for {found} rather than {meant}."
    else:
        seen = (
            f"At {layer} what speaks for it rather than {meant} is centred on {place_name(where)}; "
            f"half of it lies in {percent(where.half_area, 0)} of the places."
        )
    left = faded(mistakes.cam_states[0][place].saturation, head)
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


def _most_confused(found: Mistakes, names: tuple[str, ...]) -> Iterator[Finding]:
    confusions = found.confusions
    if len(confusions) < 2 or confusions[0].count == confusions[1].count:  # none is the most frequent
        return
    first = confusions[0]
    few = confusions[: max(1, len(confusions) // 10)]
    share = sum(confusion.count for confusion in few) / found.total
    yield Finding(
        f"{names[first.true]} taken for {names[first.predicted]} is the most frequent confusion "
        f"({count(first.count, 'image')}); {count(len(few), 'confusion')} of {len(confusions)} "
        f"make{'s' if len(few) == 1 else ''} {percent(share, 0)} of all mistakes.",
        severity="fact",
        number=first.count,
        anchor=f"confusion-{first.true}-{first.predicted}",
        link="these images",
        weight=0.9,
    )


def _sure_mistakes(found: Mistakes) -> Iterator[Finding]:
    if not found.sure_mistakes:
        return
    right, verb = found.sure_answers - found.sure_mistakes, "is" if found.sure_mistakes == 1 else "are"
    yield Finding(
        f"{count(found.sure_mistakes, 'mistake')} of {found.total:,} {verb} made with more than "
        f"{percent(SURE, 0)} probability; of all {found.sure_answers:,} answers that sure, "
        f"{percent(right / found.sure_answers)} are right.",
        severity="caution",
        number=found.sure_mistakes,
        anchor="mistakes",
        link="mistakes",
        weight=0.85,
    )
