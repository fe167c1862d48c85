"""The pictures of the mistakes: each with its maps over it, as tiles of a few sprites, and what stands under each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ...interpret.maps.state import LOGIT_PER_PIXEL, map_states
from ..drawing.colors import colorize, overlay
from ..drawing.enlarging import enlarge
from ..drawing.method_maps import limits_for, map_words, scale_for
from ..drawing.pictures import pictures
from ..evidence.further_maps import FurtherMaps
from ..evidence.mistakes import Mistakes
from ..evidence.trust import CONTRAST, GRAD_CAM, SALIENCY
from ..html.map_notes import MapNote, peak_note, signed_note
from ..html.tiles import Sprite, sprites, tile_html
from ..html.trust_marks import Verdicts, method_link

_LEVELS = 32  # colours of a map; fewer make the file smaller
_PER_SHEET = 500  # pictures in a sprite


@dataclass(frozen=True, eq=False)
class MistakePictures:
    """The pictures of all mistakes, in sprites of at most 500 tiles."""

    sheets: dict[str, list[Sprite]]  # picture, cam, cam-true, contrast, saliency, saliency-true, further-0, ...
    marks: dict[str, Markup]  # the trust mark of the method of each sprite
    notes: dict[str, list[MapNote]]  # what stands under each picture of the maps' sprites
    further: dict[str, str]  # {further-0, ...: the method that was asked for}

    def tile(self, name: str, place: int, label: str) -> Markup:
        """The picture of this name of one mistake, by its row in `Mistakes`."""
        sheet = self.sheets[name][place // _PER_SHEET]
        return tile_html(sheet, place % _PER_SHEET, label)


def mistake_pictures(mistakes: Mistakes, value_range: tuple[float, float], verdicts: Verdicts) -> MistakePictures:
    """Draw every explained mistake; `value_range` is (black, white) of its pixels."""
    shown = pictures(mistakes.pictures, value_range)
    size = shown.shape[1:3]
    cam, slope = (
        np.maximum(*(values.max(axis=(1, 2)) for values in pair)) for pair in (mistakes.grad_cam, mistakes.saliency)
    )
    contrast = np.abs(mistakes.contrast).max(axis=(1, 2))

    def laid(maps: np.ndarray, scale, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        limits = (low[:, None, None], high[:, None, None])
        return overlay(shown, enlarge(maps, size), scale, limits, levels=_LEVELS)

    usual = mistakes.typical_peak
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
    further = {f"further-{place}": maps for place, maps in enumerate(mistakes.further)}
    drawn = {name: _drawn(maps, shown) for name, maps in further.items()}
    tiles |= {name: tile for name, (tile, _) in drawn.items()}
    made = sprites(
        {
            f"mistake-{name}-{start // _PER_SHEET}": values[start : start + _PER_SHEET]
            for name, values in tiles.items()
            for start in range(0, len(values), _PER_SHEET)
        }
    )
    parts = range(-(-len(shown) // _PER_SHEET))
    sheets = {name: [made[f"mistake-{name}-{part}"] for part in parts] for name in tiles}
    names = {name: maps.known.name for name, maps in further.items()}
    marks = _marks(verdicts) | {name: method_link(verdicts, method) for name, method in names.items()}
    notes = _notes(mistakes, usual) | {name: notes for name, (_, notes) in drawn.items()}
    return MistakePictures(sheets, marks, notes, names)


def _drawn(maps: FurtherMaps, shown: np.ndarray) -> tuple[np.ndarray, list[MapNote]]:
    """A method's maps as its record says, over the pictures uint8[N,H,W,3] if they are of a layer, and their limits."""
    known, values = maps.known, maps.values
    scale = scale_for(known, values)
    ends = [limits_for(known, one, scale) for one in values]
    notes = [MapNote(map_words(known, *each).replace("\n", ", ")) for each in zip(values, ends, strict=True)]
    limits = tuple(np.array(side, np.float32).reshape(-1, 1, 1) for side in zip(*ends, strict=True))
    large = enlarge(values, shown.shape[1:3])
    if known.is_at_layer:
        return overlay(shown, large, scale, (limits[0], limits[1]), levels=_LEVELS), notes
    return colorize(large, scale, (limits[0], limits[1]), levels=_LEVELS), notes


def _notes(mistakes: Mistakes, usual: float) -> dict[str, list[MapNote]]:
    slopes = [map_states(values, LOGIT_PER_PIXEL) for values in mistakes.saliency]
    return {
        "cam": [peak_note(state, usual) for state in mistakes.cam_states[0]],
        "cam-true": [peak_note(state, usual) for state in mistakes.cam_states[1]],
        "contrast": [signed_note(state) for state in map_states(mistakes.contrast)],
        "saliency": [peak_note(state) for state in slopes[0]],
        "saliency-true": [peak_note(state) for state in slopes[1]],
    }


def _marks(verdicts: Verdicts) -> dict[str, Markup]:
    methods = {
        "cam": GRAD_CAM,
        "cam-true": GRAD_CAM,
        "contrast": CONTRAST,
        "saliency": SALIENCY,
        "saliency-true": SALIENCY,
    }
    return {name: method_link(verdicts, method) for name, method in methods.items()}
