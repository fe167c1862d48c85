"""Content that repeats exactly at a fixed place: what a cluster of varied pictures does not show.

At each place the squares of 3 x 3 pixels of all small pictures are compared, value by value. A square counts where it is rare
at other places (below 1 % of all: black or white ground repeats by itself), and where at least 45 % of a class have it
there, and every other class four times as rarely.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .squares import keys, of_one_class, shares, squares, stepped

SIDE = 3
_COMMON = 0.01  # of all squares
_SHARE, _RARER = 0.45, 4.0
_FEWEST = 8


def repeats(pictures: np.ndarray, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(mask bool[h,w], members bool[n]) of each square that repeats at its place.

    Args:
        pictures: float32[n,h,w,C], in 0..1.
        labels: int64[n].
    """
    if min(pictures.shape[1:3]) < SIDE or len(pictures) < _FEWEST:
        return
    found = keys(squares(stepped(pictures, (0.0, 1.0)), SIDE))
    _, number, count = np.unique(found, return_inverse=True, return_counts=True)
    number = number.reshape(found.shape)
    possible = (count < _COMMON * found.size) & (count >= _FEWEST)
    for row, column in np.ndindex(*found.shape[1:3]):
        at = number[:, row, column]
        for each in _frequent(at, possible):
            members = at == each
            if of_one_class(shares(labels, np.flatnonzero(members)), _SHARE, _RARER):
                mask = np.zeros(pictures.shape[1:3], bool)
                mask[row : row + SIDE, column : column + SIDE] = True
                yield mask, members


def _frequent(at: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """The squares at one place that at least eight pictures have and that are `possible`: frequent in all, rare elsewhere."""
    seen, count = np.unique(at[possible[at]], return_counts=True)
    return seen[count >= _FEWEST]
