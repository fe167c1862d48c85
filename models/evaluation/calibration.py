"""Calibration: of the images that a model is 80 % sure of, are 80 % right?

Guo, Pleiss, Sun, Weinberger, 'On Calibration of Modern Neural Networks', 2017, arXiv:1706.04599: images are
put into bins by the probability of their predicted class (the confidence), and the expected calibration error is
``sum over bins of count / B * |accuracy - confidence|`` (eq. 3).
"""

from dataclasses import dataclass

import numpy as np


def accuracy_interval(right: int, total: int) -> tuple[float, float]:
    """Where the accuracy lies, with 95 %, given so many right answers (Wilson 1927, doi:10.2307/2276774).

    Example:
        >>> accuracy_interval(0, 1)
        (0.0, 0.793)
    """
    share, spread = right / total, 1.96**2 / total
    middle, half = share + spread / 2, 1.96 * np.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, float((middle - half) / (1 + spread))), min(1.0, float((middle + half) / (1 + spread)))


@dataclass(frozen=True, eq=False)
class Calibration:
    """The reliability diagram's numbers, one per bin; empty bins have NaN."""

    edges: np.ndarray  # float64[N+1], confidence in [0, 1]: bin n is (edges[n], edges[n+1]], the first with its 0
    counts: np.ndarray  # int64[N], images in the bin
    confidence: np.ndarray  # float64[N], mean probability of the predicted class, in [0, 1]
    accuracy: np.ndarray  # float64[N], share of the bin's images that are right, in [0, 1]
    expected_error: float  # in [0, 1]: mean distance of accuracy and confidence over all images; 0 is perfect


def calibrate(confidences: np.ndarray, correct: np.ndarray, bins: int = 15) -> Calibration:
    """Compare how sure a model is with how often it is right.

    Args:
        confidences: float[B], probability of the predicted class, in [0, 1].
        correct: bool[B], whether the prediction is right.
        bins: number of bins of equal width.

    Example:
        >>> calibrate(np.array([0.9, 0.9]), np.array([True, False]), bins=2).expected_error
        0.4
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    filled = np.where(counts > 0, counts, np.nan)
    confidence = np.bincount(bin_of, weights=np.asarray(confidences, np.float64), minlength=bins) / filled
    accuracy = np.bincount(bin_of, weights=np.asarray(correct, np.float64), minlength=bins) / filled
    error = np.nansum(counts * np.abs(accuracy - confidence)) / max(1, len(confidences))
    return Calibration(edges, counts.astype(np.int64), confidence, accuracy, float(error))
