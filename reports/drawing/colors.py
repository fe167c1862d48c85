"""Numbers to colours, with the limits as arguments.

A colour says how much of a number there is only if the limits of its scale are known: so they are always passed in,
and the page prints them beside the picture. Four scales:

* `evidence`: for Grad-CAM and feature maps; black to yellow, perceptually uniform (matplotlib's inferno).
* `saliency`: for gradients; dark violet to light green (viridis), so that the two are told apart at a glance.
* `signed`: for evidence with a sign; blue, white at exactly zero, red (RdBu, reversed).
* `grey`: for pictures and for what is no evidence at all.

Where the two limits are equal there is nothing to compare: every value gets `FLAT`, a grey of no scale but `grey`.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Literal

import numpy as np

from .color_tables import TABLES

ColorScale = Literal["evidence", "saliency", "signed", "grey"]
Limits = tuple[float | np.ndarray, float | np.ndarray]  # low and high; arrays of [B,1,1] give each map its own

FLAT = (140, 140, 140)  # the colour of a map that has no range
COLORMAPS = {"evidence": "inferno", "saliency": "viridis", "signed": "RdBu_r", "grey": "gray"}


@cache
def color_table(scale: ColorScale) -> np.ndarray:
    """Return the colours of a scale, uint8[256,3]; those of `signed` run from 1 to 255 with zero at exactly 128."""
    if scale not in COLORMAPS:
        raise ValueError(
            f"Expected one of the scales {', '.join(COLORMAPS)}. Received '{scale}'. Pass one of these names."
        )
    table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    if scale in TABLES:
        table = np.frombuffer(base64.b64decode(TABLES[scale]), np.uint8).reshape(256, 3)
    table.setflags(write=False)
    return table


def limits_of(values: np.ndarray, scale: ColorScale, *, axis: int | tuple[int, ...] | None = None) -> Limits:
    """Return limits in which every value has its colour: zero is always among them.

    Args:
        values: float[...], signed evidence in any unit.
        scale: with `signed` the limits are (-m, m), m the largest absolute value; else (min or 0, max or 0).
        axis: None takes one pair for all values; (1, 2) of [B,H,W] one pair for each map, as arrays [B,1,1].
    """
    refuse_nan(values)
    keep = axis is not None
    low = np.minimum(values.min(axis=axis, keepdims=keep), 0)
    high = np.maximum(values.max(axis=axis, keepdims=keep), 0)
    if scale == "signed":
        low, high = -np.maximum(-low, high), np.maximum(-low, high)
    return (low, high) if keep else (float(low), float(high))


def colorize(values: np.ndarray, scale: ColorScale, limits: Limits, *, levels: int = 256) -> np.ndarray:
    """Return uint8[...,3]: each value's colour; values beyond the limits get the end colours, equal limits give `FLAT`.

    Args:
        values: float[...], for example maps [B,H,W].
        scale: the name of the scale.
        limits: (low, high) in the unit of the values; (-m, m) for `signed`.
        levels: number of different colours; 32 makes sprites of smooth maps several times smaller.

    >>> colorize(np.array([0.0, 1.0]), "grey", (0, 1)).tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    table = color_table(scale)
    low, high = checked_limits(values, scale, limits)
    if not 3 <= levels <= 256:
        raise ValueError(f"Expected 3 to 256 levels of colour. Received {levels}. Pass a number between these.")
    share = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)
    if scale == "signed":
        half = (levels - 1) // 2
        steps = np.rint(128 + np.rint((2 * share - 1) * half) / half * 127)
    else:
        steps = np.rint(np.rint(share * (levels - 1)) / (levels - 1) * 255)
    colors = table[steps.astype(np.intp)]
    return np.where((high > low)[..., None], colors, np.array(FLAT, np.uint8))


