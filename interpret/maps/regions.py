"""Which of nine places of the picture hold the evidence of a map, for many maps at once.

A centroid lies where nothing is when the evidence has two clusters. So the picture is cut into nine equal places, and
the one or two that hold the most positive evidence are named with the share that they hold; an even map has 1/9 in each.
A cell of the map that lies across a border counts for both sides by its area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REGIONS = (
    "upper left",
    "upper middle",
    "upper right",
    "left",
    "centre",
    "right",
    "lower left",
    "lower middle",
    "lower right",
)
NOWHERE = -1  # in the place of a region's number
_ALONE = 0.25  # share from which one region is named alone, if the next holds less than half as much
_TOGETHER = 1 / 3  # share from which two are named; an even map has 2/9 in any two
_TIED = 0.95  # of the region before: one that comes so near to it is as good as it


@dataclass(frozen=True, eq=False)
class EvidenceRegions:
    """Where the positive evidence of each map lies."""

    shares: np.ndarray  # float32[B,9], 0..1, in the order of `REGIONS`; NaN where nothing is positive
    first: np.ndarray  # int64[B], the region that holds the most; NOWHERE where none stands out
    second: np.ndarray  # int64[B], the one that holds the most beside it; NOWHERE where the first stands alone
    held: np.ndarray  # float32[B], share of the regions named; NaN where none is

    def name(self, row: int) -> str:
        """The regions of one map, such as 'upper middle and centre'; empty where none stands out."""
        return region_words(int(self.first[row]), int(self.second[row]))


def region_words(first: int, second: int = NOWHERE) -> str:
    """One or two regions by name; empty for NOWHERE.

    Example:
        >>> region_words(1, 4)
        'upper middle and centre'
    """
    return " and ".join(REGIONS[number] for number in (first, second) if number != NOWHERE)


def evidence_regions(maps: np.ndarray) -> EvidenceRegions:
    """Find the regions that hold the positive evidence.

    Args:
        maps: float32[B,h,w], signed or not; negative evidence does not count.

    Example:
        >>> evidence_regions(np.array([[[0, 0, 9], [0, 0, 0], [1, 0, 0]]])).name(0)
        'upper right'
    """
    shares = region_shares(maps)
    order = np.argsort(-np.nan_to_num(shares).round(5), axis=1, kind="stable")[:, :3]  # ties in reading order
    largest, next_, third = np.take_along_axis(shares, order, axis=1).T
    alone = (largest >= _ALONE) & (next_ < largest / 2)
    both = ~alone & (largest + next_ >= _TOGETHER) & (third < _TIED * next_)
    first = np.where(alone | both, order[:, 0], NOWHERE)
    second = np.where(both, order[:, 1], NOWHERE)
    held = np.where(both, largest + next_, np.where(alone, largest, np.nan))
    return EvidenceRegions(shares, first, second, held.astype(np.float32))


def region_shares(maps: np.ndarray) -> np.ndarray:
    """Share of the positive evidence of each map in each of the nine regions, float32[B,9]; NaN where there is none."""
    if maps.ndim != 3:
        raise ValueError(
            f"Expected maps of two axes of places, (B, h, w). Received {maps.shape}. Take one frame or one slice."
        )
    rows, columns = thirds(maps.shape[1]), thirds(maps.shape[2])
    positive = np.maximum(maps, 0).astype(np.float64)
    sums = (rows @ positive @ columns.T).reshape(len(maps), 9)
    total = sums.sum(axis=1, keepdims=True)
    return np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0).astype(np.float32)


def thirds(length: int) -> np.ndarray:
    """float64[3,length]: which part of each of `length` cells lies in the first, second and last third of a line.

    Example:
        >>> thirds(2)
        array([[0.66666667, 0.        ],
               [0.33333333, 0.33333333],
               [0.        , 0.66666667]])
    """
    edges = np.arange(length + 1) / length
    low, high = np.arange(3)[:, np.newaxis] / 3, np.arange(1, 4)[:, np.newaxis] / 3
    inside = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
    return np.maximum(inside, 0) * length
