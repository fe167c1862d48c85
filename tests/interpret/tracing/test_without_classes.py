"""No class needed, no class asked: what looks at layers takes models that answer no score per class."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal, weights_of
from small_models import SHAPE, chained, conv, dense, images, plain_layers, relu_conv, seeded

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


def unet() -> Any:
    """Down twice, up twice, each level joined to the one that it came from; a class for every pixel."""
    image = keras.Input(SHAPE)
    high = conv("conv1", 4, 1)(image)
    middle = conv("conv2", 5, 2)(layers.MaxPooling2D()(high))
    low = conv("conv3", 6, 3)(layers.MaxPooling2D()(middle))
    joined = layers.Concatenate(name="join2")([layers.Conv2DTranspose(5, 2, 2, name="up2", **seeded(4))(low), middle])
    back = conv("conv4", 5, 5)(joined)
    joined = layers.Concatenate(name="join1")([layers.Conv2DTranspose(4, 2, 2, name="up1", **seeded(6))(back), high])
    back = conv("conv5", 4, 7)(joined)
    return keras.Model(image, layers.Conv2D(3, 1, activation="softmax", name="mask", **seeded(8))(back))


def unet_by_hand(model: Any, pixels: Any) -> dict[str, tf.Tensor]:
    """The same in plain TensorFlow."""
    weights = weights_of(model)

    def up(tensor: tf.Tensor, name: str) -> tf.Tensor:
        kernel, bias = weights(name)
        size = (len(tensor), 2 * tensor.shape[1], 2 * tensor.shape[2], kernel.shape[2])
        return tf.nn.conv2d_transpose(tensor, kernel, size, 2, "SAME") + bias

    high = relu_conv(tf.convert_to_tensor(pixels), *weights("conv1"))
    middle = relu_conv(tf.nn.max_pool2d(high, 2, 2, "VALID"), *weights("conv2"))
    low = relu_conv(tf.nn.max_pool2d(middle, 2, 2, "VALID"), *weights("conv3"))
    join2 = tf.concat([up(low, "up2"), middle], axis=-1)
    conv4 = relu_conv(join2, *weights("conv4"))
    join1 = tf.concat([up(conv4, "up1"), high], axis=-1)
    conv5 = relu_conv(join1, *weights("conv5"))
    kernel, bias = weights("mask")
    mask = tf.nn.softmax(tf.nn.conv2d(conv5, kernel, 1, "SAME") + bias)
    found = {"conv3": low, "join2": join2, "conv4": conv4, "join1": join1, "conv5": conv5, "mask": mask}
    return {"conv1": high, "conv2": middle, **found}


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


@pytest.fixture(params=[backbone, autoencoder, unet, detector, two_heads])
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


def test_a_unet_through_its_skip_connections() -> None:
    model, pixels = unet(), images()
    expected = unet_by_hand(model, pixels)
    found = ActivationExtractor(model)(pixels)
    for name, values in expected.items():
        assert_equal(found[name], values.numpy())
    verdict = inspect_model(model, pixels)
    assert verdict.layer("join1").inputs == ("conv1", "up1") and verdict.layer("join2").inputs == ("conv2", "up2")
    assert verdict.cam_layer == "mask" and verdict.layer("mask").output_shape == (8, 8, 3)


def test_feature_images_and_channels_behind_a_skip_connection() -> None:
    model, pixels = unet(), images()
    found = activation_maximization(model, "conv5", [0, 2], steps=4)
    made = unet_by_hand(model, found.images)["conv5"].numpy().mean(axis=(1, 2))
    np.testing.assert_allclose(found.activations, made[[0, 1], [0, 2]], rtol=1e-4)
    census = channels(model, pixels, LABELS, "conv5")
    np.testing.assert_allclose(
        census.mean, unet_by_hand(model, pixels)["conv5"].numpy().mean(axis=(0, 1, 2)), rtol=1e-4
    )
