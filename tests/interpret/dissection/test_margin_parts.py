"""The channels' parts in a margin: by hand, complete where the rest is affine, and the same by HiResCAM."""

import keras
import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import ActivationExtractor, GradCAMState, HiResCAM
from featurelens.interpret.dissection.margin_parts import MarginPartsOf

pytestmark = pytest.mark.numeric


def test_by_hand():
    # channels are x and 2x; class 0 weighs them 1 and 3, class 1 weighs them 2 and 0: parts of 0 - 1 are -x and 6x
    weights = np.zeros((1, 2, 2, 2))
    weights[:, :, 0], weights[:, :, 1] = [1, 2], [3, 0]
    model = linear_cam_model([[1.0, 2.0]], weights)
    images = np.array([0.25, 0.5], np.float32).reshape(1, 1, 2, 1)
    found = MarginPartsOf(model, "conv")(images, 0, 1)
    np.testing.assert_allclose(found.parts, [[-0.75, 4.5]], rtol=1e-6)
    assert found.layer == "conv" and found.margin[0] == pytest.approx(3.75)
    assert found.largest(1).tolist() == [[1]]


@pytest.mark.parametrize("pooled", [False, True])
def test_the_parts_add_up_to_the_margin_where_the_rest_is_affine(pooled):
    model = random_cnn(0)
    if pooled:
        convolved = model.get_layer("conv2").output
        head = keras.layers.Dense(3, activation="softmax")
        model = keras.Model(model.inputs[0], head(keras.layers.GlobalAveragePooling2D()(convolved)))
        draw = np.random.default_rng(1)
        head.set_weights([draw.normal(size=array.shape) for array in head.get_weights()])
    bias = model.layers[-1].get_weights()[1]
    images = random_images(1, 8)
    found = MarginPartsOf(model)(images, 2, 0)
    np.testing.assert_allclose(found.parts.sum(axis=1) + bias[2] - bias[0], found.margin, rtol=1e-4, atol=1e-4)
    maps = HiResCAM(model)(images, 2, 0)
    np.testing.assert_allclose(found.parts.sum(axis=1), maps.sum(axis=(1, 2)), rtol=1e-4, atol=1e-4)


def test_units_of_a_dense_layer():
    model = random_cnn(2)
    images = random_images(3, 4)
    flat = MarginPartsOf(model, model.layers[-2].name)(images, 1, 0)
    channels = MarginPartsOf(model, "conv2")(images, 1, 0)
    np.testing.assert_allclose(flat.parts.reshape(4, -1, 5).sum(axis=1), channels.parts, rtol=1e-4, atol=1e-4)


def test_swapping_the_classes_turns_the_sign():
    model, images = random_cnn(4), random_images(5, 3)
    one, other = MarginPartsOf(model)(images, 0, 1), MarginPartsOf(model)(images, 1, 0)
    np.testing.assert_allclose(one.parts, -other.parts, rtol=1e-5, atol=1e-6)


def test_the_parts_of_a_map_state_are_those_of_the_margin() -> None:
    model, images = random_cnn(0), random_images(0, 5)
    look = GradCAMState(model, "conv2", beside=["conv1"])
    found, activations = look.with_activations(images, 1)
    expected = MarginPartsOf(model, "conv2")(images, 1, 0).parts
    np.testing.assert_allclose(found["parts"] - look(images, 0)["parts"], expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(activations["conv1"], ActivationExtractor(model, "conv1")(images)["conv1"], rtol=1e-6)
