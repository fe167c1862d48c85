"""Where along each axis of a map the evidence lies: the shortest run of places that holds half of it.

Of a map with a sign what speaks for the score counts, the rest is 0. Of a volume each axis is looked at alone, the evidence
summed over the others: the three spans are not the smallest block, but each of them holds its share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HALF = 0.5


@dataclass(frozen=True)
class Span:
    """A run of places along an axis."""

    first: int  # counted from 0
    last: int  # the place after it
    share: float  # 0..1, of the evidence that it holds
    of: int  # places of the axis

    @property
    def part(self) -> float:
        """0..1, of the axis."""
        return (self.last - self.first) / self.of


def shortest_span(evidence: np.ndarray, share: float = HALF) -> Span | None:
    """The shortest run of places that holds a share of what is above 0; None where nothing is.

    Args:
        evidence: float[L]; what is below 0 does not count.
        share: 0..1; of runs of one length the one that holds most, of equal ones the first.

    Example:
        >>> shortest_span(np.array([0.0, 1.0, 4.0, 2.0, -9.0, 1.0]))
        Span(first=2, last=3, share=0.5, of=6)
    """
    positive = np.maximum(np.asarray(evidence, np.float64), 0)
    total = positive.sum()
    if not total > 0:
        return None
    before = np.concatenate([[0.0], np.cumsum(positive)]) / total
    wanted = before[:-1] + share - 1e-9  # what the sum has to reach, from each place on
    ends = np.searchsorted(before, wanted)
    starts = np.flatnonzero(ends < len(before))
    lengths = ends[starts] - starts
    held = before[ends[starts]] - before[starts]
    best = int(np.lexsort((starts, -held, lengths))[0])
    first = int(starts[best])
    return Span(first, int(ends[first]), min(1.0, float(held[best])), len(positive))


def spans_of(evidence: np.ndarray, share: float = HALF) -> tuple[Span | None, ...]:
    """The shortest span along each axis of a map [places...], what is above 0 summed over the other axes."""
    return tuple(shortest_span(along, share) for along in along_each(evidence))


def along_each(evidence: np.ndarray) -> tuple[np.ndarray, ...]:
    """What is above 0 at each place of each axis of a map [places...], summed over the other axes: float64[places] each."""
    positive = np.maximum(np.asarray(evidence, np.float64), 0)
    axes = range(positive.ndim)
    return tuple(positive.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes)
