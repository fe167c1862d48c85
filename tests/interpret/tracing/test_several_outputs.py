"""A layer that puts out several arrays: each can be reached by its name."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal
from small_models import SHAPE, conv, dense, images, relu_conv

from featurelens.interpret import ActivationExtractor, GradCAM, Saliency, inspect_model

layers = keras.layers
pytestmark = pytest.mark.numeric
CLASSES = np.array([0, 1, 2])


def recurrent() -> Any:
    sequence = keras.Input((6, 3))
    states = layers.LSTM(4, return_state=True, name="lstm")(sequence)
    return keras.Model(sequence, dense()(layers.Concatenate()(states)))


def test_each_output_of_a_layer_by_name() -> None:
    model, given = recurrent(), images((6, 3))
    found = ActivationExtractor(model, ["lstm", "lstm:out1", "lstm:out2"])(given)
    for name, expected in zip(("lstm", "lstm:out1", "lstm:out2"), model.get_layer("lstm")(given), strict=True):
        assert_equal(found[name], expected.numpy())
    assert list(ActivationExtractor(model)(given))[:3] == ["lstm", "lstm:out1", "lstm:out2"]
    verdict = inspect_model(model)
    assert verdict.layer("lstm:out2").output_shape == (4,)
    assert verdict.layer("lstm").parameters == 4 * 4 * (3 + 4 + 1)
    assert sum(layer.parameters for layer in verdict.layers) == verdict.parameters


class Halves(layers.Layer):
    """The two halves of the channels."""

    def call(self, inputs):
        return tf.split(inputs, 2, axis=-1)


def two_calls() -> Any:
    image, halves = keras.Input(SHAPE), Halves(name="halves")
    first = halves(conv("conv1", 4, 1)(image))
    second = halves(layers.Concatenate()(first))
    return keras.Model(image, dense()(layers.Flatten()(layers.Multiply()([first[0], second[1]]))))


def test_a_map_at_the_second_output_of_the_second_call() -> None:
    model = two_calls()
    kernel, bias, weight, last = (tf.constant(array) for array in model.get_weights())
    conv1 = relu_conv(tf.constant(images()), kernel, bias)
    one, other = conv1[..., :2], conv1[..., 2:]
    with tf.GradientTape() as tape:
        tape.watch(other)
        score = tf.gather(tf.reshape(one * other, [3, -1]) @ weight + last, CLASSES, batch_dims=1)
    alpha = tape.gradient(score, other).numpy().mean(axis=(1, 2))
    expected = np.maximum(np.einsum("bhwc,bc->bhw", other.numpy(), alpha), 0)
    assert_equal(GradCAM(model, "halves:1:out1")(images(), CLASSES), expected)
    assert Saliency(model)(images()).max() > 0
