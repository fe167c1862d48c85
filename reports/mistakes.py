"""The mistakes, each with why the predicted class, why the true one, and why the one rather than the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ..interpret.evidence_location import EvidenceLocation, locate, place_name
from ..interpret.map_state import LOGIT_PER_PIXEL, ZERO, map_states
from .colors import colorize, overlay
from .components import NONE, folded, how_to_read, joined, notice, probabilities, view
from .evidence import Evidence
from .map_notes import EMPTY_MAPS, MapNote, averaged_to, faded, faded_reading, peak_note, signed_note, typical_peak
from .mistake_evidence import Confusion, Mistakes
from .page import Section
from .pictures import pictures
from .resizing import enlarge
from .tiles import Sprite, sprites, tile_html
from .trust_evidence import CONTRAST, GRAD_CAM, SALIENCY
from .trust_marks import method_link
from .wording import count, number, percent

_LEVELS = 32  # colours of a map; fewer make the file smaller
_PER_SHEET = 500  # pictures in a sprite


@dataclass(frozen=True, eq=False)
class _Sheets:
    """The pictures of all mistakes, in sprites of at most 500 tiles."""

    sheets: dict[str, list[Sprite]]  # picture, cam, cam-true, contrast, saliency, saliency-true
    marks: dict[str, Markup]  # the trust mark of the method of each sprite
    notes: dict[str, list[MapNote]]  # what stands under each picture of the maps' sprites

    def tile(self, name: str, place: int, label: str) -> Markup:
        sheet = self.sheets[name][place // _PER_SHEET]
        return tile_html(sheet, place % _PER_SHEET, label)


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


def _draw(evidence: Evidence) -> _Sheets:
    mistakes = evidence.mistakes
    shown = pictures(mistakes.pictures, evidence.dataset.value_range)
    size = shown.shape[1:3]
    cam, slope = (
        np.maximum(*(values.max(axis=(1, 2)) for values in pair)) for pair in (mistakes.grad_cam, mistakes.saliency)
    )
    contrast = np.abs(mistakes.contrast).max(axis=(1, 2))

    def laid(maps: np.ndarray, scale, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        limits = (low[:, None, None], high[:, None, None])
        return overlay(shown, enlarge(maps, size), scale, limits, levels=_LEVELS)

    usual = typical_peak(evidence)
    zero, cam = np.zeros_like(cam), np.maximum(cam, usual)
    slope_limits = (zero[:, None, None], slope[:, None, None])
    tiles = {
        "picture": shown[..., 0] if mistakes.pictures.shape[-1] == 1 else shown,
        "cam": laid(mistakes.grad_cam[0], "evidence", zero, cam),
        "cam-true": laid(mistakes.grad_cam[1], "evidence", zero, cam),
        "contrast": laid(mistakes.contrast, "signed", -contrast, contrast),
        "saliency": colorize(mistakes.saliency[0], "saliency", slope_limits, levels=_LEVELS),
        "saliency-true": colorize(mistakes.saliency[1], "saliency", slope_limits, levels=_LEVELS),
    }
    made = sprites(
        {
            f"mistake-{name}-{start // _PER_SHEET}": values[start : start + _PER_SHEET]
            for name, values in tiles.items()
            for start in range(0, len(values), _PER_SHEET)
        }
    )
    parts = range(-(-len(shown) // _PER_SHEET))
    sheets = {name: [made[f"mistake-{name}-{part}"] for part in parts] for name in tiles}
    return _Sheets(sheets, _marks(evidence), _notes(mistakes, usual))


def _notes(mistakes: Mistakes, usual: float) -> dict[str, list[MapNote]]:
    slopes = [map_states(values, LOGIT_PER_PIXEL) for values in mistakes.saliency]
    return {
        "cam": [peak_note(state, usual) for state in mistakes.cam_states[0]],
        "cam-true": [peak_note(state, usual) for state in mistakes.cam_states[1]],
        "contrast": [signed_note(state) for state in map_states(mistakes.contrast)],
        "saliency": [peak_note(state) for state in slopes[0]],
        "saliency-true": [peak_note(state) for state in slopes[1]],
    }


def _marks(evidence: Evidence) -> dict[str, Markup]:
    methods = {
        "cam": GRAD_CAM,
        "cam-true": GRAD_CAM,
        "contrast": CONTRAST,
        "saliency": SALIENCY,
        "saliency-true": SALIENCY,
    }
    return {name: method_link(evidence.verdicts, method) for name, method in methods.items()}


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
