"""What a unit can see: by the formulas, and by the pixels that truly reach it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from featurelens.interpret import inspect_model
from featurelens.interpret.layers.receptive_field import Axis, ReceptiveField

layers = keras.layers
SIZE = 21


def field_of(*parts: Any, size: int | None = SIZE) -> ReceptiveField:
    """The field of the last of the layers."""
    model = keras.Sequential([keras.Input((size, size, 2)), *parts, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    field = inspect_model(model).layers[len(parts) - 1].receptive_field
    assert field is not None
    return field


def conv(size: Any, strides: Any = 1, padding: str = "valid", dilation: Any = 1) -> Any:
    return layers.Conv2D(2, size, strides, padding, dilation_rate=dilation, kernel_initializer="ones")


# (r, j, c) -> r + (k - 1) j, j s, c + ((k - 1) / 2 - p) j, by hand
BY_HAND = {
    "3x3": ([conv(3)], Axis(3, 1, 1)),  # centre of the first unit: pixel 1
    "3x3 same": ([conv(3, padding="same")], Axis(3, 1, 0)),  # one pixel of padding: centre at pixel 0
    "twice 3x3": ([conv(3), conv(3)], Axis(5, 1, 2)),
    "stride 2": ([conv(3, 2), conv(3)], Axis(7, 2, 3)),  # 3 + 2 * 2; 1 + 1 * 2
    "dilation 3": ([conv(3, dilation=3)], Axis(7, 1, 3)),  # k = 3 * 2 + 1
    "pooling": ([layers.MaxPooling2D(2), conv(3)], Axis(6, 2, 2.5)),  # 2 + 2 * 2; 0.5 + 1 * 2
    "average pooling": ([conv(3), layers.AveragePooling2D(3)], Axis(5, 3, 2)),
    "zero padding": ([layers.ZeroPadding2D(2), conv(3)], Axis(3, 1, -1)),  # 1 - 2
    "cropping": ([layers.Cropping2D(2), conv(3)], Axis(3, 1, 3)),
    "upsampling": (
        [layers.MaxPooling2D(3), layers.UpSampling2D(3)],
        Axis(5, 1, 0),
    ),  # units at 0, 1, 2 see pixels 0 to 2
    "transposed": ([layers.Conv2DTranspose(2, 2, 2)], Axis(1.5, 0.5, -0.25)),  # two units on each pixel
    "depthwise": ([layers.DepthwiseConv2D(5)], Axis(5, 1, 2)),
    "separable": ([layers.SeparableConv2D(2, 5)], Axis(5, 1, 2)),
    "groups": ([layers.Conv2D(2, 5, 2, groups=2)], Axis(5, 2, 2)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    parts, expected = BY_HAND[name]
    field = field_of(*parts)
    assert field.rows == expected and field.columns == expected and not field.whole


def test_rows_and_columns_are_apart() -> None:
    field = field_of(conv((1, 5), (1, 2)))
    assert (field.rows, field.columns) == (Axis(1, 1, 0), Axis(5, 2, 2))


def test_past_a_global_pooling_a_unit_sees_all() -> None:
    field = field_of(conv(3), layers.GlobalMaxPooling2D(keepdims=True))
    assert field.whole
    assert field.box(0, 0, 7, 9) == (0, 0, 7, 9)


def test_box_is_cut_at_the_border() -> None:
    field = ReceptiveField(Axis(3, 2, 0), Axis(3, 2, 0))
    assert field.box(0, 1, 10, 10) == (0, 1, 2, 4)  # rows -1..1, columns 1..3


def test_open_sizes() -> None:
    assert field_of(conv(3), conv(3, 2), size=None).rows == Axis(5, 2, 2)


def residual(image: Any) -> Any:
    short = conv(1, 2, "same")(image)
    return layers.Add()([short, conv(3, padding="same")(conv(3, 2, "same")(image))])


def network(parts: list[Any]) -> Any:
    def build(image: Any) -> Any:
        for part in parts:
            image = part(image)
        return image

    return build


SEEN = {
    **{name: network(parts) for name, (parts, _) in BY_HAND.items()},
    "residual": residual,
    "dilated same": network([conv(3, padding="same", dilation=2), conv(3, 2, "same")]),
    "strided same, odd and even": network([conv(4, 2, "same"), conv(3, 3, "same")]),
    "transposed 3 by 2": network([conv(3, 2), layers.Conv2DTranspose(2, 3, 2, "same")]),
    "bilinear": network([layers.MaxPooling2D(3), layers.UpSampling2D(3, interpolation="bilinear")]),
}


LOOSE = {"pooling", "upsampling", "bilinear", "transposed"}  # one pixel wins, or units differ


@pytest.mark.parametrize("name", SEEN)
def test_the_box_holds_every_pixel_that_reaches_the_unit(name: str) -> None:
    """All weights are positive and nothing cancels: the pixels with a gradient are those that are seen."""
    image = keras.Input((SIZE, SIZE, 2))
    features = SEEN[name](image)
    model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(features)))
    for weight in model.trainable_weights:
        weight.assign(tf.ones_like(weight) * 0.1)
    verdict = inspect_model(model)
    field = verdict.layers[-3].receptive_field
    assert field is not None and not field.whole
    probe = keras.Model(image, features)
    units = range(min(features.shape[1:3]))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.ones((len(units), SIZE, SIZE, 2)))
        out = tf.nn.avg_pool(probe(x), 1, 1, "VALID")
        score = tf.add_n([tf.reduce_sum(out[unit, unit, unit]) for unit in units])  # one unit of each image
    reached = np.abs(tape.gradient(score, x).numpy()).sum(axis=3) > 0
    tight = []
    for unit in units:
        rows, columns = (np.flatnonzero(reached[unit].any(axis=axis)) for axis in (1, 0))
        top, left, bottom, right = field.box(unit, unit, SIZE, SIZE)
        assert top <= rows[0] and rows[-1] < bottom and left <= columns[0] and columns[-1] < right
        tight.append((top, left, bottom, right) == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1))
    if not LOOSE & set(name.split()):
        assert all(tight)  # where a gradient reaches all that is seen, the box is no larger
