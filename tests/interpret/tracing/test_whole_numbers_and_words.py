"""Inputs that have no gradient: methods that need none there are right, the others say which these are."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from oracle import Case, assert_equal, by_hand
from small_models import SHAPE, chained, dense, images, plain_forward, plain_layers

from featurelens.interpret import (
    ActivationExtractor,
    GradCAM,
    Occlusion,
    Saliency,
    inspect_model,
    max_sensitivity,
    road,
)
from featurelens.interpret.tracing.inputs import as_dtype

layers = keras.layers
pytestmark = pytest.mark.numeric
CLASSES = np.array([0, 1, 2])
BYTES = np.rint(images() * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def of_bytes() -> Any:
    image = keras.Input(SHAPE, dtype="uint8")
    return keras.Model(image, chained(layers.Rescaling(1 / 255)(image), plain_layers()))


def test_maps_of_a_picture_of_whole_numbers(of_bytes: Any) -> None:
    """Held against the same network by hand, on the picture as real numbers."""
    plain = keras.Sequential([keras.Input(SHAPE), *plain_layers()])
    plain.set_weights(of_bytes.get_weights())
    real = BYTES.astype(np.float32) / 255
    expected = by_hand(Case(plain, real, plain_forward, "conv2"), CLASSES)
    assert_equal(GradCAM(of_bytes)(BYTES, CLASSES), expected.grad_cam)
    assert_equal(GradCAM(of_bytes)(real * np.float32(255), CLASSES), expected.grad_cam)  # scaled there and back
    assert_equal(Occlusion(of_bytes, 4, 4)(BYTES, CLASSES), Occlusion(plain, 4, 4)(real, CLASSES), share=1e-4)
    assert inspect_model(of_bytes).head == "softmax"


def test_a_method_that_needs_the_gradient_says_which_do_not(of_bytes: Any) -> None:
    with pytest.raises(ValueError, match=r"Received uint8 for the image.*Occlusion, RISE or ScoreCAM"):
        Saliency(of_bytes)
    with pytest.raises(ValueError, match=r"whole numbers \(uint8\).*Received fractions"):
        GradCAM(of_bytes)(images())


def test_whole_numbers_are_rounded_and_cut_not_wrapped_around() -> None:
    given = np.array([-3.2, -0.4, 0.5, 1.5, 254.6, 300.0], np.float32)
    np.testing.assert_array_equal(as_dtype(given, "uint8"), np.array([0, 0, 0, 2, 255, 255], np.uint8))
    assert as_dtype(given, "float32") is given


class Whole(layers.Layer):
    """What a picture of bytes does to real numbers: rounded, and cut at black and white."""

    def call(self, inputs):
        return keras.ops.clip(keras.ops.round(inputs), 0, 255)


def test_pixels_filled_in_with_noise_stay_bytes(of_bytes: Any) -> None:
    """ROAD adds noise to what it fills in: below black, and above white, a byte would wrap around."""
    real = keras.Sequential([keras.Input(SHAPE), Whole(), layers.Rescaling(1 / 255), *plain_layers()])
    real.set_weights(of_bytes.get_weights())
    extreme = np.where(BYTES > 127, 255, 0).astype(np.float32)
    maps = {"m": images()[..., 0]}
    found, expected = (road(model, extreme, maps, noise=0.2)["m"].removal for model in (of_bytes, real))
    np.testing.assert_allclose(found.most, expected.most, atol=1e-5)
    np.testing.assert_allclose(found.least, expected.least, atol=1e-5)
    assert np.ptp(found.most) > 1e-3


def test_noise_on_bytes_is_made_of_bytes(of_bytes: Any) -> None:
    seen: list[np.ndarray] = []

    def method(pictures: np.ndarray, classes: np.ndarray, *_: Any) -> np.ndarray:
        seen.append(pictures)
        return GradCAM(of_bytes)(pictures, classes)

    found = max_sensitivity(method, BYTES, CLASSES, samples=2)
    assert all(pictures.dtype == np.uint8 for pictures in seen) and (found.largest > 0).any()
    assert 0 < np.abs(seen[1].astype(int) - BYTES).max() <= 6  # 2 % of 255, and half a step


@pytest.fixture(scope="module")
def of_words() -> Any:
    words = keras.Input((), dtype="string", name="text")
    numbers = layers.Hashing(16)(words)
    return keras.Model(words, dense()(layers.Embedding(16, 5, name="embedded")(numbers)))


def test_words(of_words: Any) -> None:
    given = np.array(["cat", "dog", "cat"])
    found = ActivationExtractor(of_words, ["embedded"])(given)["embedded"]
    np.testing.assert_array_equal(found[0], found[2])
    assert np.abs(found[0] - found[1]).max() > 0
    assert inspect_model(of_words, given).classes == 3
    with pytest.raises(ValueError, match=r"since its input 'text' takes words. Received none. Give a few"):
        inspect_model(of_words)
    with pytest.raises(ValueError, match=r"Received string for the image.*ActivationExtractor for words"):
        Saliency(of_words)
    with pytest.raises(ValueError, match=r"Expected words for input 'text'.*one string per row"):
        ActivationExtractor(of_words)(np.zeros(3))
