"""What a unit of a layer of series or volumes can see: by hand, and by the places that truly reach it."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from featurelens.interpret import ActivationExtractor, inspect_model
from featurelens.interpret.layers.receptive_field import Axis, PlacesField
from featurelens.interpret.layers.signal_input import with_channel

layers = keras.layers
ONES = {"kernel_initializer": "ones", "use_bias": False}


def series(*parts: Any, length: int = 22) -> Any:
    return keras.Sequential([keras.Input((length, 1)), *parts, layers.GlobalAveragePooling1D(), layers.Dense(2)])


# per axis (r, j, c) -> r + (k - 1) j, j s, c + ((k - 1) / 2 - p) j, by hand
BY_HAND = {
    "two convolutions": ([layers.Conv1D(2, 3, **ONES), layers.Conv1D(2, 5, 2, **ONES)], Axis(7, 2, 3)),
    "same, pooled": ([layers.Conv1D(2, 3, padding="same", **ONES), layers.MaxPooling1D(2)], Axis(4, 2, 0.5)),
    # k = 2 * 2 + 1: 2 + 4 * 2; four units of padding before: 0.5 + (2 - 4) * 2
    "causal, dilated": (
        [layers.AveragePooling1D(2), layers.Conv1D(2, 3, dilation_rate=2, padding="causal", **ONES)],
        Axis(10, 2, -3.5),
    ),
    "padded, normalised": (
        [layers.ZeroPadding1D(2), layers.Conv1D(1, 3, **ONES), layers.BatchNormalization()],
        Axis(3, 1, -1),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_of_series_by_hand_and_by_what_reaches_a_unit(name: str) -> None:
    parts, expected = BY_HAND[name]
    model = series(*parts)
    found = inspect_model(model).layers[len(parts) - 1]
    assert found.receptive_field == PlacesField((expected,))
    answers = ActivationExtractor(model, found.name)(np.eye(22, dtype=np.float32)[..., np.newaxis])[found.name]
    for unit in range(answers.shape[1]):
        reached = np.flatnonzero(np.abs(answers[:, unit]).max(axis=-1) > 0)
        first, last = expected.span(unit, 22)
        assert reached[0] >= first and reached[-1] < last, unit
        if first > 0 and last < 22 and "pool" not in name:
            assert (reached[0], reached[-1]) == (first, last - 1)


def test_of_volumes_by_what_reaches_a_unit() -> None:
    sizes = (6, 5, 7)
    parts = [layers.Conv3D(1, (3, 1, 2), **ONES), layers.AveragePooling3D((1, 2, 3))]
    model = keras.Sequential([keras.Input((*sizes, 1)), *parts, layers.Flatten(), layers.Dense(2)])
    *_, pooled, flat, _ = inspect_model(model).layers
    assert pooled.receptive_field == PlacesField((Axis(3, 1, 1), Axis(2, 2, 0.5), Axis(4, 3, 1.5)))
    assert flat.receptive_field is not None and flat.receptive_field.whole
    dots = np.eye(int(np.prod(sizes)), dtype=np.float32).reshape(-1, *sizes, 1)
    answers = ActivationExtractor(model, pooled.name)(dots)[pooled.name]
    for unit in itertools.product(*map(range, answers.shape[1:4])):
        places = np.array(np.unravel_index(np.flatnonzero(answers[(slice(None), *unit, 0)]), sizes))
        spans = [axis.span(at, size) for axis, at, size in zip(pooled.receptive_field.axes, unit, sizes, strict=True)]
        assert [(low, high + 1) for low, high in zip(places.min(axis=1), places.max(axis=1), strict=True)] == spans


def test_a_channel_that_is_put_before_a_model_hides_nothing() -> None:
    bare = keras.Sequential(
        [
            keras.Input((22,)),
            layers.Reshape((22, 1)),
            layers.Conv1D(2, 5, name="conv"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    found = inspect_model(with_channel(bare))
    assert found.layer("conv").receptive_field == PlacesField((Axis(5, 1, 2),))
    assert found.axes == "(B, T, C)" and found.cam_layer == "conv"
    values = np.random.default_rng(0).random((3, 22), dtype=np.float32)
    np.testing.assert_allclose(with_channel(bare)(values[..., np.newaxis]), bare(values), rtol=1e-6)
    dense = inspect_model(with_channel(keras.Sequential([keras.Input((22,)), layers.Dense(22), layers.Dense(2)])))
    assert dense.layers[-1].receptive_field is not None and dense.layers[-1].receptive_field.whole


def test_a_grey_picture_whose_channel_is_gone_is_not_taken_for_a_series() -> None:
    rows = [
        layers.Conv2D(1, 3),
        layers.Reshape((6, 6)),
        layers.Conv1D(2, 3, name="along"),
        layers.Flatten(),
        layers.Dense(2),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *rows])
    assert inspect_model(model).layer("along").receptive_field is None
