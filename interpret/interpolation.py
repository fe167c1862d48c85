"""Linear interpolation as a matrix, for methods that enlarge masks and maps."""

from __future__ import annotations

import numpy as np


def interpolation_matrix(source: int, target: int) -> np.ndarray:
    """float32[target,source]: weights that enlarge a line of `source` values to `target` by linear interpolation.

    Pixels are areas: their centres lie at (i + 1/2) / n of the whole (what TensorFlow calls half-pixel centres), and
    the first and last value go on to the border. Two of them enlarge a picture: `rows @ picture @ columns.T`.

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
