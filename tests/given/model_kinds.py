"""Every kind of packaging that a model may come in, each with the same model by hand."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from oracle import Case
from small_models import (
    SHAPE,
    chained,
    conv,
    dense,
    flat,
    images,
    linear,
    plain_forward,
    plain_layers,
    relu_conv,
    sequential,
)

layers = keras.layers


def built_at_once() -> Case:
    return Case(sequential(), images(), plain_forward, "conv2")


def built_late() -> Case:
    return Case(keras.Sequential(plain_layers()), images(), plain_forward, "conv2")


def loaded(suffix: str) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model" + suffix)
        sequential().save(path)
        return Case(keras.models.load_model(path), images(), plain_forward, "conv2")


def functional() -> Case:
    image = keras.Input(SHAPE)
    return Case(keras.Model(image, chained(image, plain_layers())), images(), plain_forward, "conv2")


def residual() -> Case:
    def forward(weights, inputs):
        conv1 = relu_conv(inputs[0], *weights("conv1"))
        conv2 = relu_conv(conv1, *weights("conv2"))
        added = conv1 + conv2
        return {"conv1": conv1, "conv2": conv2, "add": added}, linear(flat(added), *weights("dense"))

    image = keras.Input(SHAPE)
    first = conv("conv1", 4, 1)(image)
    added = layers.Add(name="add")([first, conv("conv2", 4, 2)(first)])
    return Case(keras.Model(image, dense()(layers.Flatten()(added))), images(), forward, "conv2")


def shared() -> Case:
    def forward(weights, inputs):
        once = relu_conv(inputs[0], *weights("conv"))
        twice = relu_conv(once, *weights("conv"))
        return {"conv": once, "conv:1": twice}, linear(flat(twice), *weights("dense"))

    image, again = keras.Input(SHAPE), conv("conv", 3, 1)
    return Case(
        keras.Model(image, dense()(layers.Flatten()(again(again(image))))), images(), forward, cam_layer="conv:1"
    )


def nested() -> Case:
    def forward(weights, inputs):
        first = relu_conv(inputs[0], *weights("outer/conv"))
        second = relu_conv(first, *weights("outer/inner/conv"))
        return {"outer/conv": first, "outer/inner/conv": second}, linear(flat(second), *weights("dense"))

    inner = keras.Sequential([keras.Input((8, 8, 4)), conv("conv", 5, 2)], name="inner")
    image = keras.Input(SHAPE)
    outer = keras.Model(image, inner(conv("conv", 4, 1)(image)), name="outer")
    whole = keras.Input(SHAPE)
    model = keras.Model(whole, dense()(layers.Flatten()(outer(whole))))
    return Case(model, images(), forward, cam_layer="outer/inner/conv")


class Subclassed(keras.Model):
    """The plain network, whose graph only shows when it is called."""

    def __init__(self, head: Any = None) -> None:
        super().__init__()
        self.conv1, self.pool, self.conv2, self.flatten, self.head = plain_layers(head)

    def call(self, inputs):
        return self.head(self.flatten(self.conv2(self.pool(self.conv1(inputs)))))


class TensorFlowSoftmax(Subclassed):
    """A softmax that no layer knows of."""

    def call(self, inputs):
        return tf.nn.softmax(super().call(inputs))


class Decorated(Subclassed):
    """A `call` that is a tf.function."""

    @tf.function
    def call(self, inputs):
        return super().call(inputs)


class AroundNested(keras.Model):
    """A subclassed model around a Functional backbone."""

    def __init__(self) -> None:
        super().__init__()
        image = keras.Input(SHAPE)
        self.backbone = keras.Model(image, chained(image, plain_layers()[:3]), name="backbone")
        self.flatten, self.head = layers.Flatten(), dense()

    def call(self, inputs, training=None):
        return self.head(self.flatten(self.backbone(inputs, training=training)))


def subclassed() -> Case:
    return Case(Subclassed(), images(), plain_forward, "conv2")


def around_nested() -> Case:
    return Case(AroundNested(), images(), partial(plain_forward, path="backbone/"), "conv2")


def tf_softmax() -> Case:
    return Case(TensorFlowSoftmax(dense(activation=None)), images(), plain_forward, "conv2")


def decorated() -> Case:
    return Case(Decorated(), images(), plain_forward, "conv2")


def legacy(kind: str) -> Case:
    library = pytest.importorskip("tf_keras", reason="needs tf_keras, for legacy models")
    parts = plain_layers(library=library)
    if kind == "sequential":
        return Case(library.Sequential(parts), images(), plain_forward, "conv2")
    image = library.Input(SHAPE)
    return Case(library.Model(image, chained(image, parts)), images(), plain_forward, "conv2")


PACKAGINGS = {
    "Sequential, built at once": built_at_once,
    "Sequential, built late": built_late,
    "Sequential, from .keras": partial(loaded, ".keras"),
    "Sequential, from .h5": partial(loaded, ".h5"),
    "Functional": functional,
    "residual": residual,
    "layer called twice": shared,
    "nested, two levels": nested,
    "subclassed": subclassed,
    "subclassed around nested": around_nested,
    "call is a tf.function": decorated,
    "softmax by tf.nn": tf_softmax,
    "tf_keras Sequential": partial(legacy, "sequential"),
    "tf_keras Functional": partial(legacy, "functional"),
}
