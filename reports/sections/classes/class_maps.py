"""What speaks for each class on its typical image, by every method that is drawn: those that passed the tests first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.maps.state import LOGIT, LOGIT_PER_PIXEL, NEGATIVE, MapState, map_states
from ....interpret.trust.verdicts import Verdict
from ...drawing.colors import colorize, contrast_overlay, overlay
from ...drawing.enlarging import enlarge
from ...drawing.pictures import pictures, shrunk
from ...evidence.specimens import FeatureMaps, Specimen
from ...evidence.trust import CONTRAST, GRAD_CAM, SALIENCY
from ...html.components import joined, view
from ...html.map_notes import MapNote, peak_note, short_unit, signed_note
from ...html.tiles import Sprite, sprite, tile_html
from ...html.trust_marks import method_mark_of
from ..mistake_pictures import ORDER, level_of, map_kind
from ..section import About


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """One method's maps of all typical images, each for the predicted class."""

    method: str
    values: np.ndarray  # float32[N,h,w]
    states: tuple[MapState, ...]
    level: str  # of the verdict on the method: 'good', 'weak', 'unknown' or 'failed'
    sheet: Sprite  # the maps as they are drawn, over their pictures where they are of a layer
    notes: tuple[MapNote, ...]  # what stands under each

    @property
    def plain(self) -> bool:
        """Whether it is drawn by itself, not over the picture."""
        return self.method == SALIENCY


def class_maps(found: FeatureMaps, about: About) -> list[ClassMaps]:
    """A method's maps of all specimens, the methods that passed first."""
    specimens = found.specimens
    typical = pictures(np.stack([specimen.image for specimen in specimens]), about.dataset.shown_range)
    at_layer = {
        method: np.stack([specimen.layer_maps[method] for specimen in specimens]) for method in specimens[0].layer_maps
    }
    cams = np.stack([specimen.grad_cam for specimen in specimens])
    states = tuple(specimen.cam_state for specimen in specimens)
    slopes = shrunk(np.stack([specimen.saliency for specimen in specimens])[..., np.newaxis])[..., 0]
    made = [
        *(
            _at_layer(method, values, tuple(map_states(values, LOGIT)), typical, about)
            for method, values in at_layer.items()
        ),
        _at_layer(GRAD_CAM, cams, states, typical, about, usual=found.typical_peak),
        _saliency(slopes, about.verdicts),
    ]
    return sorted(made, key=lambda each: ORDER.index(each.level))


def _at_layer(
    method: str,
    values: np.ndarray,
    states: tuple[MapState, ...],
    typical: np.ndarray,
    about: About,
    *,
    usual: float = 0.0,
) -> ClassMaps:
    """Maps of a layer over their pictures, on a scale that ends at the usual peak, or higher where one is stronger."""
    own = np.abs(values).max(axis=(1, 2), keepdims=True)
    end = np.maximum(own, np.sort(own, axis=None)[len(own) // 2])
    laid = enlarge(values, (typical.shape[1], typical.shape[2]))
    if method == CONTRAST:
        drawn, notes = contrast_overlay(typical, laid, end), tuple(map(signed_note, states))
    else:
        drawn = overlay(typical, laid, "evidence", (np.zeros_like(end), end))
        notes = tuple(peak_note(state, usual) for state in states)
    return ClassMaps(method, values, states, level_of(about.verdicts, method), sprite(_name(method), drawn), notes)


def _saliency(slopes: np.ndarray, verdicts: Mapping[str, Verdict]) -> ClassMaps:
    """Maps of every pixel, each on a scale that ends at its own peak."""
    end = slopes.max(axis=(1, 2), keepdims=True)
    states = tuple(map_states(slopes, LOGIT_PER_PIXEL))
    sheet = sprite(_name(SALIENCY), colorize(slopes, "saliency", (np.zeros_like(end), end)))
    return ClassMaps(SALIENCY, slopes, states, level_of(verdicts, SALIENCY), sheet, tuple(map(peak_note, states)))


def _name(method: str) -> str:
    return "class-" + "".join(letter if letter.isalnum() else "-" for letter in method.lower())


def maps_html(maps: Sequence[ClassMaps], place: int, specimen: Specimen, about: About) -> Markup:
    """The maps of one class; those of methods that failed are folded."""
    shown = [each for each in maps if each.level != "failed"]
    failed = [each for each in maps if each.level == "failed"]
    what = about.class_names[specimen.predicted]
    views = Markup('<div class="views class-maps">{}</div>').format(
        joined(_view(each, place, what, about.verdicts) for each in shown)
    )
    if not failed:
        return views
    names = ", ".join(f"○ {each.method}" for each in failed)
    inside = joined(_view(each, place, what, about.verdicts) for each in failed)
    return views + Markup(
        '<details class="class-more"><summary>more: {}, not to be cited</summary><div class="views">{}</div></details>'
    ).format(names, inside)


def _view(maps: ClassMaps, place: int, what: str, verdicts: Mapping[str, Verdict]) -> Markup:
    note = maps.notes[place]
    tile = tile_html(maps.sheet, place, f"{maps.method} for {what}; {note.text}")
    return view(tile, maps.method, note=note.text, full=note.full, mark=method_mark_of(verdicts, maps.method))


def told(maps: Sequence[ClassMaps], verdicts: Mapping[str, Verdict], unit: str) -> list[dict[str, Any]]:
    """The same for the page's program, which colours them on the scale that is chosen."""
    kinds = []
    for each in maps:
        scale = "signed" if each.method == CONTRAST else "saliency" if each.plain else "evidence"
        own = short_unit(LOGIT_PER_PIXEL).replace("logit", unit) if each.plain else unit
        kind = map_kind(each.method, (each.values,), scale, own, verdicts, plain=each.plain)
        negative = [row for row, state in enumerate(each.states) if state.kind == NEGATIVE and each.method == GRAD_CAM]
        kinds.append({**kind, "negative": [negative]})
    return kinds
