"""Small squares of pixels, compared value by value: which repeat exactly, at one place or anywhere.

Values are compared in 63 steps of the range, so that rounding and the last bits of a file do not count.
"""

from __future__ import annotations

import numpy as np

STEPS = 63
_TOGETHER = 25_000  # pixels times channels: what is made of so many stays near the processor


def stepped(images: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """int16, of the form of the images: their values in whole 63rds of the range (black, white)."""
    return np.round((images - span[0]) / (span[1] - span[0]) * STEPS).astype(np.int16)


def squares(steps: np.ndarray, side: int) -> np.ndarray:
    """int16[n,h,w,side*side*C]: the square that starts at each place; rows before columns before channels."""
    seen = np.lib.stride_tricks.sliding_window_view(steps, (side, side), axis=(1, 2))  # type: ignore[call-overload]
    seen = seen.transpose(0, 1, 2, 4, 5, 3)
    return seen.reshape(*seen.shape[:3], -1)


def keys(steps: np.ndarray, side: int) -> np.ndarray:
    """int64[n,h,w]: one number for the square at each place; different squares have different ones, as good as surely."""
    weights = np.random.default_rng(0).integers(-(2**62), 2**62, (side, side, steps.shape[3]))
    made = np.zeros([steps.shape[0], *(size - side + 1 for size in steps.shape[1:3])], np.int64)
    together = max(1, _TOGETHER // max(1, int(np.prod(steps.shape[1:]))))
    for start in range(0, len(steps), together):
        _add_keys(steps[start : start + together], weights, made[start : start + together])
    return made


def _add_keys(steps: np.ndarray, weights: np.ndarray, made: np.ndarray) -> None:
    """Add the keys of a few pictures to int64[n,h,w]."""
    wide, term = np.moveaxis(steps, 3, 0).astype(np.int64, order="C"), np.empty_like(made)
    for row, column, channel in np.ndindex(*weights.shape):
        seen = wide[channel, :, row : row + made.shape[1], column : column + made.shape[2]]
        made += np.multiply(seen, weights[row, column, channel], out=term)  # wraps around


def unevenness(steps: np.ndarray, side: int) -> np.ndarray:
    """int16[n,h,w]: the difference between the darkest and the brightest value of the square at each place."""
    return _most(steps.max(axis=3), side, np.maximum) - _most(steps.min(axis=3), side, np.minimum)


def _most(values: np.ndarray, side: int, more: np.ufunc) -> np.ndarray:
    """int16[n,h,w]: the most of each square, of the most of each of its rows."""
    height, width = (size - side + 1 for size in values.shape[1:3])
    for axis, count in ((2, width), (1, height)):
        moved = [np.moveaxis(np.moveaxis(values, axis, 0)[by : by + count], 0, axis) for by in range(side)]
        values = moved[0].copy()
        for each in moved[1:]:
            more(values, each, out=values)
    return values


def shares(labels: np.ndarray, images: np.ndarray) -> np.ndarray:
    """float64[K]: the share of each class's pictures among some, by their rows."""
    counts = np.bincount(labels)
    return np.bincount(labels[images], minlength=len(counts)) / np.maximum(counts, 1)


def of_one_class(found: np.ndarray, least: float, rarer: float) -> bool:
    """Whether shares float64[K] are at least so large in one class, and so many times smaller in every other."""
    ordered = np.sort(found)
    return len(ordered) > 1 and ordered[-1] >= least and ordered[-1] >= rarer * ordered[-2]
