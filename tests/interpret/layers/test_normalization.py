"""Moving statistics beside those of the images: set right, set wrong, and a model that is left as it was."""

import keras
import numpy as np
import pytest

from featurelens.interpret.layers.normalization import mode_gap, normalization_drift

pytestmark = pytest.mark.numeric
DRAW = np.random.default_rng(0)
LABELS = np.arange(64) % 2
IMAGES = DRAW.normal(size=(64, 4, 4, 1)).astype(np.float32) + np.where(LABELS, 2.0, -2.0)[:, None, None, None].astype(
    "f4"
)


def model_with(moving_mean, moving_variance, gamma=(2.0, -1.0)):
    """Two channels, x and -3 x + 1, normalised; then class 1 where the first, averaged, is above 0."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(2, 1, name="conv"),
            keras.layers.BatchNormalization(name="norm", epsilon=1e-6),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.get_layer("conv").set_weights([np.array([[[[1.0, -3.0]]]]), np.array([0.0, 1.0])])
    model.get_layer("norm").set_weights([np.array(gamma), np.array([0.0, 5.0]), moving_mean, moving_variance])
    model.layers[-1].set_weights([np.array([[-1.0, 1.0], [0.0, 0.0]]), np.zeros(2)])
    return model


CHANNELS = np.stack([IMAGES, -3 * IMAGES + 1]).reshape(2, -1)


def test_the_statistics_of_the_images_themselves_are_right():
    (found,) = normalization_drift(model_with(CHANNELS.mean(axis=1), CHANNELS.var(axis=1)), IMAGES)
    assert found.mean_off == pytest.approx(0, abs=1e-4) and found.deviation == pytest.approx(1, rel=1e-4)
    assert (found.layer, found.channels) == ("norm", 2)


def test_untrained_statistics_are_off_by_what_the_images_are():
    # mean 0 and variance 1 in both channels: z is x itself
    (found,) = normalization_drift(model_with(np.zeros(2), np.ones(2)), IMAGES, batch_size=7)
    assert found.mean_off == pytest.approx(np.median(np.abs(CHANNELS.mean(axis=1))), rel=1e-3)
    assert found.deviation == pytest.approx(np.median(CHANNELS.std(axis=1)), rel=1e-3)


def test_a_channel_scaled_to_nothing_is_left_out():
    (found,) = normalization_drift(model_with(np.zeros(2), np.ones(2), gamma=(1.0, 0.0)), IMAGES)
    assert found.channels == 1 and np.isfinite(found.deviation)


def test_wrong_statistics_cost_the_accuracy_in_use_only():
    model = model_with(np.full(2, 50.0), np.ones(2))
    in_use = float((np.asarray(model(IMAGES)).argmax(axis=1) == LABELS).mean())
    broken = mode_gap(model, IMAGES, LABELS, in_use)
    assert broken.in_training == 1 and broken.in_use == 0.5 and broken.images == 64
    assert mode_gap(model, IMAGES, LABELS, in_use, batch_size=20).in_training == 1


def test_the_model_is_as_before():
    model = model_with(np.full(2, 50.0), np.ones(2))
    before = model.get_weights()
    mode_gap(model, IMAGES, LABELS, 0.5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_without_batch_normalisation_nothing_is_said():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    assert normalization_drift(model, IMAGES) == () and mode_gap(model, IMAGES, LABELS, 1.0) is None
