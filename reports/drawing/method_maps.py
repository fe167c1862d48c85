"""How a method's map is drawn, as the method's record says: which colours, between which limits, and in which words."""

from __future__ import annotations

import numpy as np

from ...interpret.maps.state import LOGIT_PER_PIXEL, MIXED, POSITIVE, map_states
from ...interpret.methods.catalogue import KnownMethod
from .colors import ColorScale, Limits, limits_of
from .wording import number, with_minus


def scale_for(known: KnownMethod, values: np.ndarray) -> ColorScale:
    """The colours of a method's maps, float32[...,h,w]: diverging where a value below 0 speaks against the class."""
    if known.signed or (known.has_zero and values.min(initial=0) < 0):
        return "signed"
    return "saliency" if known.unit == LOGIT_PER_PIXEL else "evidence"


def limits_for(known: KnownMethod, values: np.ndarray, scale: ColorScale | None = None) -> Limits:
    """What the colours of a method's map, float32[h,w], run between; on the scale given, or else its own.

    Zero is among them where it means no evidence; else (RISE) the general level says nothing.
    """
    if not known.has_zero:
        return float(values.min()), float(values.max())
    return limits_of(values, scale or scale_for(known, values))


def map_words(
    known: KnownMethod, values: np.ndarray, limits: Limits, before_cut: np.ndarray | None = None, score: str = "logit"
) -> str:
    """The limits of a map with their unit, or what is missing, such as 'zero everywhere'.

    Args:
        known: The method.
        values: float32[h,w], its map.
        limits: Of its colours.
        before_cut: float32[h,w], the map before its negative evidence was cut off, where it was.
        score: The unit of the score: 'logit', 'probability' or 'answer'.
    """
    unit = known.unit.replace("logit", score)
    signed = None if before_cut is None or values.any() else np.minimum(before_cut, 0)[np.newaxis]
    state = map_states(values[np.newaxis], unit, before_cut=signed)[0]
    low, high = (with_minus(number(float(limit))) for limit in limits)
    span = f"{low} to {high} {unit}" if limits[0] < limits[1] else f"{low} {unit} everywhere"
    if not known.has_zero or state.kind in (POSITIVE, MIXED):
        return span
    return f"{span}\n{state.words}" if values.any() else state.words
