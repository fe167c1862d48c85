"""Saliency: by hand, as loops, by its laws, null and planted, refusals."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from oracle import assert_equal
from small_models import images, sequential

from featurelens.interpret import Saliency

pytestmark = pytest.mark.numeric

layers = keras.layers


def linear_model(weights: np.ndarray) -> Any:
    """Logit k = sum of weights[..., k] * x."""
    *shape, classes = weights.shape
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes, "softmax", use_bias=False)])
    model.set_weights([weights.reshape(-1, classes)])
    return model


WEIGHTS = np.random.default_rng(4).normal(size=(3, 4, 2, 3)).astype(np.float32)
X = images((3, 4, 2))


def test_by_hand() -> None:
    """Logit 0 = 3 x[0,0,0] - 5 x[0,0,1] + x[0,1,0]; logit 1 = x[0,0,0].

    Class 0: max(3, 5) = 5 and max(1, 0) = 1. Versus 1: max(|3 - 1|, 5) = 5 and 1. Class 1: 1 and 0.
    """
    weights = np.zeros((1, 2, 2, 2), np.float32)
    weights[0, 0, :, 0], weights[0, 1, 0, 0], weights[0, 0, 0, 1] = [3, -5], 1, 1
    saliency, x = Saliency(linear_model(weights)), np.ones((1, 1, 2, 2), np.float32)
    np.testing.assert_array_equal(saliency(x, 0), [[[5, 1]]])
    np.testing.assert_array_equal(saliency(x, 1), [[[1, 0]]])
    np.testing.assert_array_equal(saliency(x, 0, versus=1), [[[5, 1]]])
    np.testing.assert_array_equal(saliency(x * 7, 0), [[[5, 1]]])  # a slope, not a contribution


def test_as_loops() -> None:
    """By differences: the score after each value of each pixel moves up and down a little, in turn."""
    model, step = sequential(), 2.0**-8
    logits = keras.Sequential([*model.layers[:-1], layers.Dense(3)])
    x = images(count=1)
    logits(x)
    logits.set_weights(model.get_weights())
    moves = np.eye(192, dtype=np.float32).reshape(192, 8, 8, 3) * np.float32(step)
    slopes = (logits(x + moves).numpy()[:, 1] - logits(x - moves).numpy()[:, 1]) / (2 * step)
    expected = np.zeros((8, 8))
    for row in range(8):
        for column in range(8):
            for channel in range(3):
                expected[row, column] = max(expected[row, column], abs(slopes[(row * 8 + column) * 3 + channel]))
    near = np.abs(Saliency(model)(x, 1)[0] - expected) < 0.02 * expected.max()
    assert near.mean() > 0.8  # a pixel beside a bend of ReLU or of max pooling may differ


def test_the_largest_over_channels() -> None:
    found = Saliency(linear_model(WEIGHTS))(X, [0, 1, 2])
    for image in range(3):
        for row in range(3):
            for column in range(4):
                largest = max(abs(WEIGHTS[row, column, 0, image]), abs(WEIGHTS[row, column, 1, image]))
                assert found[image, row, column] == pytest.approx(largest, rel=1e-6)


def test_linear_in_the_score() -> None:
    once, twice = Saliency(linear_model(WEIGHTS)), Saliency(linear_model(-2 * WEIGHTS))
    assert_equal(twice(X, 1), 2 * once(X, 1))


def test_versus_has_no_side() -> None:
    saliency = Saliency(sequential())
    there, back = saliency(images(), 0, versus=2), saliency(images(), 2, versus=0)
    assert_equal(there, back)
    assert np.abs(there - saliency(images(), 0)).max() > 0.01
    np.testing.assert_array_equal(saliency(images(), 1, versus=1), np.zeros((3, 8, 8)))


def test_blind_to_channel_order() -> None:
    order = [1, 0]
    expected = Saliency(linear_model(WEIGHTS))(X, 1)
    assert_equal(Saliency(linear_model(WEIGHTS[:, :, order]))(X[..., order], 1), expected)


def test_a_batch_of_two_is_two_batches_of_one() -> None:
    saliency = Saliency(sequential())
    both = saliency(images(count=2), [2, 1])
    assert_equal(np.concatenate([saliency(images(count=2)[[i]], 2 - i) for i in (0, 1)]), both)


def test_null_a_pixel_that_is_not_read() -> None:
    blind = WEIGHTS.copy()
    blind[1, 2] = 0
    found = Saliency(linear_model(blind))(X, 0)
    assert (found[:, 1, 2] == 0).all() and (np.delete(found.reshape(3, -1), 6, axis=1) > 0).all()


def test_planted_the_pixel_that_decides_ranks_first() -> None:
    planted = WEIGHTS.copy()
    planted[2, 3, 1, 0] = -50  # against the class: its size counts, not its sign
    found = Saliency(linear_model(planted))(X, 0)
    assert [np.unravel_index(found[i].argmax(), (3, 4)) for i in range(3)] == [(2, 3)] * 3


def test_whole_numbers_have_no_slope() -> None:
    image = keras.Input((4, 4, 1), dtype="uint8")
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Rescaling(1 / 255)(image))))
    with pytest.raises(ValueError, match=r"Received uint8 for the image.*no gradient there: GradCAM"):
        Saliency(model)
