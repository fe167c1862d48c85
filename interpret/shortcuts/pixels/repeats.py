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

from .squares import STEPS, keys, of_one_class, shares, stepped, unevenness

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
            yield from _of_side(steps, labels, side, varied)


def _of_side(
    steps: np.ndarray, labels: np.ndarray, side: int, varied: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    found = keys(steps, side)
    counted = np.sort(found[unevenness(steps, side) >= varied * STEPS] if varied else found, axis=None)
    known, places = _at_one_place(found)
    each, one = np.unique(known, return_inverse=True)  # the same ground at many places
    often = (np.searchsorted(counted, each, side="right") - np.searchsorted(counted, each))[one]
    possible = (often >= _FEWEST) & (often < _COMMON * found.size)  # frequent at a place, rare elsewhere
    for key, place in zip(known[possible], places[possible].tolist(), strict=True):
        row, column = divmod(place, found.shape[2])
        members = found[:, row, column] == key
        if of_one_class(shares(labels, np.flatnonzero(members)), _SHARE, _RARER):
            mask = np.zeros(steps.shape[1:3], bool)
            mask[row : row + side, column : column + side] = True
            yield mask, members


def _at_one_place(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The squares that at least eight pictures have at one place: their keys int64[m], and the places, counted by rows."""
    ordered = np.sort(found.reshape(len(found), -1).T, axis=1)  # [places,n]
    same = ordered[:, _FEWEST - 1 :] == ordered[:, : len(found) - _FEWEST + 1]  # a run of so many begins here
    same[:, 1:] &= ordered[:, 1 : same.shape[1]] != ordered[:, : same.shape[1] - 1]  # or has begun before
    places, at = np.nonzero(same)
    return ordered[places, at], places
