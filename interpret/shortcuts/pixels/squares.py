"""Small squares of pixels, compared value by value: which repeat exactly, at one place or anywhere.

Values are compared in 63 steps of the range, so that rounding and the last bits of a file do not count.
"""

from __future__ import annotations

import numpy as np

STEPS = 63


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
    wide = steps.astype(np.int64)
    made = np.zeros([steps.shape[0], *(size - side + 1 for size in steps.shape[1:3])], np.int64)
    for row, column, channel in np.ndindex(*weights.shape):
        made += _moved(wide, row, column, side)[..., channel] * weights[row, column, channel]  # wraps around
    return made


def unevenness(steps: np.ndarray, side: int) -> np.ndarray:
    """int16[n,h,w]: the difference between the darkest and the brightest value of the square at each place."""
    low, high = steps.min(axis=3, keepdims=True), steps.max(axis=3, keepdims=True)
    darkest, brightest = (_moved(each, 0, 0, side)[..., 0].copy() for each in (low, high))
    for row, column in np.ndindex(side, side):
        np.minimum(darkest, _moved(low, row, column, side)[..., 0], out=darkest)
        np.maximum(brightest, _moved(high, row, column, side)[..., 0], out=brightest)
    return brightest - darkest


def _moved(steps: np.ndarray, row: int, column: int, side: int) -> np.ndarray:
    """The value at one place of the square at each place, [n,h,w,C]."""
    height, width = (size - side + 1 for size in steps.shape[1:3])
    return steps[:, row : row + height, column : column + width]


def shares(labels: np.ndarray, images: np.ndarray) -> np.ndarray:
    """float64[K]: the share of each class's pictures among some, by their rows."""
    counts = np.bincount(labels)
    return np.bincount(labels[images], minlength=len(counts)) / np.maximum(counts, 1)


def of_one_class(found: np.ndarray, least: float, rarer: float) -> bool:
    """Whether shares float64[K] are at least so large in one class, and so many times smaller in every other."""
    ordered = np.sort(found)
    return len(ordered) > 1 and ordered[-1] >= least and ordered[-1] >= rarer * ordered[-2]
