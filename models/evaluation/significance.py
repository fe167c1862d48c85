"""Two classifiers on the same images: is one better, or did chance decide? And which images tell them apart.

McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
1947, doi:10.1007/BF02295996. Only the images that exactly one of the two gets right count, b and c of them. Were the two
equally good, each would fall to either with probability 1/2:

    fewer than 25:  exact, two-sided binomial test of b among b + c
    25 or more:     chi-squared with one degree of freedom of (|b - c| - 1)^2 / (b + c), Edwards' correction (1948)

Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979: among many pairs some p-value is small by chance,
so the k-th smallest of m is multiplied by m - k + 1, and none may be below the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEW = 25  # images; below it the test is exact


@dataclass(frozen=True, eq=False)
class McNemarTest:
    """How probable so uneven a split is, were two classifiers equally good."""

    first_only: int  # images that only the first gets right
    second_only: int  # images that only the second gets right
    p_value: float  # 0..1; 1 where they never differ
    exact: bool  # whether by the binomial distribution, else by chi-squared


def mcnemar(first: np.ndarray, second: np.ndarray) -> McNemarTest:
    """Test whether two classifiers get equally many of the same images right.

    Args:
        first: bool[B], whether the first gets each image right.
        second: bool[B], likewise the second.

    Example:
        >>> mcnemar(np.array([True, True, True, False]), np.array([False, False, False, False])).p_value
        0.25
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"Expected an answer for each of the same images from both. Received {first.shape} and {second.shape}. "
            "Evaluate both on one data set."
        )
    from scipy import stats

    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    if b + c == 0:
        return McNemarTest(0, 0, 1.0, True)
    if b + c < FEW:
        return McNemarTest(b, c, float(stats.binomtest(b, b + c, 0.5).pvalue), True)
    statistic = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    return McNemarTest(b, c, float(stats.chi2.sf(statistic, 1)), False)


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p-values for their number, float64[N], in the order given.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, np.float64)
    order = np.argsort(given, kind="stable")
    scaled = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1) if len(given) else scaled
    return adjusted


def telling_images(correct: np.ndarray, labels: np.ndarray, *, divided: int, unanimous: int) -> np.ndarray:
    """Choose images that show where classifiers part: those they are most evenly divided on, and a few they agree on.

    Args:
        correct: bool[M,B], whether each of M classifiers gets each image right.
        labels: int64[B], true classes; images of many classes are preferred to many of one.
        divided: images to choose that some get right and some wrong, the most evenly divided first.
        unanimous: images to choose of those that none gets right, and again of those that all do.

    Returns:
        int64[N], numbers of the images: divided ones, then those none gets right, then those all do.
    """
    right, models = correct.sum(axis=0), len(correct)
    split = np.minimum(right, models - right)
    groups = [(split > 0, divided), (right == 0, unanimous), (right == models, unanimous)]
    return np.concatenate([_spread(np.flatnonzero(mask), split, labels, most) for mask, most in groups])


def _spread(numbers: np.ndarray, split: np.ndarray, labels: np.ndarray, most: int) -> np.ndarray:
    """The images with the largest split, one of each class before the second of any."""
    turn = np.zeros(len(numbers), np.int64)  # an image is its class's first, second, ... of this split
    for pair in {(split[number], labels[number]) for number in numbers}:
        members = (split[numbers] == pair[0]) & (labels[numbers] == pair[1])
        turn[members] = np.arange(members.sum())
    return numbers[np.lexsort((labels[numbers], turn, -split[numbers]))][:most]
