"""Which images of a class lie close together in a few numbers, in the midst of all others?

A background of grain, or of one colour, is the same from picture to picture while photographs differ widely; its mean may be
that of all of them, so that no line tells it from the rest. Here the smallest ball that holds 70 % of a class is compared with
how far all images spread: the root mean square over the numbers, each by its median deviation. Natural classes need a radius of
0.26 and more (Fashion-MNIST, digits, crops of photographs, three draws of each), a planted border of grain at most 0.1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .squares import of_one_class, shares

_HELD = 0.7  # of a class
_RADIUS = 0.18
_RARER = 4.0  # in every other class
_WIDER = 2.5  # radii: what lies so near carries it as well
_LEAST = 1e-3  # of the range: a deviation below it is taken for this
_FEWEST = 8


def tight_groups(features: np.ndarray, labels: np.ndarray) -> Iterator[np.ndarray]:
    """The images of each tight group, bool[n].

    Args:
        features: float32[n,D], in 0..1.
        labels: int64[n].
    """
    rows = features.astype(np.float64)
    deviation = np.median(np.abs(rows - np.median(rows, axis=0)), axis=0)
    rows /= np.maximum(deviation, _LEAST)
    for label in np.unique(labels):
        own = rows[labels == label]
        if len(own) < _FEWEST:
            continue
        centre, radius = _smallest_ball(own)
        near = _distances(rows, centre[np.newaxis])[:, 0]
        if radius <= _RADIUS and of_one_class(shares(labels, np.flatnonzero(near <= radius)), _HELD / 2, _RARER):
            yield near <= _WIDER * max(radius, _LEAST)


def _smallest_ball(rows: np.ndarray) -> tuple[np.ndarray, float]:
    """(centre, radius) of the smallest ball around a row that holds 70 % of them."""
    reach = np.sort(_distances(rows, rows), axis=1)[:, int(np.ceil(_HELD * len(rows))) - 1]
    best = int(reach.argmin())
    return rows[best], float(reach[best])


def _distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """float64[n,m]: the root mean square difference of each row from each other one."""
    return np.sqrt(np.square(rows[:, np.newaxis] - others[np.newaxis]).mean(axis=2))
