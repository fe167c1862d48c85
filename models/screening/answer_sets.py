"""Sets of classes that hold the true one in 95 of 100 cases, and what is won by not answering where the model is unsure.

Sets: split conformal prediction with the score 1 - p(class) (LAC: Sadinle, Lei, Wasserman 2019, arXiv:1609.00451). With n
references, of which the model has learnt none, a class is in the set of an image where its score is at most the
ceil((n + 1) (1 - alpha))-th smallest score of the references' true classes; with fewer than 19 that is none at 5 %, and
all classes are in. A threshold of its own for each class with 19 references; the others share one. The most probable class
is always in. Void for images unlike the references.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MISSED = 0.05
_POINTS = 101


@dataclass(frozen=True, eq=False)
class SetThresholds:
    """Up to which score a class is in the set."""

    largest: np.ndarray  # float64[K], 1 - p; infinite where the references are too few: the class is always in
    pooled: np.ndarray  # bool[K]: the class has too few references of its own and shares the threshold of all
    missed: float  # alpha


@dataclass(frozen=True, eq=False)
class AnswerSets:
    """How large the sets are, and how often they hold the true class: each half of the images calibrated on the other."""

    coverage: float  # 0..1, share of the sets that hold the true class
    classes: np.ndarray  # float64[K], the same for each true class; NaN without images
    size: float  # classes in a set, mean
    single: float  # 0..1, share of the sets of one class
    missed: float  # share that may miss the true class, as asked
    pooled: np.ndarray  # bool[K], classes without a threshold of their own


@dataclass(frozen=True, eq=False)
class Refusals:
    """What is answered, and how much of it is right, where the model answers from a probability on."""

    thresholds: np.ndarray  # float64[T], 0..1, rising
    answered: np.ndarray  # float64[T], 0..1, share of the images
    right: np.ndarray  # float64[T], 0..1, share of those answered; NaN where none is


def set_thresholds(probabilities: np.ndarray, labels: np.ndarray, missed: float = MISSED) -> SetThresholds:
    """The thresholds from references float[n,K] and their true classes int64[n]."""
    scores = 1 - probabilities[np.arange(len(labels)), labels].astype(np.float64)
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    pooled = (counts + 1) * missed < 1 - 1e-9
    everyone = smallest_holding(scores, missed)
    largest = [
        everyone if alone else smallest_holding(scores[labels == label], missed) for label, alone in enumerate(pooled)
    ]
    return SetThresholds(np.array(largest), pooled, missed)


def smallest_holding(scores: np.ndarray, missed: float) -> float:
    """The ceil((n + 1) (1 - alpha))-th smallest score; infinite where there is none.

    Example:
        >>> smallest_holding(np.arange(19.0), 0.05), smallest_holding(np.arange(18.0), 0.05)
        (18.0, inf)
    """
    rank = math.ceil((len(scores) + 1) * (1 - missed) - 1e-9)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf


def answer_sets(probabilities: np.ndarray, thresholds: SetThresholds) -> np.ndarray:
    """bool[B,K]: which classes are in the set of each image."""
    inside = 1 - probabilities.astype(np.float64) <= thresholds.largest
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside


def sets_within(
    probabilities: np.ndarray, labels: np.ndarray, *, missed: float = MISSED, seed: int = 0
) -> AnswerSets | None:
    """The sets of images, each half calibrated on the other; None where a half has fewer than 19."""
    halves = np.array_split(np.random.default_rng(seed).permutation(len(labels)), 2)
    if (len(halves[1]) + 1) * missed < 1 - 1e-9 or not np.isfinite(probabilities).all():
        return None
    inside, pooled = np.zeros(probabilities.shape, bool), np.zeros(probabilities.shape[1], bool)
    for own, other in (halves, halves[::-1]):
        thresholds = set_thresholds(probabilities[other], labels[other], missed)
        inside[own] = answer_sets(probabilities[own], thresholds)
        pooled |= thresholds.pooled
    holds = inside[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=len(pooled))
    held = np.bincount(labels, weights=holds, minlength=len(pooled))
    sizes = inside.sum(axis=1)
    return AnswerSets(
        coverage=float(holds.mean()),
        classes=np.divide(held, counts, out=np.full(len(counts), np.nan), where=counts > 0),
        size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
        missed=missed,
        pooled=pooled,
    )


def refusals(probabilities: np.ndarray, labels: np.ndarray) -> Refusals:
    """What is answered and what of it is right, for thresholds from 0 to 1 on the largest probability."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    thresholds = np.linspace(0, 1, _POINTS)
    order = np.argsort(sure, kind="stable")
    below = np.searchsorted(sure[order], thresholds, side="left")
    hits = np.r_[np.cumsum(right[order][::-1])[::-1], 0][below]
    answered = len(sure) - below
    share = np.divide(hits, answered, out=np.full(_POINTS, np.nan), where=answered > 0)
    return Refusals(thresholds, answered / len(sure), share)
