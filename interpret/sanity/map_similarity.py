"""How alike two maps are: by the order of their places, and by their structure.

Spearman's rank correlation: the Pearson correlation of the ranks, equal values sharing the mean of theirs. 1: the same
order, 0: none in common, -1: reversed; blind to scale.

SSIM: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
Transactions on Image Processing 2004, doi:10.1109/TIP.2003.819861, equation 13, with L = 1 and the paper's window (a
Gaussian of 1.5 pixels) and constants:

    SSIM = mean over places of (2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2))

Departure: at the border the window is cut off and its weights scaled up, so that maps of 7x7 have a value too. Each map
is divided by its largest size first, as in Adebayo et al. 2018, since a map's unit means nothing to another model.
"""

from __future__ import annotations

import numpy as np

from ..maps.resampling import blurred

_SIGMA, _C1, _C2 = 1.5, 0.01**2, 0.03**2


def rank_correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each pair of maps.

    Args:
        one, other: float32[B,h,w].

    Returns:
        float32[B] in -1..1; NaN where one of the two maps is constant and so has no order.

    Example:
        >>> rank_correlation(np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 30.0, 20.0]]])).tolist()
        [0.5]
    """
    from scipy.stats import rankdata

    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (one, other)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    product = (centred[0] * centred[1]).sum(axis=1)
    sizes = np.sqrt(np.prod([np.square(each).sum(axis=1) for each in centred], axis=0))
    return np.divide(product, sizes, out=np.full(len(one), np.nan), where=sizes > 0).astype(np.float32)


def structural_similarity(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """SSIM of each pair of maps, each divided by its largest size.

    Args:
        one, other: float32[B,h,w].

    Returns:
        float32[B], 1 for maps that are equal up to a positive factor; NaN where one of the two is zero everywhere.

    Example:
        >>> structural_similarity(np.eye(9)[np.newaxis], 3 * np.eye(9)[np.newaxis]).round(6).tolist()
        [1.0]
    """
    sizes = [np.abs(maps).max(axis=(1, 2)).astype(np.float64) for maps in (one, other)]
    known = (sizes[0] > 0) & (sizes[1] > 0)
    a, b = (m[known] / size[known, None, None] for m, size in zip((one, other), sizes, strict=True))
    found = np.full(len(one), np.nan, dtype=np.float32)
    if known.any():
        found[known] = _ssim(a, b).mean(axis=(1, 2))
    return found


def _ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equation 13 at each place."""
    mean_a, mean_b = blurred(a, _SIGMA), blurred(b, _SIGMA)
    spread_a = blurred(a * a, _SIGMA) - mean_a**2
    spread_b = blurred(b * b, _SIGMA) - mean_b**2
    shared = blurred(a * b, _SIGMA) - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * shared + _C2)
    return above / ((mean_a**2 + mean_b**2 + _C1) * (spread_a + spread_b + _C2))
