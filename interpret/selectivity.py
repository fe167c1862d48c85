"""How much more a channel fires for one class than for the others.

Morcos, Barrett, Rabinowitz, Botvinick, "On the importance of single directions for generalization", ICLR 2018,
arXiv:1803.06959, section 2.3. With mu[k] the channel's mean activation on the images of class k, and rest[k] the mean of
mu over the other classes,

    selectivity[k] = (mu[k] - rest[k]) / (mu[k] + rest[k])

1: the channel fires for class k alone; 0: as for the others; -1: for all but class k. Departures: the paper gives it for
the class of the largest mu only; and mu is taken of the activation's positive part, so that a layer without a ReLU stays
within -1..1.
"""

from __future__ import annotations

import numpy as np


def selectivity(class_means: np.ndarray) -> np.ndarray:
    """The selectivity of each channel for each class.

    Args:
        class_means: float[C,K], at least 0; NaN for a class without images.

    Returns:
        float64[C,K], -1..1; NaN where the channel fires for no class, the class has no images, or it is the only one.
    """
    known = np.isfinite(class_means)
    others = known.sum(axis=1, keepdims=True) - 1
    means = np.where(known, class_means, 0)
    rest = np.divide(means.sum(axis=1, keepdims=True) - means, others, out=np.zeros(means.shape), where=others > 0)
    both = means + rest
    found = np.divide(means - rest, both, out=np.full(means.shape, np.nan), where=both > 0)
    return np.where(known & (others > 0), found, np.nan)
