"""Content that repeats exactly at a fixed place: what a cluster of varied pictures does not show.

At each place the squares of 3 x 3 pixels of all small pictures are compared, value by value. A square counts where it is rare
at other places (below 1 % of all: black or white ground repeats by itself), and where at least 70 % of a class have it
there, and every other class four times as rarely. So do squares of 2 x 2 pixels that are not of one value: a mark of four
pixels on the object, which no larger square shows. Of untouched pictures at most 23 % of a class have one of these in common
(scikit-learn's digits; Fashion-MNIST 6 %, crops of photographs fewer than eight pictures); of digits enlarged until their
strokes are flat 57 % (the stroke of the 1).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .squares import STEPS, keys, of_one_class, shares, squares, stepped

_SIDES = {
    3: 0.0,
    2: 0.2,
}  # pixels of a square: the least difference between its darkest and its brightest, of the range
_COMMON = 0.01  # of all squares
_SHARE, _RARER = 0.7, 4.0
_FEWEST = 8


def repeats(pictures: np.ndarray, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(mask bool[h,w], members bool[n]) of each square that repeats at its place.

    Args:
        pictures: float32[n,h,w,C], in 0..1.
        labels: int64[n].
    """
    steps = stepped(pictures, (0.0, 1.0))
    for side, varied in _SIDES.items():
        if min(pictures.shape[1:3]) >= side and len(pictures) >= _FEWEST:
            yield from _of_side(squares(steps, side), labels, side, varied)


def _of_side(seen: np.ndarray, labels: np.ndarray, side: int, varied: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    found, number = keys(seen), np.full(seen.shape[:3], -1)
    counted = seen.max(axis=-1) - seen.min(axis=-1) >= varied * STEPS if varied else np.ones(found.shape, bool)
    _, number[counted], count = np.unique(found[counted], return_inverse=True, return_counts=True)
    possible = np.append((count < _COMMON * found.size) & (count >= _FEWEST), False)  # the last one: not counted
    height, width = (size + side - 1 for size in found.shape[1:3])
    for row, column in np.ndindex(*found.shape[1:3]):
        at = number[:, row, column]
        for each in _frequent(at, possible):
            members = at == each
            if of_one_class(shares(labels, np.flatnonzero(members)), _SHARE, _RARER):
                mask = np.zeros((height, width), bool)
                mask[row : row + side, column : column + side] = True
                yield mask, members


def _frequent(at: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """The squares at one place that at least eight pictures have and that are `possible`: frequent in all, rare elsewhere."""
    seen, count = np.unique(at[possible[at]], return_counts=True)
    return seen[count >= _FEWEST]
