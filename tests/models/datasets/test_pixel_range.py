"""The range of the pixels beside the model's own rescaling."""

import warnings

import keras
import numpy as np
import pytest

from featurelens.models import Dataset
from featurelens.models.datasets.model_fit import first_scale, warn_of_range


def model(scale):
    """A model that rescales its input first, inside of a nested model too."""
    inner = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Rescaling(scale), keras.layers.Flatten()])
    return keras.Sequential([keras.Input((2, 2, 1)), inner, keras.layers.Dense(2)])


def data(high):
    images = np.linspace(0, high, 8, dtype=np.float32).reshape(2, 2, 2, 1)
    return Dataset(images, np.array([0, 1]), ("a", "b"), "made by hand", value_range=(0.0, float(high)))


@pytest.mark.parametrize(
    ("scale", "high", "remedy"),
    [(1 / 255, 1, "seen range from 0 to 1.*--scale 0-255"), (1.0, 255, "0 to 255.*--scale 0-1")],
)
def test_another_range_is_told_with_what_was_seen(scale, high, remedy):
    with pytest.warns(UserWarning, match=remedy):
        warn_of_range(model(scale), data(high))


@pytest.mark.parametrize(("scale", "high"), [(1 / 255, 255), (1 / 127.5, 255), (1.0, 1), (2.0, 1)])
def test_a_range_that_fits_is_silent(scale, high):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_range(model(scale), data(high))


def chain(*layers):
    """A model of these layers, all but the first of them in a nested model."""
    base = keras.Sequential([keras.Input((2, 2, 1)), *layers[1:], keras.layers.Flatten()])
    inputs = keras.Input((2, 2, 1))
    return keras.Model(inputs, keras.layers.Dense(2)(base(layers[0](inputs))))


def rescaling(scale):
    return keras.layers.Rescaling(scale)


def convolution():
    return keras.layers.Conv2D(1, 1)


@pytest.mark.parametrize(
    ("layers", "scale"),
    [
        ([rescaling(255), rescaling(1 / 255), convolution()], 1),  # as transfer learning on EfficientNetB0
        ([keras.layers.Resizing(2, 2), rescaling(0.5), convolution(), rescaling(9)], 0.5),  # the last sees no pixels
        ([rescaling([-0.5]), convolution(), rescaling(9), rescaling(3)], 0.5),
        ([convolution(), rescaling(0.5)], None),
        ([keras.layers.BatchNormalization(), rescaling(0.5)], None),
    ],
)
def test_the_rescalings_before_anything_else_count_together(layers, scale):
    found = first_scale(chain(*layers))
    assert found == (None if scale is None else pytest.approx(scale))


def test_arithmetic_between_the_layers_ends_what_is_known():
    inputs = keras.Input((2, 2, 1))
    scaled = rescaling(255)(inputs) / 128
    assert first_scale(keras.Model(inputs, rescaling(9)(scaled))) == 255


def test_no_range_is_advised_that_the_images_have_already():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_range(chain(rescaling(255), convolution()), data(1))  # a base that takes 0 to 255 itself
        warn_of_range(chain(rescaling(1 / 65535), convolution()), data(255))
    with pytest.warns(UserWarning, match="by 255, but .* 0 to 255.*--scale 0-1"):
        warn_of_range(chain(rescaling(255), convolution()), data(255))
    with pytest.warns(UserWarning, match="by 1, but .* 0 to 255.*--scale 0-1"):
        warn_of_range(chain(rescaling(255), rescaling(1 / 255)), data(255))


def test_a_model_without_rescaling_is_silent():
    plain = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    warn_of_range(plain, data(255))
