"""The true classes of images, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from .targets import target_array


def label_array(labels: Any, images: int, known: int) -> np.ndarray:
    """The labels as int64[B].

    Args:
        labels: int[B], the true class of each image.
        images: Number of images B.
        known: Number of classes K of the model.

    Raises:
        ValueError: Not one whole number per image, or outside 0..K-1.
    """
    if np.ndim(labels) != 1:
        raise ValueError(
            f"Expected labels, one class number for each of the {images} images. Received "
            f"{'none' if labels is None else f'shape {np.shape(labels)}'}. Give int[{images}]."
        )
    return target_array(labels, "labels", images, known).astype(np.int64)
