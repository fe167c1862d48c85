"""Gaussian blur of maps and images, as two small matrices; the border is not darkened."""

from __future__ import annotations

import numpy as np


def gaussian_matrix(length: int, sigma: float) -> np.ndarray:
    """float32[length,length]: weights that blur a line of values by a Gaussian; each row sums to 1.

    What would lie outside of the line is left out and the rest takes its weight, so a constant stays constant.

    Example:
        >>> gaussian_matrix(2, 1e-3).tolist()    # too narrow to reach the neighbour
        [[1.0, 0.0], [0.0, 1.0]]
    """
    at = np.arange(length)
    weights = np.exp(-0.5 * np.square((at - at[:, np.newaxis]) / sigma))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def blurred(maps: np.ndarray, sigma: float) -> np.ndarray:
    """Maps float32[B,H,W] blurred by a Gaussian of `sigma` pixels, in the same unit."""
    rows, columns = gaussian_matrix(maps.shape[1], sigma), gaussian_matrix(maps.shape[2], sigma)
    return rows @ maps @ columns.T
