"""What a layer puts out on average over the images of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..progress import Progress
from .activations import ActivationExtractor


def class_means(
    model: Any,
    images: np.ndarray,
    labels: np.ndarray,
    layers: Sequence[str],
    classes: Sequence[int],
    *,
    batch_size: int = 256,
    progress: Progress = False,
) -> dict[int, dict[str, np.ndarray]]:
    """The mean activations of each class's images.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range.
        labels: int64[B], the true classes.
        layers: Names of the layers.
        classes: The classes to average, each with at least one image.
        batch_size: Images at a time.
        progress: True for a bar with the time left, or a function called with (done, total).

    Returns:
        {class: {layer: float32[...]}}, the mean without the batch axis.

    Raises:
        ValueError: A layer is unknown, or a class has no image.
    """
    extractor = ActivationExtractor(model, layers)
    chosen = [np.flatnonzero(labels == label) for label in classes]
    total, done, means = sum(map(len, chosen)), 0, {}
    for label, rows in zip(classes, chosen, strict=True):
        sums: dict[str, np.ndarray] = {}
        for activations in extractor.stream(images[rows], batch_size=batch_size):
            for name, values in activations.items():
                sums[name] = sums.get(name, 0.0) + values.sum(axis=0)
        means[int(label)] = {name: values / np.float32(len(rows)) for name, values in sums.items()}
        done += len(rows)
        if callable(progress):
            progress(done, total)
    return means
