"""Maps averaged down by two products, against TensorFlow's own way and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from featurelens.interpret.layers.coarse_grid import averaged_down


@pytest.mark.parametrize(("shape", "grid"), [((2, 7, 5, 3), (3, 2)), ((1, 28, 28, 2), (5, 5)), ((3, 4, 6, 1), (4, 3))])
def test_it_is_the_area_method_of_tensorflow(shape: tuple[int, ...], grid: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = tf.image.resize(values, grid, method="area").numpy()
    np.testing.assert_allclose(averaged_down(tf.constant(values), *grid), expected, atol=1e-6)


def test_a_pixel_between_two_cells_counts_for_both_by_its_share() -> None:
    found = averaged_down(tf.constant([3.0, 6.0, 9.0], shape=(1, 1, 3, 1)), 1, 2)
    np.testing.assert_allclose(np.ravel(found), [(3 + 6 / 2) / 1.5, (6 / 2 + 9) / 1.5], rtol=1e-6)


def test_maps_of_an_open_size_are_averaged_when_their_size_is_known() -> None:
    values = np.random.default_rng(1).normal(size=(2, 9, 9, 3)).astype(np.float32)
    run = tf.function(lambda maps: averaged_down(maps, 3, 3))
    found = run.get_concrete_function(tf.TensorSpec((None, None, None, 3)))(tf.constant(values))
    np.testing.assert_allclose(found, averaged_down(tf.constant(values), 3, 3), atol=1e-6)
