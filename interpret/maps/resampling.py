"""Enlarging and blurring as small matrices, one along each axis of places: rows and columns; borders are not darkened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def interpolation_matrix(source: int, target: int) -> np.ndarray:
    """float32[target,source]: weights that enlarge a line of `source` values to `target` by linear interpolation.

    Pixels are areas: their centres lie at (i + 1/2) / n of the whole (what TensorFlow calls half-pixel centres), and
    the first and last value continue to the border. Two of them enlarge a picture: `rows @ picture @ columns.T`.

    Example:
        >>> interpolation_matrix(2, 4)
        array([[1.  , 0.  ],
               [0.75, 0.25],
               [0.25, 0.75],
               [0.  , 1.  ]], dtype=float32)
    """
    at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.minimum(at.astype(int), max(source - 2, 0))
    part = at - low
    matrix = np.zeros((target, source), dtype=np.float32)
    matrix[np.arange(target), low] = 1 - part
    matrix[np.arange(target), np.minimum(low + 1, source - 1)] += part
    return matrix


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
    """Maps float32[B,H,W] blurred by a Gaussian of `sigma` pixels, in the same unit; of a series [B,L], a volume [B,D,H,W]."""
    return _along_each(maps, [gaussian_matrix(length, sigma) for length in maps.shape[1:]])


def enlarged(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Maps [B,h,w] at the image's (height, width), float32[B,H,W], interpolated bilinearly; the same unit.

    Of a series [B,l], of a volume [B,d,h,w]: linearly along each axis.
    """
    if maps.shape[1:] == size:
        return maps.astype(np.float32, copy=False)
    pairs = zip(maps.shape[1:], size, strict=True)
    return _along_each(maps, [interpolation_matrix(old, new).astype(np.float64) for old, new in pairs]).astype(
        np.float32
    )


def _along_each(maps: np.ndarray, matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Maps [B, places...] multiplied by a matrix [new, old] along each axis of places."""
    if len(matrices) == 2:
        return matrices[0] @ maps @ matrices[1].T
    for axis, matrix in enumerate(matrices, start=1):
        maps = np.moveaxis(np.tensordot(matrix, maps, axes=(1, axis)), 0, axis)
    return maps
