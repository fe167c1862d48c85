"""What a layer puts out on average over the images of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..progress import Progress
from ..tracing.traced_model import Taps
from .one_pass import one_pass
from .statistic import ArraySource, Batch


def class_means(
    model: Any,
    images: np.ndarray,
    labels: np.ndarray,
    layers: Sequence[str],
    classes: Sequence[int],
    *,
    batch_size: int | None = None,
    progress: Progress = False,
) -> dict[int, dict[str, np.ndarray]]:
    """The mean activations of each class's images.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range.
        labels: int64[B], the true classes.
        layers: Names of the layers.
        classes: The classes to average, each with at least one image.
        batch_size: Images at a time; None: as many as fit a few megabytes.
        progress: True for a bar with the time left, or a function called with (done, total).

    Returns:
        {class: {layer: float32[...]}}, the mean without the batch axis.

    Raises:
        ValueError: A layer is unknown, or a class has no image.
    """
    asked = ClassMeans(layers, classes)
    rows = np.flatnonzero(np.isin(labels, list(classes)))
    source = ArraySource(images if len(rows) == len(labels) else images[rows], np.asarray(labels)[rows])
    return one_pass(model, source, [asked], batch_size=batch_size, progress=progress)[asked.key]


class ClassMeans:
    """The mean activations of each class's images: a statistic. It keeps one sum for each class and layer.

    Args:
        layers: Names of the layers.
        classes: The classes to average.
    """

    def __init__(self, layers: Sequence[str], classes: Sequence[int]) -> None:
        self._layers, self._classes = tuple(layers), tuple(int(label) for label in classes)
        self.key = f"class means|{self._layers}|{self._classes}"
        self._sums: dict[str, np.ndarray] = {}  # float64[classes, ...]
        self._members = np.zeros(len(self._classes), np.int64)

    def taps(self, taps: Taps, _: Any) -> dict[str, Any]:
        """The sums of a batch, [classes, ...]: no map leaves the graph."""
        import tensorflow as tf

        matches = taps.labels[:, tf.newaxis] == tf.constant(self._classes, tf.int32)  # type: ignore[index]
        place = tf.where(tf.reduce_any(matches, axis=1), tf.argmax(matches, axis=1, output_type=tf.int32), -1)
        return {
            name: tf.math.unsorted_segment_sum(tf.cast(taps.find(name).tensor, tf.float32), place, len(self._classes))
            for name in self._layers
        }

    def update(self, batch: Batch) -> None:
        """Add the sums of a batch."""
        self._add({name: batch.values[name] for name in self._layers})
        self._members += [int((batch.labels == label).sum()) for label in self._classes]

    def merge(self, later: ClassMeans) -> None:
        """Add the sums of another one."""
        self._add(later._sums)
        self._members += later._members

    def result(self) -> dict[int, dict[str, np.ndarray]]:
        """{class: {layer: float32[...]}}.

        Raises:
            ValueError: A class has no image.
        """
        if (absent := np.flatnonzero(self._members == 0)).size:
            raise ValueError(
                f"Expected at least one image of each class. Received none of class {self._classes[absent[0]]}. "
                f"Leave this class out."
            )
        return {
            label: {name: (sums[place] / members).astype(np.float32) for name, sums in self._sums.items()}
            for place, (label, members) in enumerate(zip(self._classes, self._members, strict=True))
        }

    def _add(self, sums: dict[str, np.ndarray]) -> None:
        for name, values in sums.items():
            if name in self._sums:
                self._sums[name] += values
            else:
                self._sums[name] = values.astype(np.float64)
