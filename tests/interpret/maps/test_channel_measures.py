"""Measures of each channel against NumPy in double precision, where TensorFlow's own reductions lose digits."""

import numpy as np
import pytest
import tensorflow as tf

from featurelens.interpret.maps.channel_measures import GreyPictures, largest_of_channels, means_of_channels

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("channels", [1, 3, 40])
def test_mean_and_largest_equal_their_definitions(channels):
    values = np.random.default_rng(0).normal(0.1, 1, (2, 9, 13, channels)).astype(np.float32)
    np.testing.assert_allclose(means_of_channels(tf.constant(values)), values.mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_array_equal(largest_of_channels(tf.constant(values)), values.max(axis=(1, 2)))


def test_a_map_of_one_value_has_that_mean_however_many_places_it_has():
    mean = np.asarray(means_of_channels(tf.fill([1, 224, 224, 3], 0.1)))
    np.testing.assert_allclose(mean, np.float32(0.1), rtol=1e-5)  # tf.reduce_mean is off by 6e-4 here


def test_sizes_left_open_are_those_that_come():
    values = np.random.default_rng(1).random((2, 6, 10, 3)).astype(np.float32)
    run = tf.function(
        lambda maps: (means_of_channels(maps), largest_of_channels(maps)),
        input_signature=[tf.TensorSpec((None, None, None, 3))],
    )
    mean, largest = run(values)
    np.testing.assert_allclose(mean, values.mean(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_array_equal(largest, values.max(axis=(1, 2)))


@pytest.mark.parametrize("grid", [(12, 8), (6, 4), (5, 3)])
def test_a_grey_picture_at_a_grid_is_the_mean_over_each_cell_without_its_own_mean(grid):
    image = np.random.default_rng(2).random((2, 12, 8, 3)).astype(np.float32)
    grey = tf.constant(image.mean(axis=3, keepdims=True))
    expected = np.asarray(tf.image.resize(grey, grid, method="area"))
    pictures = GreyPictures(tf.constant(image))
    found = pictures.at(tf.zeros((2, *grid, 7)))
    np.testing.assert_allclose(found, expected - expected.mean(axis=(1, 2), keepdims=True), atol=1e-6)
    assert pictures.at(tf.zeros((2, *grid, 9))) is found
