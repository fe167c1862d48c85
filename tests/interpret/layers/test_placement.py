"""Where the places of a layer lie, against where they are drawn: by hand, and on models that cut the picture."""

from __future__ import annotations

import keras
import pytest
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


def test_nothing_is_said_of_what_is_not_known() -> None:
    field = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0))
    assert misplaced("a", None, (4, 4), (16, 16)) is None
    assert misplaced("a", field, (None, 4), (16, 16)) is None
    assert misplaced("a", field, (4, 4), (16, 16)) is not None
