"""Conformal sets: the classes that cannot be ruled out, so that the true one is among them at a stated rate.

LAC: Sadinle, Lei, Wasserman, "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels", JASA 2019, arXiv:1609.00451,
with a threshold for each class (their section 3, label-conditional coverage). With s = 1 - p(true class) of n references,

    threshold = the ceil((n + 1) * coverage)-th smallest s, infinite where that is beyond n.

Departures: a class with too few references for a finite threshold takes the one of all classes together; the class of the
largest probability is always in the set, which can only raise the coverage. The promise holds for images drawn as the
references were, and is void where they are not: blurred ones were covered at 0.38 to 0.81 for 0.95, rotated ones at 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..tracing.targets import label_array


@dataclass(frozen=True, eq=False)
class ConformalThresholds:
    """From which probability on a class is in the set."""

    coverage: float  # 0..1, the share of images whose true class is to be in the set
    thresholds: np.ndarray  # float64[K], the largest 1 - p of a class in the set; inf: it is never ruled out
    references: np.ndarray  # int64[K], images of each class
    pooled: np.ndarray  # bool[K], whether the threshold is that of all classes together

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """bool[B,K]: whether a class cannot be ruled out, of probabilities float[B,K]."""
        inside = 1 - probabilities.astype(np.float64) <= self.thresholds
        inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
        return inside


def conformal_thresholds(probabilities: np.ndarray, labels: np.ndarray, coverage: float = 0.95) -> ConformalThresholds:
    """Set the thresholds by images that the model was not trained on.

    Args:
        probabilities: float[B,K].
        labels: int64[B], their true classes.
        coverage: Share of images whose true class is to be in the set, between 0 and 1.

    Raises:
        ValueError: The coverage is no share, or a label no class.

    Example:
        19 references of a class at 0.95: the threshold is the largest of their 1 - p; of 18 it is infinite.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"Expected a coverage between 0 and 1. Received {coverage}. Give a share such as 0.95.")
    classes = probabilities.shape[1]
    true = label_array(labels, len(probabilities), classes)
    nonconformity = 1 - probabilities[np.arange(len(true)), true].astype(np.float64)
    own = np.array([_quantile(nonconformity[true == number], coverage) for number in range(classes)])
    pooled = ~np.isfinite(own)
    thresholds = np.where(pooled, _quantile(nonconformity, coverage), own)
    return ConformalThresholds(coverage, thresholds, np.bincount(true, minlength=classes), pooled)


def _quantile(values: np.ndarray, coverage: float) -> float:
    """The ceil((n + 1) * coverage)-th smallest; inf where there are too few."""
    place = int(np.ceil((len(values) + 1) * coverage - 1e-9))
    return float(np.partition(values, place - 1)[place - 1]) if place <= len(values) else np.inf
