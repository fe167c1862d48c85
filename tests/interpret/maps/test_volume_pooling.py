"""Max pooling in volumes: each window's gradient goes to the first of its largest places, as loops and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from featurelens.interpret.maps.volume_pooling import mend_volume_pooling, pooled_by_slices

pytestmark = pytest.mark.numeric


def slopes(volumes: np.ndarray, window: tuple[int, ...], strides: tuple[int, ...], padding: str, weights: np.ndarray):
    """d (sum of weights times pooled values) / d volumes, after mending."""

    @tf.function
    def run(given: tf.Tensor) -> tf.Tensor:
        pooled = tf.nn.max_pool3d(given, window, strides, padding)
        mend_volume_pooling(pooled.graph)
        return tf.gradients(tf.reduce_sum(pooled * weights), given)[0]

    return run(tf.constant(volumes)).numpy()


def test_zeros_that_tie_get_no_more_than_came() -> None:
    found = slopes(
        np.zeros((1, 2, 2, 4, 1), np.float32), (2, 2, 2), (2, 2, 2), "VALID", np.float32([3, 5]).reshape(-1, 1)
    )
    assert np.argwhere(found[0, ..., 0]).tolist() == [[0, 0, 0], [0, 0, 2]]
    assert found.sum() == 8


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
@pytest.mark.parametrize(
    ("window", "strides"), [((2, 2, 2), (2, 2, 2)), ((3, 2, 3), (2, 1, 2)), ((1, 3, 2), (1, 2, 2))]
)
def test_windows_that_overlap_as_a_loop(window, strides, padding) -> None:
    draw = np.random.default_rng(0)
    volumes = draw.integers(-1, 3, (2, 5, 6, 4, 3)).astype(np.float32)  # few values, so that many tie
    expected_form = tf.nn.max_pool3d(volumes, window, strides, padding)
    weights = draw.normal(size=expected_form.shape).astype(np.float32)
    expected, pooled = np.zeros_like(volumes), np.zeros(expected_form.shape, np.float32)
    before = [
        max((out - 1) * step + side - size, 0) // 2 if padding == "SAME" else 0
        for out, step, side, size in zip(expected_form.shape[1:4], strides, window, volumes.shape[1:4], strict=True)
    ]
    for image, *place, channel in np.ndindex(*expected_form.shape):
        starts = [at * step - pad for at, step, pad in zip(place, strides, before, strict=True)]
        ranges = (
            [i for i in range(start, start + side) if 0 <= i < size]
            for start, side, size in zip(starts, window, volumes.shape[1:4], strict=True)
        )
        largest = max(
            itertools.product(*ranges), key=lambda where: volumes[(image, *where, channel)]
        )  # the first of them
        expected[(image, *largest, channel)] += weights[(image, *place, channel)]
        pooled[(image, *place, channel)] = volumes[(image, *largest, channel)]
    np.testing.assert_array_equal(pooled, expected_form)
    np.testing.assert_array_equal(
        pooled, pooled_by_slices(tf.constant(volumes), [1, *window, 1], [1, *strides, 1], padding)
    )
    np.testing.assert_allclose(slopes(volumes, window, strides, padding, weights), expected, atol=1e-5)


def test_a_graph_without_volumes_is_left_alone() -> None:
    with tf.Graph().as_default() as graph:
        tf.nn.max_pool2d(tf.zeros((1, 2, 2, 1)), 2, 2, "VALID")
        before = graph.as_graph_def()
        mend_volume_pooling(graph)
        assert graph.as_graph_def() == before
