"""The last convolution may lie on one of several ways to the answer: it stays the default, and what it misses is said."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from small_models import SHAPE, conv, dense, images

from featurelens.interpret import GradCAM, inspect_model

layers = keras.layers


def concatenated(image: Any) -> Any:
    maps = conv("conv1", 4, 1)(image)
    joined = layers.Concatenate(name="joined")([conv("left", 2, 2)(maps), conv("right", 3, 3)(maps)])
    return keras.Model(image, dense()(layers.Flatten()(layers.ReLU(name="after")(joined))))


def added(image: Any) -> Any:
    maps = conv("conv1", 4, 1)(image)
    return keras.Model(image, dense()(layers.Flatten()(layers.Add(name="sum")([maps, conv("conv2", 4, 2)(maps)]))))


def past_all_maps(image: Any) -> Any:
    maps = conv("conv1", 4, 1)(image)
    return keras.Model(image, dense()(layers.Concatenate()([layers.Flatten()(maps), layers.Flatten()(image)])))


def squeezed(image: Any) -> Any:
    """Channels weighted by what the same maps are on average: all of it follows from the convolution."""
    maps = conv("conv1", 4, 1)(image)
    weights = dense(4, "sigmoid", "squeeze")(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(image, dense()(layers.Flatten()(layers.Multiply()([maps, layers.Reshape((1, 1, 4))(weights)]))))


def shaped(image: Any) -> Any:
    """The image's shape alone goes by: what it holds does not."""
    maps = conv("conv1", 4, 1)(image)
    zeros = keras.ops.zeros_like(image)[..., :1]
    return keras.Model(image, dense()(layers.Flatten()(layers.Concatenate()([maps, zeros]))))


@pytest.mark.parametrize(
    ("build", "default", "said"),
    [
        (concatenated, "right", "after has them all: layer='after'"),
        (added, "conv2", "sum has them all: layer='sum'"),
        (past_all_maps, "conv1", "no layer behind it that has places has them all"),
        (squeezed, "conv1", None),
        (shaped, "conv1", None),
    ],
)
def test_what_goes_by_the_default_layer_is_said(build: Any, default: str, said: str | None) -> None:
    found = inspect_model(build(keras.Input(SHAPE)), images())
    assert found.cam_layer == default
    if said is None:
        assert found.warning is None
    else:
        assert f"beside {default} (" in (found.warning or "")
        assert said in (found.warning or "")


def test_the_layer_that_is_named_sees_what_the_default_does_not() -> None:
    model, given = concatenated(keras.Input(SHAPE)), images()
    kernel, bias = model.layers[-1].get_weights()
    of_left = np.arange(len(kernel)) % 5 < 2
    kernel[~of_left] = 0  # the answer follows from the left branch alone
    model.layers[-1].set_weights([kernel, bias])
    assert np.abs(GradCAM(model).before_cut(given, 1)).max() == 0
    assert np.abs(GradCAM(model, "after").before_cut(given, 1)).max() > 1e-3
