"""How alike two maps are: by the order of their places, and by their structure.

Spearman's rank correlation: the Pearson correlation of the ranks, equal values sharing the mean of theirs. 1: the same
order, 0: none in common, -1: reversed; blind to scale.

SSIM: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
Transactions on Image Processing 2004, doi:10.1109/TIP.2003.819861, equation 13, with L = 1 and the paper's window (11 x 11,
a Gaussian of 1.5 pixels) and constants:

    SSIM = mean over places of (2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2))

Departures: at the border the window is cut off and its weights scaled up, so that maps of 7x7 have a value too; along a series it
is a line of 11 places, in a volume a cube of 11. Each map
is divided by its largest size first, as in Adebayo et al. 2018, since a map's unit means nothing to another model.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_SIDE, _SIGMA, _C1, _C2 = 11, 1.5, 0.01**2, 0.03**2


def rank_correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each pair of maps.

    Args:
        one, other: float32[B,h,w]; of series [B,l], of volumes [B,d,h,w].

    Returns:
        float32[B] in -1..1; NaN where one of the two maps is constant and so has no order.

    Example:
        >>> rank_correlation(np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 30.0, 20.0]]])).tolist()
        [0.5]
    """
    return np.array([_correlation(_ranks(a), _ranks(b)) for a, b in zip(one, other, strict=True)], dtype=np.float32)


def _ranks(values: np.ndarray) -> np.ndarray:
    """float64[P]: 0 for the smallest of P values; equal ones share the mean of their ranks."""
    flat = values.ravel()
    order = np.argsort(flat)
    ascending = flat[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))  # of each group of equal values
    ends = np.append(starts[1:], len(flat))
    ranks = np.empty(len(flat))
    ranks[order] = np.repeat((starts + ends - 1) / 2, ends - starts)
    return ranks


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one - one.mean(), other - other.mean()
    # summed here: a product of long vectors wakes a second thread, which then waits for more at full speed
    size = np.sqrt(np.square(a).sum() * np.square(b).sum())
    return float((a * b).sum() / size) if size > 0 else np.nan


def structural_similarity(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """SSIM of each pair of maps, each divided by its largest size.

    Args:
        one, other: float32[B,h,w]; of series [B,l], of volumes [B,d,h,w].

    Returns:
        float32[B], 1 for maps that are equal up to a positive factor; NaN where one of the two is zero everywhere.

    Example:
        >>> structural_similarity(np.eye(9)[np.newaxis], 3 * np.eye(9)[np.newaxis]).round(6).tolist()
        [1.0]
    """
    places = tuple(range(1, one.ndim))
    sizes = [np.abs(maps).max(axis=places).astype(np.float64) for maps in (one, other)]
    known = (sizes[0] > 0) & (sizes[1] > 0)
    found = np.full(len(one), np.nan, dtype=np.float32)
    for place in np.flatnonzero(known):
        found[place] = _ssim(one[place] / sizes[0][place], other[place] / sizes[1][place]).mean()
    return found


def _ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equation 13 at each place of two maps float64[h,w], [l] or [d,h,w]."""
    weights = _weights(a.shape)
    mean_a, mean_b, square_a, square_b, product = (_in_window(m) / weights for m in (a, b, a * a, b * b, a * b))
    spread_a, spread_b, shared = square_a - mean_a**2, square_b - mean_b**2, product - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * shared + _C2)
    return above / ((mean_a**2 + mean_b**2 + _C1) * (spread_a + spread_b + _C2))


@lru_cache(maxsize=4)
def _weights(shape: tuple[int, ...]) -> np.ndarray:
    """The sum of the window's weights at each place: less than 1 where it is cut off."""
    weights = _in_window(np.ones(shape))
    weights.flags.writeable = False  # one for all maps of this size
    return weights


def _in_window(values: np.ndarray) -> np.ndarray:
    """The weighted sum around each place; 0 outside of the map."""
    if values.ndim == 2:
        import cv2

        return cv2.GaussianBlur(values, (_SIDE, _SIDE), _SIGMA, borderType=cv2.BORDER_CONSTANT)
    from scipy.ndimage import correlate1d

    weights = np.exp(-0.5 * np.square((np.arange(_SIDE) - _SIDE // 2) / _SIGMA))
    for axis in range(values.ndim):
        values = correlate1d(values, weights / weights.sum(), axis=axis, mode="constant")
    return values
