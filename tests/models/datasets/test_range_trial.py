"""The range that a model takes: read from its first layers' statistics, or tried on labelled images and contradicted."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.pixel_range import (
    assumed_range,
    first_statistics,
    range_remark,
    stated_range,
    states_its_range,
)
from featurelens.models.datasets.range_trial import RangeTrial, try_ranges


def shades(count: int = 32) -> Dataset:
    """Images of noise around 0.3 (class 0) and 0.7 (class 1), from 0 to 1."""
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).random((count, 4, 4, 1), np.float32) * 0.4 - 0.2
    return Dataset(
        np.clip(0.3 + 0.4 * labels[:, None, None, None] + noise, 0, 1).astype(np.float32),
        labels,
        ("dark", "bright"),
        "made",
    )


def tells_apart(middle: float, steepness: float, *first: keras.layers.Layer) -> keras.Model:
    """Bright where the mean is above `middle`."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            *first,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.layers[-1].set_weights([np.float32([[-steepness, steepness]]), np.float32([steepness, -steepness]) * middle])
    return model


@pytest.mark.parametrize(("white", "wanted"), [(1, "0-1"), (255, "0-255")])
def test_a_normalization_states_its_range(white, wanted):
    first = keras.layers.Normalization(axis=-1, mean=0.5 * white, variance=(0.25 * white) ** 2)
    model = tells_apart(0, 5, first)
    assert first_statistics(model) == pytest.approx((0.5 * white, 0.25 * white))
    assert stated_range(model, shades()) == wanted == assumed_range(model, shades()) and states_its_range(model)


def test_a_normalization_to_minus_one_to_one_is_told_from_0_to_1():
    model = tells_apart(0, 5, keras.layers.Normalization(axis=-1, mean=0.0, variance=0.25))
    assert stated_range(model, shades()) == "-1-1"


def test_a_batch_normalisation_that_was_trained_states_its_range():
    first = keras.layers.BatchNormalization()
    model = tells_apart(0, 5, first)
    assert first_statistics(model) is None and not states_its_range(model)  # untrained: mean 0, variance 1
    first.set_weights([np.float32([1]), np.float32([0]), np.float32([120]), np.float32([3600])])
    assert stated_range(model, shades()) == "0-255"
    remark = range_remark(model, shades())
    assert remark is not None and "mean of 120" in remark and "--scale 0-255" in remark
    assert range_remark(model, shades().scaled(0, 255)) is None


def test_no_range_is_stated_where_none_fits():
    model = tells_apart(0, 5, keras.layers.Normalization(axis=-1, mean=1e6, variance=1.0))
    assert stated_range(model, shades()) is None and range_remark(model, shades()) is None


def test_a_rescaling_is_read():
    assert assumed_range(tells_apart(0.5, 9, keras.layers.Rescaling(1 / 255)), shades()) == "0-255"
    assert assumed_range(tells_apart(0.5, 9), shades()) == "0-1"


@pytest.mark.parametrize(("middle", "steepness", "best"), [(0.5, 20, "0-1"), (127.5, 0.1, "0-255"), (0, 10, "-1-1")])
def test_the_range_of_the_training_has_the_least_loss(middle, steepness, best):
    for assumed in ("0-1", "0-255", "-1-1"):
        trial = try_ranges(tells_apart(middle, steepness), shades(), assumed)
        assert trial is not None and trial.best == best and trial.contradicts == (assumed != best)
        assert f"{best} {trial.losses[best]:.2f}" in str(trial)
    # the same images in another range tell the same
    assert try_ranges(tells_apart(middle, steepness), shades().scaled(0, 255), "0-1").losses[best] == pytest.approx(
        trial.losses[best], rel=1e-4
    )


def test_few_images_and_a_model_that_knows_nothing_contradict_nothing():
    assert not try_ranges(tells_apart(127.5, 0.1), shades(10), "0-1").contradicts
    assert not try_ranges(tells_apart(-300, 0.01), shades(), "0-1").contradicts


def test_one_unit_and_logits_are_scores_too():
    one = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)])
    one.layers[-1].set_weights([np.float32([[0.2]]), np.float32([-25.5])])
    assert try_ranges(one, shades(), "0-1").contradicts
    assert try_ranges(one, Dataset(shades().images, shades().labels, ("a", "b", "c"), "three"), "0-1") is None


def test_what_knows_the_images_is_not_contradicted_by_a_range_that_makes_it_surer():
    """Trained on 0 to 1, its loss is 0.01 there; 255 times the values leave every answer as it is and make it 0."""

    def trial(assumed: float) -> RangeTrial:
        return RangeTrial("0-1", {"0-1": np.full(32, assumed), "0-255": np.full(32, 1e-7)}, np.log(2))

    assert not trial(0.02).contradicts and trial(0.3).contradicts
