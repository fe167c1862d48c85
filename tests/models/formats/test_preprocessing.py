"""Preprocessing: equal to Keras's own functions, by name and by numbers; code only where it is allowed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from featurelens.models.formats.preprocessing import preprocessing

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 5, 4, 3)).astype(np.float32)
ORACLES = {
    "caffe": keras.applications.vgg16.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
    "tf": keras.applications.mobilenet_v2.preprocess_input,
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_preset_is_kerass_function(name):
    found = preprocessing(name)
    given = IMAGES.copy()
    np.testing.assert_allclose(found(given), ORACLES[name](IMAGES.copy()), rtol=0, atol=255 * 2.0**-22)
    np.testing.assert_array_equal(given, IMAGES)  # the images that people see stay as they are


@pytest.mark.parametrize("name", ["caffe", "torch", "tf", "mean=0.5,std=0.25"])
def test_the_range_holds_black_white_and_every_colour(name):
    found = preprocessing(name)
    corners = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.float32)[:, None, None]
    made = found(corners)
    assert found.value_range == pytest.approx((made.min(), made.max()), rel=1e-5)


def test_each_image_is_standardised_as_tensorflow_does():
    flat = np.full((1, 5, 4, 3), 7, np.float32)  # no deviation: divided by that of one in N
    for images in (IMAGES, flat):
        wanted = tf.image.per_image_standardization(images).numpy()
        np.testing.assert_allclose(preprocessing("per-image")(images), wanted, atol=1e-5)


def test_mean_and_deviation_by_hand():
    # numbers up to 1 are of pixels from 0 to 1: (255 / 255 - 0.5) / 0.25 = 2
    white = np.full((1, 1, 1, 3), 255, np.float32)
    np.testing.assert_allclose(preprocessing("mean=0.5,std=0.25")(white), 2)
    np.testing.assert_allclose(preprocessing("mean=155,100,55,std=100,31,50")(white).ravel(), [1, 5, 4])
    torch = preprocessing("mean=0.485,0.456,0.406,std=0.229,0.224,0.225")
    np.testing.assert_array_equal(torch(IMAGES), preprocessing("torch")(IMAGES))


def half(images: np.ndarray) -> np.ndarray:
    return images / 2


def test_a_function_of_ones_own_needs_leave():
    name = f"{__name__}:half"
    with pytest.raises(ValueError, match="Expected --allow-code"):
        preprocessing(name)
    np.testing.assert_array_equal(preprocessing(name, allow_code=True)(IMAGES), IMAGES / 2)
    with pytest.raises(ValueError, match="can be imported"):
        preprocessing("no_such_module:half", allow_code=True)
    with pytest.raises(ValueError, match="to keep the shape"):
        preprocessing("numpy:sum", allow_code=True)(IMAGES)


@pytest.mark.parametrize("name", ["resnet", "mean=0.5", "mean=0.5,std=0", "mean=1,2,std=1,2", "mean=a,std=b"])
def test_other_words_are_refused_with_those_that_there_are(name):
    with pytest.raises(ValueError, match=r"mean=|caffe, torch, tf, per-image"):
        preprocessing(name)


def test_grey_images_have_no_blue():
    with pytest.raises(ValueError, match=r"3 channels for --preprocess caffe. Received 1"):
        preprocessing("caffe")(IMAGES[..., :1])