def overlay(
    pictures: np.ndarray,
    values: np.ndarray,
    scale: ColorScale,
    limits: Limits,
    *,
    opacity: float = 0.85,
    levels: int = 256,
) -> np.ndarray:
    """Lay maps over their pictures: the stronger the evidence, the more opaque; zero leaves the picture as it is.

    Args:
        pictures: uint8[...,3], from `as_rgb`.
        values: float[...], of the pictures' height and width.
        scale: the name of the scale.
        limits: (low, high); full opacity is reached at the limit that is farther from zero.
        opacity: opacity of the strongest evidence, 0 to 1.
        levels: number of different colours.
    """
    if pictures.shape != (*values.shape, 3):
        raise ValueError(
            f"Expected one value for each pixel of the pictures {pictures.shape}. Received maps {values.shape}. "
            "Enlarge the maps to the pictures' height and width first."
        )
    colors = colorize(values, scale, limits, levels=levels)
    farthest = np.maximum(np.abs(limits[0]), np.abs(limits[1]))
    strength = np.clip(np.abs(values) / np.where(farthest > 0, farthest, np.inf), 0, 1)
    alpha = (opacity * strength)[..., None]
    return np.rint(pictures * (1 - alpha) + colors * alpha).astype(np.uint8)


AGAINST, SPEAKS_FOR = (
    (70, 160, 255),
    (255, 96, 60),
)  # of a contrast laid over a picture: cold and warm, alike in strength


def contrast_overlay(shown: np.ndarray, values: np.ndarray, end: np.ndarray | float) -> np.ndarray:
    """Lay signed maps over their pictures in two colours that stand out on dark and on light; zero changes nothing.

    Args:
        shown: uint8[B,H,W,3], the pictures.
        values: float[B,H,W], of their size.
        end: The size from which on a colour is full, one or float[B,1,1].

    >>> contrast_overlay(np.zeros((1, 1, 1, 3), np.uint8), np.zeros((1, 1, 1)), 1.0).tolist()
    [[[[0, 0, 0]]]]
    """
    strength = np.clip(np.abs(values) / np.where(np.asarray(end) > 0, end, np.inf), 0, 1)[..., None]
    colors = np.where((values > 0)[..., None], np.array(SPEAKS_FOR), np.array(AGAINST))
    alpha = 0.9 * strength**0.7
    return np.rint(shown * (1 - alpha) + colors * alpha).astype(np.uint8)


def as_rgb(images: np.ndarray, limits: Limits = (0.0, 1.0)) -> np.ndarray:
    """Return the pictures uint8[B,H,W,3] of images float[B,H,W,1 or 3] (or [B,H,W]) with values within `limits`."""
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected images of shape [B,H,W,1] or [B,H,W,3]. Received {images.shape}. "
            "Pass the one or three channels to show."
        )
    low, high = checked_limits(images, "grey", limits)
    share = np.clip((images - low) / np.where(high > low, high - low, 1), 0, 1)
    return np.broadcast_to(np.rint(share * 255).astype(np.uint8), (*images.shape[:3], 3))


def css_gradient(scale: ColorScale, stops: int = 12) -> str:
    """Return the scale as a CSS gradient from low (left) to high (right), for the colour bar beside a picture."""
    first = 1 if scale == "signed" else 0
    colors = color_table(scale)[np.linspace(first, 255, stops).round().astype(int)]
    return f"linear-gradient(90deg,{','.join('#' + bytes(color).hex() for color in colors)})"


def checked_limits(values: np.ndarray, scale: ColorScale, limits: Limits) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits as arrays, or say which value or limit cannot be drawn."""
    refuse_nan(values)
    low, high = np.asarray(limits[0]), np.asarray(limits[1])
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all()):
        raise ValueError(
            f"Expected finite limits with low <= high. Received {limits}. Pass `limits_of(values, scale)`."
        )
    if scale == "signed" and not np.allclose(-low, high):
        raise ValueError(
            f"Expected limits (-m, m) on the signed scale. Received {limits}. Zero has to lie in its middle."
        )
    return low, high


def refuse_nan(values: np.ndarray) -> None:
    """Raise where a value has no colour."""
    if not np.isfinite(values).all():
        raise ValueError(
            f"Expected finite numbers to draw. Received {int((~np.isfinite(values)).sum())} NaN or Inf in shape "
            f"{values.shape}. Look for the cause where the map was computed; a NaN has no colour."
        )
