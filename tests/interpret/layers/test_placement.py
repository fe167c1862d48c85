"""Where the places of a layer lie, against where they are drawn: by hand, and on models that cut the picture."""

from __future__ import annotations

import keras
import pytest
from keras import ops
from small_models import dense

from featurelens.interpret import inspect_model
from featurelens.interpret.layers.placement import largest_shift, misplaced
from featurelens.interpret.layers.receptive_field import Axis, ReceptiveField

layers = keras.layers


def test_the_shift_by_hand() -> None:
    """Middles drawn at (i + 1/2) N / n - 1/2: 1.5, 5.5, 9.5 and 13.5 of 4 places in 16 pixels."""
    assert largest_shift(Axis(4, 4, 1.5), 4, 16) == 0
    assert largest_shift(Axis(4, 4, 0), 4, 16) == 1.5
    assert largest_shift(Axis(1, 1, 0), 4, 16) == 10.5  # the last lies at 3


def model_after(*first: keras.layers.Layer) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            *first,
            layers.Conv2D(2, 3, padding="same", name="last"),
            layers.GlobalAveragePooling2D(),
            dense(3),
        ]
    )


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ((layers.CenterCrop(8, 8),), "pixels 4 to 11 of 0 to 15 and 4 to 11 of 0 to 15"),
        ((layers.Cropping2D(((0, 0), (8, 0))),), "pixels 0 to 15 of 0 to 15 and 8 to 15 of 0 to 15"),
        (tuple(layers.Conv2D(2, 3) for _ in range(4)), "pixels 4 to 11 of 0 to 15"),
        ((layers.Conv2D(2, 3, padding="same"), layers.MaxPooling2D()), None),
        ((layers.Conv2D(2, 3), layers.MaxPooling2D()), None),  # less than a place beside
    ],
)
def test_a_model_that_cuts_the_picture_is_said_to(first, said) -> None:
    told = inspect_model(model_after(*first)).warning
    assert said is None if told is None else said is not None and said in told and "last" in told


def test_a_layer_that_branches_share_is_said_to_be_one_of_several_calls() -> None:
    """Left and right half of the picture, through the same convolution; one after the other is no branch."""
    image, once = keras.Input((16, 16, 3)), layers.Conv2D(3, 3, padding="same", name="shared")
    halves = [layers.Cropping2D(((0, 0), sides))(image) for sides in ((0, 8), (8, 0))]
    beside = layers.Concatenate()([layers.GlobalAveragePooling2D()(once(half)) for half in halves])
    told = inspect_model(keras.Model(image, dense(3)(beside)))
    assert told.cam_layer == "shared:1" and "this call alone. Name another to see that: shared." in str(told.warning)
    behind = layers.GlobalAveragePooling2D()(once(once(image)))
    told = inspect_model(keras.Model(image, dense(3)(behind)))
    assert (told.cam_layer, told.warning) == ("shared:1", None)


def test_nothing_is_said_of_what_is_not_known() -> None:
    field = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0))
    assert misplaced("a", None, (4, 4), (16, 16)) is None
    assert misplaced("a", field, (None, 4), (16, 16)) is None
    assert misplaced("a", field, (4, 4), (16, 16)) is not None


def moving(change) -> keras.Model:
    image = keras.Input((12, 12, 3))
    maps = keras.layers.Conv2D(2, 3, padding="same", name="conv")(change(image))
    return keras.Model(image, dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: ops.flip(image, 2), "mirrors the picture"),
        (lambda image: image[:, ::-1], "mirrors the picture"),
        (lambda image: ops.transpose(image, (0, 2, 1, 3)), "exchanges rows and columns"),
        (lambda image: ops.roll(image, 3, axis=1), "rolls the picture"),
        (lambda image: ops.stack(ops.fft2((image[..., 0], image[..., 1])), axis=-1), "into waves"),
        (lambda image: image[..., ::-1], None),  # red and blue, as Caffe has them
        (lambda image: ops.flip(image, -1), None),
        (lambda image: ops.transpose(ops.transpose(image, (0, 3, 1, 2)), (0, 2, 3, 1)), None),
    ],
)
def test_a_model_that_moves_the_places_is_said_to(change, said) -> None:
    warning = inspect_model(moving(change)).warning
    if said is None:
        assert warning is None
    else:
        assert f"{said} before its first convolution, so the places of conv are not those of the picture" in (
            warning or ""
        )


def test_what_is_moved_behind_the_layer_is_not_said() -> None:
    image = keras.Input((12, 12, 3))
    maps = ops.flip(keras.layers.Conv2D(2, 3, padding="same")(image), 1)
    model = keras.Model(image, dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    assert inspect_model(model).warning is None
