"""A model's answers to images, in bounded memory.

Called directly, a Keras model keeps what every layer gives until the call ends: 90 MB for one photo in MobileNetV2. As one
graph it keeps only what is still needed, at the cost of a second or two that the tracing takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np

_NUMBERS = 1_250_000  # pixels times channels run at a time (5 MB): 8 of 224 x 224 x 3
_LARGE = 50_000  # pixels times channels of one image: from there on a graph is worth its tracing


def answers(model: Any, images: Any, batch_size: int = 256) -> Iterator[Any]:
    """The model's answer to each batch in turn, as many images at a time as keep the memory small.

    Args:
        model: a Keras model.
        images: float32[B,H,W,C], an array or what reads as one.
        batch_size: images at a time, at most.

    Raises:
        ValueError: `batch_size` is not a whole number of at least 1.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(
            f"Expected batch_size of at least 1. Received {batch_size!r}. Give a whole number such as 256."
        )
    numbers = int(np.prod(images.shape[1:]))
    size = min(batch_size, max(4, _NUMBERS // max(1, numbers)))
    run = forward(model) if numbers >= _LARGE else lambda some: model(some, training=False)
    for start in range(0, len(images), size):
        yield run(images[start : start + size])


def forward(model: Any) -> Callable[[np.ndarray], Any]:
    """The model as one graph; one that cannot be traced is called directly."""
    import tensorflow as tf

    graph = tf.function(lambda images: model(images, training=False), autograph=False, reduce_retracing=True)
    traced = True

    def run(images: np.ndarray) -> Any:
        nonlocal traced
        if traced:
            try:
                return graph(tf.convert_to_tensor(images))
            except (TypeError, ValueError, NotImplementedError, tf.errors.OpError):
                traced = False  # such as one with an `if` on a tensor
        return model(images, training=False)

    return run
