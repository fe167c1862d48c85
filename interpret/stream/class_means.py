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
    images: Any,
    labels: np.ndarray,
    layers: Sequence[str],
    classes: Sequence[int],
    *,
    batch_size: int | None = 256,
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
        progress: True for a bar with the time left, or a function called with (what, done, total).

    Returns:
        {class: {layer: float32[...]}}, the mean without the batch axis.

    Raises:
        ValueError: A layer is unknown, or a class has no image.
    """
    missing = [int(label) for label in classes if not (labels == label).any()]
    if missing:
        raise ValueError(
            f"Expected an image of each class to average. Received none of class {missing[0]}. Leave that class out."
        )
    statistic = ClassMeansStatistic(layers, int(max([*classes, 0])) + 1)
    rows = np.flatnonzero(np.isin(labels, classes))
    chosen = images if len(rows) == len(labels) else images[rows]
    source = ArraySource(chosen, labels[rows])
    found = one_pass(model, source, [statistic], batch_size=batch_size, progress=progress)[statistic.key]
    return {int(label): found[int(label)] for label in classes}


class ClassMeansStatistic:
    """The mean activations of each class as a statistic of the stream; summed inside of the graph, no map is copied out.

    Args:
        layers: Names of the layers.
        classes: How many classes there are; labels are below.
    """

    state = ("_sums", "_counts")

    def __init__(self, layers: Sequence[str], classes: int) -> None:
        self.key = f"means of {classes} classes at {tuple(layers)}"
        self._layers = tuple(layers)
        self._classes = classes
        self._sums: dict[str, np.ndarray] = {}  # {layer: float64[K, ...]}
        self._counts = np.zeros(classes, np.int64)

    def taps(self, taps: Taps, scores: Any) -> dict[str, Any]:
        """The sum of each class's activations in the batch, [K, ...]."""
        import tensorflow as tf

        member = tf.one_hot(
            taps.labels, self._classes, axis=0
        )  # [K,B]; a product takes a third of a segment sum's time

        def summed(name: str) -> Any:
            values = tf.cast(taps.find(name).maps, tf.float32)
            sums = tf.matmul(member, tf.reshape(values, [tf.shape(values)[0], -1]))
            return tf.reshape(sums, [self._classes, *tf.unstack(tf.shape(values))[1:]])

        return {name: summed(name) for name in self._layers}

    def update(self, batch: Batch) -> None:
        """See some more images."""
        self._counts += np.bincount(batch.labels, minlength=self._classes)[: self._classes]
        for name in self._layers:
            sums = batch.values[name]
            known = self._sums.setdefault(name, np.zeros(sums.shape))
            for label in np.unique(batch.labels[batch.labels < self._classes]):  # few, where images come class by class
                known[label] += sums[label]

    def merge(self, later: ClassMeansStatistic) -> None:
        """Take over what another one saw of other images."""
        self._counts += later._counts
        for name, sums in later._sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + sums

    def result(self) -> dict[int, dict[str, np.ndarray]]:
        """{class: {layer: float32[...]}} of the classes that were seen."""
        return {
            int(label): {
                name: (sums[label] / self._counts[label]).astype(np.float32) for name, sums in self._sums.items()
            }
            for label in np.flatnonzero(self._counts)
        }
