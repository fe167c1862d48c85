"""What the survey measures of a layer of series [B,L,C] or volumes [B,D,H,W,C], inside of a graph; of pictures see `survey`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tracing.traced_model import Taps
from .coarse_grid import cell_weights

_FEATURES = 1024  # numbers for each one that the probe may read; longer ones are averaged down to fewer places
_PLACES = 49  # that it reads of each channel, at most


def measures_of_signals(taps: Taps, values: Any) -> dict[str, Any]:
    """The largest value of each channel, whether each value is above 0, the probe's features, and the correlation with the input.

    Args:
        taps: Of the traced model.
        values: float32[B,places...,C], what the layer puts out.
    """
    import tensorflow as tf

    places = list(range(1, values.shape.rank - 1))
    measures = {
        "largest": tf.reduce_max(values, axis=places),
        "active": values > 0,
        "features": _features(values),
    }
    image = tf.reduce_mean(tf.cast(taps.image, tf.float32), axis=-1, keepdims=True)
    if None in (*values.shape[1:-1], *image.shape[1:-1]) or _is_finer(values, image):
        return measures
    return measures | {"correlation": _correlation(values, averaged(image, values.shape[1:-1]))}


def _is_finer(values: Any, image: Any) -> bool:
    return any(own > other for own, other in zip(values.shape[1:-1], image.shape[1:-1], strict=True))


def averaged(values: Any, cells: Any) -> Any:
    """Values averaged down to so many cells along each axis of places, those covered in part counting by their share."""
    import tensorflow as tf

    for axis, (size, wanted) in enumerate(zip(values.shape[1:-1], cells, strict=True), start=1):
        if size != wanted:
            order = [axis, *(other for other in range(values.shape.rank) if other != axis)]
            moved = tf.tensordot(cell_weights(size, wanted), tf.transpose(values, order), axes=1)
            values = tf.transpose(moved, np.argsort(order))
    return values


def _features(values: Any) -> Any:
    """The maps averaged down to few places, fewer for many channels, and flattened; of open sizes their means."""
    import tensorflow as tf

    sizes, channels = values.shape[1:-1], int(values.shape[-1])
    if None in sizes:
        return tf.reduce_mean(values, axis=list(range(1, values.shape.rank - 1)))
    grid = max(1, int(min(_PLACES, _FEATURES / channels) ** (1 / len(sizes)) + 1e-9))
    cells = [min(grid, size) for size in sizes]
    small = values if channels * int(np.prod(sizes)) <= _FEATURES else averaged(values, cells)
    return tf.reshape(small, [tf.shape(values)[0], -1])


def _correlation(values: Any, image: Any) -> Any:
    """Pearson r of each channel with the mean of the input's channels at its places, [B,C]; NaN where either is constant."""
    import tensorflow as tf

    places = int(np.prod(values.shape[1:-1]))
    maps, line = tf.reshape(values, [-1, places, values.shape[-1]]), tf.reshape(image, [-1, places, 1])
    line -= tf.reduce_mean(line, axis=1, keepdims=True)
    mean, spread = tf.nn.moments(maps, axes=[1])
    product = tf.reduce_mean(maps * line, axis=1)
    scale = tf.sqrt(spread * tf.reduce_mean(tf.square(line), axis=1))
    constant = spread <= 1e-10 * tf.maximum(tf.square(mean), 1e-20)
    return tf.where(constant | (scale <= 0), tf.constant(float("nan")), product / scale)
