"""A convolution that only weights the maps of another is not where class activation maps look by default."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from small_models import SHAPE, conv, dense, images

from featurelens.interpret import GradCAM, inspect_model

layers = keras.layers
CHANNELS = 4


def attention(maps: Any) -> Any:
    """Places weighted by a softmax over all of them, then summed."""
    weights = layers.Reshape((-1, 1))(layers.Conv2D(1, 1, name="gate")(maps))
    return layers.Flatten()(ops.sum(layers.Softmax(axis=1)(weights) * layers.Reshape((-1, CHANNELS))(maps), axis=1))


def normalised(maps: Any) -> Any:
    """Spatial attention with batch normalisation before its sigmoid."""
    gate = layers.BatchNormalization()(layers.Conv2D(1, 3, padding="same", name="gate")(maps))
    return layers.Multiply()([maps, layers.Activation("sigmoid")(gate)])


def swish(maps: Any) -> Any:
    """x times the sigmoid of x: x itself is let through."""
    wide = layers.Conv2D(3, 1, name="wide")(maps)
    return layers.Multiply()([wide, layers.Activation("sigmoid")(wide)])


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (lambda maps: layers.Multiply()([maps, layers.Conv2D(1, 1, activation="sigmoid", name="gate")(maps)]), "conv1"),
        (normalised, "conv1"),
        (attention, "conv1"),
        (swish, "wide"),
        (lambda maps: layers.Conv2D(1, 1, activation="sigmoid", name="heat")(maps), "heat"),
    ],
)
def test_the_default_layer_is_the_one_that_is_let_through(ending, expected) -> None:
    image = keras.Input(SHAPE)
    model = keras.Model(image, dense(3)(layers.Flatten()(ending(conv("conv1", CHANNELS, 1)(image)))))
    assert inspect_model(model, images()).cam_layer == expected
    np.testing.assert_array_equal(GradCAM(model)(images()), GradCAM(model, expected)(images()))


def test_a_gate_can_be_asked_for() -> None:
    image = keras.Input(SHAPE)
    maps = conv("conv1", CHANNELS, 1)(image)
    gated = layers.Multiply()([maps, layers.Conv2D(1, 1, activation="sigmoid", name="gate")(maps)])
    model = keras.Model(image, dense(3)(layers.Flatten()(gated)))
    assert GradCAM(model, "gate")(images()).shape == (3, *SHAPE[:2])
