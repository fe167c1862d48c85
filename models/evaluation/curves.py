"""Precision and recall of one class, or one label, against all else, as its threshold rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall of one class against all others, as its threshold rises."""

    precision: np.ndarray  # float64[T+1], in [0, 1]; the last one is 1 by convention
    recall: np.ndarray  # float64[T+1], in [0, 1], falling; the last one is 0
    thresholds: np.ndarray  # float64[T], probability of the class from which on an image is taken for it


def curve_of(is_class: np.ndarray, probability: np.ndarray) -> PrecisionRecallCurve:
    """A point for each different probability, the lowest first, and (1, 0) at the end; empty for a class without images."""
    if not is_class.any():
        return PrecisionRecallCurve(np.empty(0), np.empty(0), np.empty(0))
    order = np.argsort(-probability, kind="stable")
    falling = probability[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)  # of the images of one probability
    found = np.cumsum(is_class[order])[last]
    precision, recall = found / (last + 1), found / found[-1]
    return PrecisionRecallCurve(np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0), falling[last[::-1]])


def area(curve: PrecisionRecallCurve) -> float:
    """The area of the steps, the average precision; NaN for a class without images."""
    return float(-np.sum(np.diff(curve.recall) * curve.precision[:-1])) if len(curve.recall) else float("nan")
