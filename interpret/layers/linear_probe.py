"""How well a class can be read off a layer by a linear classifier.

Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016, arXiv:1610.01644. Departure
from the paper: the probe is a ridge classifier (least squares on -1/+1 targets, one per class), which has one solution
and needs no training schedule, rather than a softmax regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    from sklearn.linear_model import RidgeClassifier

    scale = float(features[:half].std(dtype=np.float64)) or 1.0
    scaled = features.astype(np.float32) / np.float32(scale)
    probe = RidgeClassifier(alpha=strength * half, solver="cholesky").fit(scaled[:half], labels[:half])
    return ProbeResult(float(np.mean(probe.predict(scaled[half:]) == labels[half:])), *sizes)
