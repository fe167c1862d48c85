"""The survey of the layers: by hand on set weights, as loops, and on truths known beforehand."""

import keras
import numpy as np
import pytest

from featurelens.interpret import ActivationExtractor, GradCAM
from featurelens.interpret.layers.survey import survey_layers

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def model():
    """Three 1x1 channels: the picture itself, its negative through a ReLU (silent on pictures >= 0), a constant 1."""
    inputs = keras.Input((4, 4, 1))
    maps = keras.layers.Conv2D(3, 1, activation="relu", name="conv")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    outputs = keras.layers.Dense(2, activation="softmax", name="dense")(pooled)
    made = keras.Model(inputs, outputs)
    made.get_layer("conv").set_weights([np.array([[[[1.0, -1.0, 0.0]]]]), np.array([0.0, 0.0, 1.0])])
    made.get_layer("dense").set_weights([np.array([[4.0, -4.0], [0.0, 0.0], [-2.0, 2.0]]), np.zeros(2)])
    return made


@pytest.fixture(scope="module")
def images():
    """Forty pictures above 0 everywhere; the odd ones are bright."""
    pictures = np.random.default_rng(0).uniform(0.05, 0.4, (40, 4, 4, 1)).astype(np.float32)
    pictures[1::2] += 0.5
    return pictures


@pytest.fixture(scope="module")
def surveyed(model, images):
    return survey_layers(model, images, np.arange(40) % 2, ["conv", "pool"], batch_size=16)


def test_the_silent_channel_is_found_and_no_other(surveyed):
    conv = surveyed.layers[1]
    assert conv.name == "conv"
    assert conv.silent_channels.tolist() == [1]


def test_two_of_three_channels_are_active_everywhere(surveyed):
    # channel 0 is the picture, above 0 at every place; channel 1 never; channel 2 always: 2/3 of the units
    assert surveyed.layers[1].active_share == pytest.approx(2 / 3)


def test_the_copied_picture_correlates_fully_and_constant_maps_are_left_out(surveyed):
    # channel 0 is the picture (r = 1); channels 1 and 2 are constant and have no correlation
    assert surveyed.layers[1].image_correlation == pytest.approx(1.0, abs=1e-5)
    assert np.isnan(surveyed.layers[2].image_correlation)


def test_sizes_left_open_are_no_equal_sizes():
    """A pooled layer beside the picture: both are open in the graph, and of 4 and 8 pixels in fact."""
    pictures = np.random.default_rng(3).random((10, 8, 8, 1)).astype(np.float32)
    found = []
    for side in (8, None):
        image = keras.Input((side, side, 1))
        pooled = keras.layers.AveragePooling2D(2, name="pool")(keras.layers.Conv2D(1, 1, name="conv")(image))
        model = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(pooled)))
        model.get_layer("conv").set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
        found.append(survey_layers(model, pictures, np.arange(10) % 2, ["pool"]).layers[1].image_correlation)
    assert found == pytest.approx([1.0, 1.0], abs=1e-4)


def test_the_correlation_is_the_mean_of_numpys_over_images_and_channels():
    generator = np.random.default_rng(3)
    inputs = keras.Input((6, 6, 1))
    maps = keras.layers.Conv2D(2, 3, padding="same", name="conv")(inputs)
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(maps))
    model = keras.Model(inputs, outputs)
    pictures = generator.random((10, 6, 6, 1)).astype(np.float32)
    found = survey_layers(model, pictures, np.arange(10) % 2, ["conv"]).layers[1].image_correlation
    conv = ActivationExtractor(model, ["conv"])(pictures)["conv"]
    expected = [
        abs(np.corrcoef(conv[b, :, :, c].ravel(), pictures[b].ravel())[0, 1]) for b in range(10) for c in range(2)
    ]
    assert found == pytest.approx(np.mean(expected), rel=1e-4)


def test_a_class_told_by_brightness_is_read_off_every_layer(surveyed):
    assert [layer.probe.accuracy for layer in surveyed.layers] == [1.0] * 4
    assert [layer.name for layer in surveyed.layers] == ["image", "conv", "pool", "logits"]


def test_labels_without_relation_are_read_off_by_chance_only(model, images):
    labels = np.random.default_rng(5).integers(0, 2, 40)
    found = survey_layers(model, images, labels, ["pool"]).layers[1].probe.accuracy
    assert 0.2 <= found <= 0.8


def test_peaks_and_logits_are_those_of_the_single_methods(model, images, surveyed):
    np.testing.assert_allclose(surveyed.grad_cam_peak, GradCAM(model)(images).max(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(surveyed.probabilities, np.asarray(model(images)), atol=1e-6)


def test_batches_change_nothing(model, images, surveyed):
    at_once = survey_layers(model, images, np.arange(40) % 2, ["conv", "pool"], batch_size=64)
    for one, other in zip(surveyed.layers, at_once.layers, strict=True):
        assert one.active_share == pytest.approx(other.active_share, nan_ok=True)
        assert one.image_correlation == pytest.approx(other.image_correlation, nan_ok=True, rel=1e-5)
        assert one.probe.accuracy == pytest.approx(other.probe.accuracy, abs=1 / 20)  # one of the 20 may tip over
        assert (one.probe.fitted, one.probe.tested) == (other.probe.fitted, other.probe.tested) == (20, 20)


def test_an_unknown_layer_names_the_nearest(model, images):
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        survey_layers(model, images, np.arange(40) % 2, ["cnov"])
