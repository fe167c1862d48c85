"""The nearest of many points to each of many others, as far as they lie within a short distance: box by box.

Points are sorted into boxes of neighbours by halving them along the axis on which they differ most (Bentley,
"Multidimensional binary search trees used for associative searching", 1975). For each box of queries only those points are
multiplied out that lie within the distance of the box itself: of the pictures of Fashion-MNIST about one in seven.
"""

from __future__ import annotations

import numpy as np

_LEAF = 160  # points of a box, at most
_AXES = 8  # that boxes are bounded on; the first ones, on which principal components differ most
_SLACK = 1.001  # for the rounding of the bounds


class Boxes:
    """Points float32[N,D] in their boxes."""

    def __init__(self, points: np.ndarray) -> None:
        boxes = _neighbours(points[:, :_AXES])
        self._order = np.concatenate(boxes)  # int64[N], numbers of the points, box by box
        self._told = told_points(points[self._order])
        self._sizes = np.array([len(box) for box in boxes])
        self._bounds = _bounds(points[self._order], np.cumsum(self._sizes) - self._sizes)

    def nearest(
        self, queries: np.ndarray, most: float, count: int, *, left_out: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The points of the smallest squared distance to each query, none above `most`.

        Args:
            queries: float32[Q,D].
            most: Squared distance.
            count: Points for each query; fewer where fewer are that near.
            left_out: int64[Q], the number of a point that is not for this query; None: all are.

        Returns:
            int64[Q,count], numbers of the points in any order, and float32[Q,count], their squared distances; -1 and inf
            for none.

        Example:
            >>> Boxes(np.array([[3], [1], [9]], np.float32)).nearest(np.zeros((1, 1), np.float32), 10, 1)[0].tolist()
            [[1]]
        """
        places = np.full((len(queries), count), -1, np.int64)
        squares = np.full((len(queries), count), np.inf, np.float32)
        space = np.empty(min(_LEAF, len(queries)) * len(self._order), np.float32)  # new pages for each box cost more
        for box in _neighbours(queries[:, :_AXES]):
            near = self._near(queries[box], most)
            found = space[: len(box) * len(near)].reshape(len(box), len(near))
            squared_distances(queries[box], self._told[near].T, out=found)
            near = self._order[near]
            if left_out is not None:
                found[left_out[box, np.newaxis] == near] = np.inf
            rows = np.flatnonzero(found.min(axis=1, initial=np.inf) <= most)
            if len(rows):
                found = found if len(rows) == len(found) else found[rows]
                best = np.argpartition(found, min(count, len(near)) - 1, axis=1)[:, :count]
                values = np.take_along_axis(found, best, axis=1)
                cells = box[rows, np.newaxis], np.arange(best.shape[1])
                places[cells] = np.where(values <= most, near[best], -1)
                squares[cells] = np.where(values <= most, values, np.inf)
        return places, squares

    def _near(self, queries: np.ndarray, most: float) -> np.ndarray:
        """Rows of `_told` within the distance of the smallest box that holds the queries float32[Q,D]."""
        (low,), (high,) = _bounds(queries, np.zeros(1, np.int64))
        near = np.flatnonzero(np.repeat(_apart(low, high, *self._bounds) <= most * _SLACK, self._sizes))
        points = self._told[near, : len(low)]
        return near[_apart(low, high, points, points) <= most * _SLACK]


def told_points(points: np.ndarray) -> np.ndarray:
    """Points x as float32[N,D+2], rows of (x, |x|^2, 1): what `squared_distances` multiplies."""
    lengths = np.square(points).sum(axis=1, keepdims=True)
    return np.concatenate([points, lengths, np.ones_like(lengths)], axis=1)


def squared_distances(queries: np.ndarray, told: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Squared distances |q|^2 - 2 q.x + |x|^2 as one product, which walks once over them: (-2 q, 1, |q|^2) . (x, |x|^2, 1).

    Args:
        queries: float32[Q,D].
        told: float32[D+2,N], the points as columns.
        out: float32[Q,N], where they are written; None for a new array.
    """
    lengths = np.square(queries).sum(axis=1, keepdims=True)
    asked = np.concatenate([-2 * queries, np.ones_like(lengths), lengths], axis=1)
    return np.matmul(asked, told, out=out)


def _bounds(points: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest of each run of points, float32[n,d] each."""
    some = points[:, :_AXES]
    return np.minimum.reduceat(some, starts, axis=0), np.maximum.reduceat(some, starts, axis=0)


def _apart(low: np.ndarray, high: np.ndarray, lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Squared distance of one box [d] to others [n,d]; a point is a box of no size."""
    gaps = np.maximum(np.maximum(lows - high, low - highs), 0)
    return np.einsum("nd,nd->n", gaps, gaps)


def _neighbours(points: np.ndarray) -> list[np.ndarray]:
    """Numbers of the points of each box, int64[...]."""
    done, halved = [], [np.arange(len(points))] if len(points) else []
    while halved:
        box = halved.pop()
        if len(box) <= _LEAF:
            done.append(box)
            continue
        inside, half = points[box], len(box) // 2
        order = np.argpartition(inside[:, inside.var(axis=0).argmax()], half)
        halved += [box[order[half:]], box[order[:half]]]
    return done
