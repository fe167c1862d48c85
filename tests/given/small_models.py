"""Small models with seeded weights, biases too: the plain network that most kinds of model are a packaging of.

conv1 (3x3, 4 channels, ReLU) - pool (2x2) - conv2 (3x3, 5 channels, ReLU) - flatten - dense.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from oracle import Weights

CLASSES = 3
SHAPE = (8, 8, 3)


def images(shape: tuple[int, ...] = SHAPE, count: int = 3, seed: int = 0) -> np.ndarray:
    """float32[count, *shape] in [0, 1]."""
    return np.random.default_rng(seed).random((count, *shape), dtype=np.float32)


def seeded(seed: int, kernel: str = "kernel", library: Any = keras) -> dict[str, Any]:
    """Initializers that give every weight, the bias too, a value of its own."""
    normal = library.initializers.RandomNormal
    return {f"{kernel}_initializer": normal(0, 0.4, seed=seed), "bias_initializer": normal(0, 0.1, seed=seed + 100)}


def conv(name: str, filters: int, seed: int, library: Any = keras) -> Any:
    return library.layers.Conv2D(
        filters, 3, padding="same", activation="relu", name=name, **seeded(seed, library=library)
    )


def dense(units: int = CLASSES, activation: str | None = "softmax", name: str = "dense", library: Any = keras) -> Any:
    return library.layers.Dense(units, activation=activation, name=name, **seeded(3, library=library))


def plain_layers(head: Any = None, library: Any = keras) -> list[Any]:
    """The layers of the plain network, without an input."""
    return [
        conv("conv1", 4, 1, library),
        library.layers.MaxPooling2D(name="pool"),
        conv("conv2", 5, 2, library),
        library.layers.Flatten(name="flatten"),
        head or dense(library=library),
    ]


def sequential(*extra: Any, shape: tuple[int | None, ...] = SHAPE, head: Any = None) -> Any:
    """The plain network as a Sequential; `extra` layers come first."""
    return keras.Sequential([keras.Input(shape), *extra, *plain_layers(head)])


def chained(tensor: Any, layers: list[Any]) -> Any:
    """The layers applied one after another."""
    for layer in layers:
        tensor = layer(tensor)
    return tensor


def plain_forward(
    weights: Weights, inputs: list[tf.Tensor], path: str = "", dtype: str = "float32", before: Callable | None = None
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """The plain network by hand; `path` comes before the convolutions' names, `before` changes the image first."""
    image = tf.cast(before(inputs[0]) if before else inputs[0], dtype)
    conv1 = relu_conv(image, *weights(path + "conv1"))
    pool = tf.nn.max_pool2d(conv1, 2, 2, "VALID")
    conv2 = relu_conv(pool, *weights(path + "conv2"))
    logits = tf.cast(linear(flat(conv2), *weights("dense")), tf.float32)
    return {"conv1": conv1, "pool": pool, "conv2": conv2}, logits


def relu_conv(
    tensor: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, stride: int = 1, padding: str = "SAME"
) -> tf.Tensor:
    kernel, bias = tf.cast(kernel, tensor.dtype), tf.cast(bias, tensor.dtype)
    return tf.nn.relu(tf.nn.conv2d(tensor, kernel, stride, padding) + bias)


def linear(tensor: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tensor @ tf.cast(kernel, tensor.dtype) + tf.cast(bias, tensor.dtype)


def flat(tensor: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tensor, [tensor.shape[0], -1])
