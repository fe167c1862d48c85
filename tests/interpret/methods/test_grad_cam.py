"""Grad-CAM: by hand, as loops, by its laws, null and planted, refusals."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal
from small_models import SHAPE, dense, images, sequential

from featurelens.interpret import GradCAM

pytestmark = pytest.mark.numeric

layers = keras.layers
IMAGE = np.float32([[[[0.2], [0.8]], [[1.0], [0.4]]]])  # [1,2,2,1]


def weighed(*means: float) -> Any:
    """Logit k = means[k] * mean(x), through a 1x1 convolution of weight 1 on a 2x2 image."""
    conv, last = layers.Conv2D(1, 1, use_bias=False, name="conv"), layers.Dense(len(means), "softmax", use_bias=False)
    model = keras.Sequential([keras.Input((2, 2, 1)), conv, layers.GlobalAveragePooling2D(), last])
    conv.set_weights([np.ones((1, 1, 1, 1))])
    last.set_weights([np.float32([means])])
    return model


def test_by_hand() -> None:
    """d logit 0 / d A = 3 / 4 at each of the four places; the mean is 3/4; the map is 3/4 of the image.

    Class 1 has -1/4: all of it is cut off. 0 versus 1: (3 + 1) / 4 = 1. 1 versus 0: all cut off.
    """
    cam = GradCAM(weighed(3, -1))
    np.testing.assert_allclose(cam(IMAGE, 0), 0.75 * IMAGE[..., 0], rtol=1e-6)
    np.testing.assert_array_equal(cam(IMAGE, 1), np.zeros((1, 2, 2)))
    np.testing.assert_allclose(cam(IMAGE, 0, versus=1), IMAGE[..., 0], rtol=1e-6)
    np.testing.assert_array_equal(cam(IMAGE, 1, versus=0), np.zeros((1, 2, 2)))


def test_one_sigmoid_unit_by_hand() -> None:
    """z = 2 mean(x): class 1 is +z, map x / 2; class 0 is -z, nothing; 1 versus 0 is 2 z, map x."""
    conv, last = layers.Conv2D(1, 1, use_bias=False), layers.Dense(1, "sigmoid", use_bias=False)
    model = keras.Sequential([keras.Input((2, 2, 1)), conv, layers.GlobalAveragePooling2D(), last])
    model.set_weights([np.ones((1, 1, 1, 1)), np.full((1, 1), 2.0)])
    cam = GradCAM(model)
    np.testing.assert_allclose(cam(IMAGE, 1), 0.5 * IMAGE[..., 0], rtol=1e-6)
    np.testing.assert_allclose(cam(IMAGE), 0.5 * IMAGE[..., 0], rtol=1e-6)  # z > 0: class 1 is predicted
    np.testing.assert_array_equal(cam(IMAGE, 0), np.zeros((1, 2, 2)))
    np.testing.assert_allclose(cam(IMAGE, 1, versus=0), IMAGE[..., 0], rtol=1e-6)


def test_as_loops() -> None:
    """Flatten and dense after the layer: the gradient at (i, j, k) is that row of the dense weights."""
    model = sequential()
    kernel = model.get_layer("dense").get_weights()[0].reshape(4, 4, 5, 3)
    features = keras.Model(model.inputs[0], model.get_layer("conv2").output)(images()).numpy()
    classes = [0, 1, 2]
    expected = np.zeros((3, 4, 4))
    for image, chosen in enumerate(classes):
        for channel in range(5):
            weight = sum(kernel[i, j, channel, chosen] for i in range(4) for j in range(4)) / 16
            expected[image] += weight * features[image, :, :, channel]
    assert_equal(GradCAM(model)(images(), classes), np.maximum(expected, 0).astype(np.float32))


def test_linear_in_the_score() -> None:
    model = sequential()
    before = GradCAM(model)(images(), 1)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([3 * kernel, bias + 7])  # a constant added to the score changes no map
    assert_equal(GradCAM(model)(images(), 1), 3 * before)


def test_blind_to_channel_order() -> None:
    model, order = sequential(), [3, 0, 4, 1, 2]
    before = GradCAM(model)(images(), 1)
    conv, last = model.get_layer("conv2"), model.get_layer("dense")
    conv.set_weights([array[..., order] for array in conv.get_weights()])
    kernel, bias = last.get_weights()
    last.set_weights([kernel.reshape(16, 5, 3)[:, order].reshape(80, 3), bias])
    assert_equal(GradCAM(model)(images(), 1), before)


def test_a_batch_of_two_is_two_batches_of_one() -> None:
    cam = GradCAM(sequential())
    both = cam(images(count=2), [0, 1])
    assert_equal(np.concatenate([cam(images(count=2)[[i]], i) for i in (0, 1)]), both)


def test_without_classes_it_is_the_predicted_one() -> None:
    model = sequential()
    predicted = model(images()).numpy().argmax(axis=1)
    cam = GradCAM(model)
    np.testing.assert_array_equal(cam(images()), cam(images(), predicted))
    assert np.abs(cam(images()) - cam(images(), (predicted + 1) % 3)).max() > 0.01


def test_null_a_class_that_looks_at_nothing() -> None:
    model = sequential()
    kernel, bias = model.layers[-1].get_weights()
    kernel[:, 2] = 0
    model.layers[-1].set_weights([kernel, bias])
    np.testing.assert_array_equal(GradCAM(model)(images(), 2), np.zeros((3, 4, 4)))


def test_planted_the_bright_corner_is_the_evidence() -> None:
    """The class is 'mean brightness'; one corner is bright: the largest value lies there."""
    planted = np.zeros((2, 8, 8, 1), np.float32)
    planted[0, 1, 6], planted[1, 7, 2] = 1, 1
    conv, last = layers.Conv2D(2, 1, use_bias=False), layers.Dense(2, use_bias=False)
    model = keras.Sequential([keras.Input((8, 8, 1)), conv, layers.GlobalAveragePooling2D(), last])
    model.set_weights([np.float32([[[[1, -1]]]]), np.float32([[1, -1], [0, 1]])])
    maps = GradCAM(model)(planted, 0)
    assert [np.unravel_index(found.argmax(), found.shape) for found in maps] == [(1, 6), (7, 2)]
    assert (np.sort(maps.reshape(2, -1))[:, :-1] == 0).all()


def test_any_layer_with_a_map() -> None:
    model = sequential()
    assert GradCAM(model, "pool")(images(), 1).shape == (3, 4, 4)
    assert np.abs(GradCAM(model, "conv1")(images(), 1)).max() > 0.001


@pytest.mark.parametrize("layer", ["flatten", "dense"])
def test_a_layer_without_a_map_is_refused(layer: str) -> None:
    with pytest.raises(
        ValueError, match=rf"map of places.*Layer '{layer}' puts out .*Choose one .*: conv1, pool, conv2"
    ):
        GradCAM(sequential(), layer)


def test_a_model_without_any_map_is_refused() -> None:
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense()])
    with pytest.raises(ValueError, match=r"has none.*such as Saliency"):
        GradCAM(model)


class Block(layers.Layer):
    """A transformer block over patches, as vision transformers have it."""

    def __init__(self) -> None:
        super().__init__(name="block")
        self.norm, self.attention = layers.LayerNormalization(), layers.MultiHeadAttention(2, 4, name="attention")

    def call(self, inputs):
        normed = self.norm(inputs)
        return inputs + self.attention(normed, normed)


def vision_transformer() -> Any:
    image = keras.Input(SHAPE)
    patches = layers.Reshape((16, 6), name="tokens")(layers.Conv2D(6, 2, 2, name="patches")(image))
    return keras.Model(image, dense()(layers.GlobalAveragePooling1D()(Block()(patches))))


def test_vision_transformer_at_its_patches() -> None:
    keras.utils.set_random_seed(3)
    model = vision_transformer()
    after = keras.Sequential(model.layers[2:-1])
    with tf.GradientTape() as tape:
        tape.watch(patches := model.get_layer("patches")(images()))
        pooled = after(tf.reshape(patches, (3, 16, 6)))
        score = (pooled @ model.layers[-1].kernel + model.layers[-1].bias)[:, 1]
    weights = tape.gradient(score, patches).numpy().mean(axis=(1, 2))
    expected = np.maximum(np.einsum("bhwc,bc->bhw", patches.numpy(), weights), 0)
    assert_equal(GradCAM(model)(images(), 1), expected)


def test_vision_transformer_at_its_tokens() -> None:
    # the mean of all tokens is read: the gradient behind the block is the same at each, the class's weights over their number
    model = vision_transformer()
    tokens = keras.Model(model.input, model.get_layer("block").output)(images()).numpy().reshape(3, 4, 4, 6)
    evidence = tokens @ model.layers[-1].kernel.numpy() / 16
    label = int(evidence.max(axis=(0, 1, 2)).argmax())  # something speaks for it, whatever the weights
    assert_equal(GradCAM(model, "block")(images(), label), np.maximum(evidence[..., label], 0))
    np.testing.assert_allclose(GradCAM(model, "tokens")(images(), 1), GradCAM(model)(images(), 1), rtol=1e-4, atol=1e-6)
    assert GradCAM(model, "block/attention")(images(), 1).shape == (3, 4, 4)


def test_vision_transformer_without_a_map() -> None:
    with pytest.raises(ValueError, match=r"shape \(B, H, W, C\).*puts out \('B', 2, 16, 16\).*have a map: patches"):
        GradCAM(vision_transformer(), "attention/attention")
