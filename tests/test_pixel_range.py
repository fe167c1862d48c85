"""The range of the pixels beside the model's own rescaling."""

import warnings

import keras
import numpy as np
import pytest

from featurelens.models import Dataset
from featurelens.models.pixel_range import warn_of_range


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


def test_a_model_without_rescaling_is_silent():
    plain = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    warn_of_range(plain, data(255))
