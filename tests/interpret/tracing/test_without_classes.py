"""No class needed, no class asked: what looks at layers takes models that answer no score per class."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal, weights_of
from small_models import SHAPE, chained, conv, dense, images, plain_layers, relu_conv

from featurelens.interpret import (
    ActivationExtractor,
    Explainer,
    GradCAM,
    Saliency,
    activation_maximization,
    channels,
    inspect_model,
)

layers = keras.layers
pytestmark = pytest.mark.numeric
LABELS = np.array([0, 1, 1])


def backbone() -> Any:
    image = keras.Input(SHAPE)
    return keras.Model(image, chained(image, plain_layers()[:3]))


def autoencoder() -> Any:
    image = keras.Input(SHAPE)
    code = layers.MaxPooling2D()(conv("conv1", 4, 1)(image))
    return keras.Model(image, layers.Conv2DTranspose(3, 2, 2, activation="sigmoid", name="decoded")(code))


def detector() -> Any:
    """Boxes and their classes, two outputs of [B, places, ...]."""
    image = keras.Input(SHAPE)
    shared = conv("conv1", 4, 1)(image)
    boxes = layers.Reshape((64, 4), name="boxes")(layers.Conv2D(4, 1)(shared))
    return keras.Model(image, [boxes, layers.Reshape((64, 3), name="kinds")(layers.Conv2D(3, 1)(shared))])


def two_heads() -> Any:
    image = keras.Input(SHAPE)
    shared = layers.Flatten()(conv("conv1", 4, 1)(image))
    return keras.Model(image, [dense(2, name="size")(shared), dense(name="kind")(shared)])


@pytest.fixture(params=[backbone, autoencoder, detector, two_heads])
def model(request: pytest.FixtureRequest) -> Any:
    return request.param()


def test_activations(model: Any) -> None:
    conv1 = relu_conv(tf.constant(images()), *weights_of(model)("conv1")).numpy()
    assert_equal(ActivationExtractor(model, ["conv1"])(images())["conv1"], conv1)


def test_channels_and_feature_images(model: Any) -> None:
    conv1 = relu_conv(tf.constant(images()), *weights_of(model)("conv1")).numpy()
    census = channels(model, images(), LABELS, "conv1")
    np.testing.assert_allclose(census.mean, conv1.mean(axis=(0, 1, 2)), rtol=1e-4)
    per_class = [conv1[label == LABELS].mean(axis=(0, 1, 2)) for label in (0, 1)]
    np.testing.assert_allclose(census.class_means[:, :2], np.transpose(per_class), rtol=1e-4)
    found = activation_maximization(model, "conv1", [0, 1], steps=4)
    made = relu_conv(tf.constant(found.images), *weights_of(model)("conv1")).numpy().mean(axis=(1, 2))
    np.testing.assert_allclose(found.activations, made[[0, 1], [0, 1]], rtol=1e-4)


def test_the_verdict_says_what_cannot_be_asked(model: Any) -> None:
    verdict = inspect_model(model)
    assert (verdict.head, verdict.classes, verdict.task) == ("none", 0, "no classes")
    assert verdict.logit_error < 1e-5 and verdict.layer("conv1").output_shape == (8, 8, 4)
    assert verdict.warning is not None and "maps and probabilities of a class cannot" in verdict.warning
    assert verdict.cam_layer is not None


@pytest.mark.parametrize("ask", [GradCAM, Saliency, Explainer])
def test_what_needs_a_class_refuses(ask: Any, model: Any) -> None:
    with pytest.raises(ValueError, match=r"one number per class|output= to name one of the model's 2 outputs"):
        ask(model)


def test_an_output_by_name_has_its_classes() -> None:
    verdict = inspect_model(two_heads(), output="kind")
    assert (verdict.head, verdict.classes) == ("softmax", 3)
