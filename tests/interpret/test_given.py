"""Images, classes and layers as people have them: each form says the same as the array, and what is unclear is refused."""

import itertools

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import (
    ActivationExtractor,
    Explainer,
    GradCAM,
    MultiLayerCAM,
    Occlusion,
    channels,
    inspect_model,
    measure_trust,
    survey_layers,
)
from featurelens.interpret.given import class_numbers, given_images, layer_name, layer_names
from featurelens.models import Dataset

NAMES = ("cat", "dog", "owl")


@pytest.fixture(scope="module")
def model():
    return random_cnn(3)


@pytest.fixture(scope="module")
def images():
    return random_images(5, 7)


@pytest.fixture(scope="module")
def data(images):
    return Dataset.from_arrays(images, [0, 1, 2, 0, 1, 2, 0], NAMES)


def pairs(images, labels):
    return ((image, label) for image, label in zip(images, labels, strict=True))


def sources(images, labels):
    import tensorflow as tf

    pair = tf.data.Dataset.from_tensor_slices((images, labels))
    return {
        "Dataset": Dataset.from_arrays(images, labels, NAMES),
        "tensor": tf.constant(images),
        "tf.data batches of pairs": pair.batch(3),
        "tf.data single pairs": pair,
        "tf.data of images": tf.data.Dataset.from_tensor_slices(images).batch(2),
        "generator of images": iter(images),
        "generator of pairs": pairs(images, labels),
        "generator of batches": (images[start : start + 3] for start in range(0, len(images), 3)),
        "generator of one-hot batches": ((images[k : k + 2], np.eye(3)[labels[k : k + 2]]) for k in range(0, 7, 2)),
    }


@pytest.mark.parametrize("kind", list(sources(np.zeros((7, 6, 6, 2), np.float32), np.zeros(7, int))))
def test_each_form_says_what_the_array_says(kind, model, images, data):
    source = sources(images, data.labels)[kind]
    np.testing.assert_array_equal(GradCAM(model)(source), GradCAM(model)(images))


@pytest.mark.parametrize("kind", ["tf.data batches of pairs", "generator of pairs", "generator of one-hot batches"])
def test_labels_come_with_the_images(kind, images, data):
    np.testing.assert_array_equal(given_images(sources(images, data.labels)[kind]).labels, data.labels)


def test_functions_that_need_labels_take_those_of_the_data(model, images, data):
    told, taken = channels(model, images, data.labels), channels(model, data)
    np.testing.assert_array_equal(told.class_means, taken.class_means)
    own = np.zeros(7, int)  # labels that are given go before those that come along
    assert np.isnan(channels(model, data, own).class_means[:, 1:]).all()
    with pytest.raises(ValueError, match="Expected labels"):
        survey_layers(model, images)


def test_a_class_by_its_name_is_that_class(model, images, data):
    method = GradCAM(model)
    np.testing.assert_array_equal(method(data, classes="owl", versus="Dog"), method(images, classes=2, versus=1))
    each = ["owl", "cat", "dog", "owl", "cat", "dog", "owl"]
    np.testing.assert_array_equal(method(data, classes=each), method(images, classes=[2, 0, 1, 2, 0, 1, 2]))
    patches = Occlusion(model, patch=2, stride=2)
    np.testing.assert_array_equal(patches(data, classes="owl"), patches(images, classes=2))


def test_a_name_that_nothing_tells_is_refused(model, images, data):
    with pytest.raises(ValueError, match=r"no class 'owk'.*'owl'"):
        GradCAM(model)(data, classes="owk")
    with pytest.raises(ValueError, match="Give its number"):
        GradCAM(model)(images, classes="owl")
    with pytest.raises(ValueError, match="Received both"):
        class_numbers(["owl", 1], NAMES, None)
    with pytest.raises(ValueError, match="no class 'A'"):
        class_numbers("A", ("a", "a"), None)  # in another case, and not one only


def test_a_layer_by_name_index_itself_and_what_inspect_tells(model, images):
    known = next(layer for layer in inspect_model(model).layers if layer.name == "conv2")
    place = [layer.name for layer in model.layers].index("conv2")
    for layer in ("conv2", place, place - len(model.layers), model.get_layer("conv2"), known):
        assert list(ActivationExtractor(model, layer)(images)) == ["conv2"]
        np.testing.assert_array_equal(GradCAM(model, layer)(images), GradCAM(model, "conv2")(images))
    assert list(MultiLayerCAM(model, ["conv1", place])(images)) == ["conv1", "conv2"]
    assert Explainer(model, [], cam_layer=model.get_layer("conv1")).cam_layer == "conv1"


def test_a_layer_inside_of_a_nested_model_is_found_by_itself():
    inner = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1, name="same")], name="inner")
    outer = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1, name="same"), inner])
    assert layer_name(outer, inner.layers[0]) == "inner/same"
    assert layer_names(outer, outer.layers) == ["same", "inner"]
    images = random_images(0, 2, size=4, channels=1)
    of_inner = ActivationExtractor(outer, inner.layers[0])(images)["inner/same"]
    np.testing.assert_allclose(of_inner, np.asarray(outer(images)), rtol=1e-6)


@pytest.mark.parametrize("layer", [99, -99, True, keras.layers.Dense(1, name="elsewhere")])
def test_a_layer_that_is_not_there_is_refused_with_those_that_are(layer, model):
    with pytest.raises(ValueError, match="conv1, "):
        ActivationExtractor(model, layer)


def test_a_source_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr("featurelens.interpret.given._MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match="a source that ends"):
        given_images(itertools.repeat(np.zeros((6, 6, 2), np.float32)))


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        (iter([]), "not gone through before"),
        (iter([np.zeros((2, 2, 1)), np.zeros((3, 2, 1))]), "Resize them"),
        (object(), r"Give float32\[B,H,W,C\]"),
        ("photos", "open_dataset"),
    ],
)
def test_what_is_no_source_of_images_is_refused(source, remedy):
    with pytest.raises(ValueError, match=remedy):
        given_images(source)


def test_trust_takes_a_dataset(model, data):
    from featurelens.interpret import METHODS, Samples, TrustPlan

    few = Samples(curves=3, filled=0, noise=0, shuffled=0)
    plan = TrustPlan(cheap=few, expensive=few, steps=2)
    told, taken = (measure_trust(model, each, METHODS[:1], plan) for each in (data.images, data))
    assert told.methods["Grad-CAM"].curves.deletion == taken.methods["Grad-CAM"].curves.deletion
