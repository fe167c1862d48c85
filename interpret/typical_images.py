"""The image that stands for its class: the medoid of the rightly classified ones, in the space of the logits."""

from __future__ import annotations

import numpy as np


def typical_images(logits: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """For each class, the number of the image whose logits are nearest to the class's mean logits.

    Args:
        logits: float32[B,K].
        labels: int64[B], the true classes.

    Returns:
        {class: image number}, for the classes that occur. Only rightly classified images are taken, unless a class has
        none.
    """
    right = logits.argmax(axis=1) == labels
    chosen = {}
    for label in np.unique(labels):
        rows = np.flatnonzero((labels == label) & right)
        if not len(rows):
            rows = np.flatnonzero(labels == label)
        near = logits[rows].astype(np.float64)
        distance = np.square(near - near.mean(axis=0)).sum(axis=1)
        chosen[int(label)] = int(rows[distance.argmin()])
    return chosen
