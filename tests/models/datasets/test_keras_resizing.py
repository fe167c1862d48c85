"""Resizing for a model: the values of Keras's own loaders, for every interpolation and fit."""

from __future__ import annotations

import itertools
import platform

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from featurelens.models.datasets.resizing import FITS, INTERPOLATIONS, Resizing

IMAGE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)
SIZES = [(16, 16), (64, 64), (37, 53), (20, 90), (1, 7)]
FUSED = platform.machine().lower() not in ("x86_64", "amd64")  # there a product and a sum may be one rounding


def as_image_dataset(folder, size, **options) -> np.ndarray:
    (folder / "a").mkdir(exist_ok=True)
    Image.fromarray(IMAGE).save(folder / "a" / "1.png")
    found = keras.utils.image_dataset_from_directory(
        folder, image_size=size, batch_size=1, shuffle=False, verbose=0, **options
    )
    return next(iter(found))[0].numpy()


def compared(found: np.ndarray, wanted: np.ndarray) -> None:
    if FUSED:
        np.testing.assert_allclose(found, wanted, rtol=0, atol=255 * 2.0**-21)
    else:
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fit", FITS)
def test_bilinear_is_image_dataset_from_directory(tmp_path, size, fit):
    options = {"stretch": {}, "crop": {"crop_to_aspect_ratio": True}, "pad": {"pad_to_aspect_ratio": True}}[fit]
    compared(Resizing("bilinear", fit)(IMAGE[None], *size), as_image_dataset(tmp_path, size, **options))


@pytest.mark.parametrize("name", ["area", "bicubic"])
def test_area_and_bicubic_are_image_dataset_from_directory(tmp_path, name):
    compared(Resizing(name)(IMAGE[None], 16, 20), as_image_dataset(tmp_path, (16, 20), interpolation=name))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fit", ["stretch", "crop"])
def test_nearest_is_load_img(tmp_path, size, fit):
    Image.fromarray(IMAGE).save(tmp_path / "1.png")
    wanted = keras.utils.load_img(tmp_path / "1.png", target_size=size, keep_aspect_ratio=fit == "crop")
    np.testing.assert_array_equal(Resizing("nearest", fit)(IMAGE[None], *size)[0], keras.utils.img_to_array(wanted))


def test_bilinear_by_hand():
    np.testing.assert_array_equal(Resizing()(np.float32([0, 4]).reshape(1, 1, 2, 1), 1, 4).ravel(), [0, 1, 3, 4])


@pytest.mark.parametrize(("name", "fit"), list(itertools.product(INTERPOLATIONS, FITS)))
def test_a_batch_of_two_is_two_batches_of_one(name, fit):
    two = np.stack([IMAGE, IMAGE[::-1]])
    apart = np.concatenate([Resizing(name, fit)(image[None], 16, 24) for image in two])
    np.testing.assert_allclose(Resizing(name, fit)(two, 16, 24), apart, rtol=1e-6, atol=1e-4)


def test_an_image_of_the_size_wanted_stays():
    assert np.array_equal(Resizing("bicubic", "pad")(IMAGE[None], 37, 53)[0], IMAGE)
    assert tf.image.resize(IMAGE, (37, 53)).shape == IMAGE.shape


def test_other_words_are_refused():
    with pytest.raises(ValueError, match=r"--interpolation out of bilinear, nearest, area, bicubic. Received 'linear'"):
        Resizing("linear")
    with pytest.raises(ValueError, match=r"--fit out of stretch, crop, pad"):
        Resizing("bilinear", "squeeze")
    with pytest.raises(ValueError, match="at least 1x1"):
        Resizing()(IMAGE[None], 0, 4)
