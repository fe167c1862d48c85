"""The pictures of the mistakes: their maps as grey sheets that the page colours, and ready-made ones for who runs no program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...interpret.maps.state import LOGIT_PER_PIXEL, NEGATIVE
from ...interpret.trust.verdicts import Verdict
from ..drawing.colors import contrast_overlay
from ..drawing.enlarging import enlarge
from ..drawing.method_maps import scale_for
from ..drawing.pictures import pictures
from ..evidence.mistakes import Mistakes
from ..evidence.trust import CONTRAST, GRAD_CAM, SALIENCY
from ..html.map_notes import short_unit
from ..html.payload import LEVELS, map_sheet
from ..html.tiles import Sprite, sprite

_PLAIN_LEVELS = 9  # of a map at every pixel, whose noise would fill the file
ORDER = ("good", "weak", "unknown", "failed")  # what passed is drawn first


def level_of(verdicts: Mapping[str, Verdict], method: str) -> str:
    """The verdict in a word, 'unknown' where there is none."""
    found = verdicts.get(method)
    return "unknown" if found is None else found.level


def contrast_sheet(mistakes: Mistakes, verdicts: Mapping[str, Verdict], unit: str) -> dict[str, Any] | None:
    """The contrast of each mistake: the predicted rather than the true class."""
    made = map_sheet(mistakes.contrast, signed=True)
    level = level_of(verdicts, CONTRAST)
    return None if made is None else {**made, "scale": "signed", "unit": unit, "method": CONTRAST, "level": level}


def method_sheets(mistakes: Mistakes, verdicts: Mapping[str, Verdict], unit: str) -> list[dict[str, Any]]:
    """The maps of each method for the predicted and for the true class, those that passed first."""
    kinds: list[dict[str, Any]] = []
    for name, pair in {**mistakes.layer_maps, GRAD_CAM: mistakes.grad_cam}.items():
        kind = map_kind(name, pair, "signed" if name == CONTRAST else "evidence", unit, verdicts)
        kinds.append({**kind, "negative": _negative_only(mistakes)} if name == GRAD_CAM else kind)
    slope = short_unit(LOGIT_PER_PIXEL).replace("logit", unit)
    kinds.append(map_kind(SALIENCY, mistakes.saliency, "saliency", slope, verdicts, plain=True))
    for asked in mistakes.further:
        known, values = asked.known, asked.values
        shown = values if known.has_zero else values - values.min(axis=(1, 2), keepdims=True)
        scale = scale_for(known, values) if known.has_zero else "evidence"
        own = short_unit(known.unit).replace("logit", unit)
        kinds.append(map_kind(known.name, (shown,), scale, own, verdicts, plain=not known.is_at_layer))
    return sorted((kind for kind in kinds if kind["sheets"]), key=lambda kind: ORDER.index(kind["level"]))


def _negative_only(mistakes: Mistakes) -> list[list[int]]:
    """Rows whose Grad-CAM was negative everywhere before its cut, for the predicted and for the true class."""
    return [[row for row, state in enumerate(states) if state.kind == NEGATIVE] for states in mistakes.cam_states]


def map_kind(
    name: str,
    maps: Sequence[np.ndarray],
    scale: str,
    unit: str,
    verdicts: Mapping[str, Verdict],
    *,
    plain: bool = False,
) -> dict[str, Any]:
    """`plain`: drawn by itself, not over the picture."""
    made = [map_sheet(values, signed=scale == "signed", levels=_PLAIN_LEVELS if plain else LEVELS) for values in maps]
    sheets = [{**each, "scale": scale, "unit": unit, "plain": plain} for each in made if each is not None]
    return {"method": name, "level": level_of(verdicts, name), "plain": plain, "sheets": sheets}


def ready_made(mistakes: Mistakes, rows: np.ndarray, value_range: tuple[float, float]) -> Sprite:
    """Some mistakes, each with its contrast on the right, coloured here."""
    shown = pictures(mistakes.pictures[rows], value_range)
    end = np.abs(mistakes.contrast[rows]).max(axis=(1, 2))[:, None, None]
    laid = contrast_overlay(shown, enlarge(mistakes.contrast[rows], shown.shape[1:3]), end)
    between = np.full((*shown.shape[:2], 1, 3), 255, np.uint8)
    return sprite("mistakes", np.concatenate([shown, between, laid], axis=2))
