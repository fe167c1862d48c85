"""The gradient of a convolution of grey pictures: by hand, and as TensorFlow's own, to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from featurelens.interpret.maps.grey_convolution import at_pictures, mend_grey_convolution


def slopes(pictures: np.ndarray, weights: np.ndarray, given: np.ndarray, *, mended: bool, **how: Any) -> Any:
    """The gradients of a convolution's weighted sum at its pictures and its weights, and the operation that made the first."""
    types: list[str] = []

    @tf.function
    def run(at: tf.Tensor, by: tf.Tensor) -> Any:
        found = tf.nn.conv2d(at, by, **how)
        if mended:
            mend_grey_convolution(found.graph)
        made = tf.gradients(tf.reduce_sum(found * given), [at, by])
        types.append(made[0].op.type)
        return made

    at_picture, at_weights = run(tf.constant(pictures), tf.constant(weights))
    return at_picture.numpy(), at_weights.numpy(), types[0]


def test_one_place_puts_its_weights_where_it_looks() -> None:
    """Only place (1, 2) of the output counts, 1 in channel 0: the picture's gradient is the kernel of channel 0 there."""
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1) * np.eye(1, 16, dtype=np.float32)
    slope = np.zeros((1, 4, 4, 16), np.float32)
    slope[0, 1, 2, 0] = 1
    found = np.asarray(at_pictures(tf.constant(slope), tf.constant(kernel), (1, 5, 6, 1), same=False))[0, ..., 0]
    expected = np.zeros((5, 6))
    expected[1:3, 2:5] = [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [(3, 3), (2, 4), (5, 1)])
def test_it_is_tensorflows_own(padding: str, size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    pictures, weights = (random.normal(size=shape).astype(np.float32) for shape in ((3, 9, 7, 1), (*size, 1, 16)))
    given = random.normal(size=tf.nn.conv2d(pictures, weights, 1, padding).shape).astype(np.float32)
    how = {"strides": 1, "padding": padding}
    found = slopes(pictures, weights, given, mended=True, **how)
    own = slopes(pictures, weights, given, mended=False, **how)
    assert found[2] != own[2] and np.abs(own[0]).max() > 1
    for one, other in zip(found[:2], own[:2], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 * np.abs(other).max())


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((3, 3, 2, 16), {}),
        ((3, 3, 1, 8), {}),
        ((3, 3, 1, 16), {"strides": 2}),
        ((3, 3, 1, 16), {"dilations": 2}),
        ((3, 3, 1, 16), {"padding": [[0, 0], [1, 2], [0, 1], [0, 0]]}),
    ],
)
def test_any_other_convolution_keeps_its_own(shape: tuple[int, ...], how: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    pictures, weights = (random.normal(size=size).astype(np.float32) for size in ((2, 8, 8, shape[2]), shape))
    how = {"strides": 1, "padding": "SAME"} | how
    given = random.normal(size=tf.nn.conv2d(pictures, weights, **how).shape).astype(np.float32)
    found, own = (slopes(pictures, weights, given, mended=mended, **how) for mended in (True, False))
    assert found[2] == own[2] == "Conv2DBackpropInput"
    np.testing.assert_allclose(found[0], own[0], atol=1e-5 * np.abs(own[0]).max())
