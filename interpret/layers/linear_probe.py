"""How well a class can be read off a layer by a linear classifier.

Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016, arXiv:1610.01644. Departure
from the paper: the probe is a ridge classifier (least squares on -1/+1 targets, one per class), which has one solution
and needs no training schedule, rather than a softmax regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROWS = 32  # looked at at a time


@dataclass(frozen=True)
class ProbeResult:
    """Held-out accuracy of a linear probe."""

    accuracy: float  # 0..1, on images that the probe was not fitted on
    fitted: int  # images it was fitted on
    tested: int  # images held out
    features: int  # numbers per image that it read


def linear_probe(features: np.ndarray, labels: np.ndarray, *, strength: float = 0.02) -> ProbeResult:
    """Fit on the first half of the rows, test on the second.

    Args:
        features: float32[B,D].
        labels: int64[B].
        strength: Ridge penalty as a share of the features' total variance over the images fitted.

    Returns:
        The accuracy on the second half; NaN where there are fewer than 4 rows, or one class only.
    """
    half = len(features) // 2
    sizes = (half, len(features) - half, features.shape[1])
    if half < 2 or len(np.unique(labels[:half])) < 2:
        return ProbeResult(float("nan"), *sizes)
    classes, numbers = np.unique(labels[:half], return_inverse=True)
    targets = np.where(numbers[:, np.newaxis] == np.arange(len(classes)), np.float32(1), np.float32(-1))
    answers = _ridge(features, targets, strength)
    return ProbeResult(float(np.mean(classes[answers.argmax(axis=1)] == labels[half:])), *sizes)


def number_probe(features: np.ndarray, numbers: np.ndarray, *, strength: float = 0.02) -> ProbeResult:
    """The same for a number of each image: R2 on the second half in the place of the accuracy, 0 for always the mean.

    Args:
        features: float32[B,D].
        numbers: float64[B].
        strength: As for `linear_probe`.
    """
    half = len(features) // 2
    sizes = (half, len(features) - half, features.shape[1])
    spread = float(numbers[half:].var()) if half >= 2 else 0.0
    level, size = (float(numbers[:half].mean()), float(numbers[:half].std())) if half else (0.0, 0.0)
    if not spread or not size:
        return ProbeResult(float("nan"), *sizes)
    targets = ((numbers[:half, np.newaxis] - level) / size).astype(np.float32)
    answers = _ridge(features, targets, strength)[:, 0] * size + level
    return ProbeResult(float(1 - np.mean((answers - numbers[half:]) ** 2) / spread), *sizes)


def _spread(rows: np.ndarray) -> float:
    """The standard deviation of all numbers, some rows at a time: a copy of all in float64 costs more than the sum."""
    mean, squares = float(rows.mean(dtype=np.float64)), 0.0
    for start in range(0, len(rows), _ROWS):
        squares += float(np.square(rows[start : start + _ROWS] - mean, dtype=np.float64).sum())
    return (squares / rows.size) ** 0.5


def _ridge(features: np.ndarray, targets: np.ndarray, strength: float) -> np.ndarray:
    """What ridge regression with an intercept, fitted on the first rows of [N+T,D] and on [N,K], answers to the other rows.

    The weights solve (X'X + penalty) W = X'Y; for more features than rows W = X' (XX' + penalty)^-1 Y is the smaller one.
    """
    count = len(targets)
    scale, penalty = np.float32(_spread(features[:count]) or 1), np.float32(strength * count)
    rows = np.asarray(features[:count], np.float32) / scale
    centre, level = (each.mean(axis=0, dtype=np.float64).astype(np.float32) for each in (rows, targets))
    rows -= centre
    left = targets - level
    if rows.shape[1] <= count:
        weights = _solved(rows.T @ rows, penalty, rows.T @ left)
    else:
        weights = rows.T @ _solved(rows @ rows.T, penalty, left)
    asked = (features[start : start + _ROWS] for start in range(count, len(features), _ROWS))
    return np.concatenate([(np.asarray(some, np.float32) / scale - centre) @ weights for some in asked]) + level


def _solved(products: np.ndarray, penalty: np.float32, right: np.ndarray) -> np.ndarray:
    products[np.diag_indices(len(products))] += penalty
    return np.linalg.solve(products, right)
