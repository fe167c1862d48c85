"""What is given is checked, and the message says what was expected, what came and what to do."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from model_kinds import subclassed
from model_variants import dict_inputs, two_images
from small_models import SHAPE, dense, images, sequential

from featurelens.interpret import GradCAM, Saliency, inspect_model
from featurelens.interpret.tracing.variants import rows_at_once

layers = keras.layers


@pytest.fixture(scope="module")
def saliency() -> Saliency:
    return Saliency(sequential())


def holed(value: float) -> np.ndarray:
    broken = images()
    broken[1, 4, 4, 0] = value
    return broken


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (holed(np.nan), r"NaN or infinity in 1 of 3 images, first in image 1. Remove or mend"),
        (holed(np.inf), r"NaN or infinity in 1 of 3 images, first in image 1. Remove or mend"),
        (images((8, 8, 1)), r"shape \(B, 8, 8, 3\).*Received shape \(3, 8, 8, 1\). Resize them, or change"),
        (images((9, 8, 3)), r"shape \(B, 8, 8, 3\).*Received shape \(3, 9, 8, 3\). Resize them"),
        (images()[0], r"Received one image of shape \(8, 8, 3\). Add the batch axis: images\[np.newaxis\]"),
        (images()[:0], r"at least one image.*Received an empty set. Give some images"),
        (np.array([["a"]]), r"Expected numbers.*Received dtype <U1. Convert the images"),
        (images().astype(object), r"Expected numbers.*Received dtype object. Convert the images"),
    ],
)
def test_images_that_do_not_fit(saliency: Saliency, given: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        saliency(given)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (3, r"classes from 0 to 2. Received 3. The model has 3 classes"),
        (-1, r"classes from 0 to 2. Received -1"),
        ([0, 1], r"one for each of the 3 images. Received shape \(2,\). Give an int or int\[3\]"),
        ([[0], [1], [2]], r"one for each of the 3 images. Received shape \(3, 1\)"),
        (1.0, r"whole numbers for classes. Received dtype float64. Give class numbers 0 to 2"),
        (True, r"whole numbers for classes. Received dtype bool"),
        (b"cat", r"whole numbers for classes. Received dtype"),
    ],
)
def test_classes_that_do_not_exist(saliency: Saliency, classes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        saliency(images(), classes)
    with pytest.raises(ValueError, match=message.replace("classes", "versus", 1)):
        saliency(images(), 0, versus=classes)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "256"])
def test_batch_size_must_be_a_count(saliency: Saliency, size: Any) -> None:
    with pytest.raises(ValueError, match=r"batch_size.* Received .*(whole number such as|Write batch_size=)"):
        saliency(images(), batch_size=size)
    with pytest.raises(ValueError, match="batch_size of at least 1"):
        rows_at_once(images(), size)  # of the methods of many passes


def test_whole_numbers_and_doubles_are_taken_as_they_are(saliency: Saliency) -> None:
    whole = np.rint(images() * 255).astype(np.uint8)
    expected = saliency(whole.astype(np.float32), 1)
    assert expected.max() > 0
    np.testing.assert_array_equal(saliency(whole, 1), expected)
    np.testing.assert_array_equal(saliency(whole.astype(np.float64), 1), expected)


def test_the_given_array_is_not_written_to(saliency: Saliency) -> None:
    given = images()
    given.setflags(write=False)
    saliency(given)
    np.testing.assert_array_equal(given, images())


def test_a_dict_must_have_the_models_names() -> None:
    case = dict_inputs()
    method = Saliency(case.model)
    with pytest.raises(ValueError, match=r"inputs picture, age. Received picture. Give a dict with exactly"):
        method({"picture": images()})
    with pytest.raises(ValueError, match=r"inputs picture, age. Received picture, age, agee. Give a dict"):
        method({**case.images, "agee": images()})
    with pytest.raises(ValueError, match=r"Expected 2 inputs: picture, age. Received 1. Give a list in this order"):
        method(images())
    with pytest.raises(ValueError, match=r"as many rows in each input. Received \{'picture': 3, 'age': 2\}"):
        method({"picture": images(), "age": images((2,), 2)})


def test_a_list_or_a_dict_in_any_order_is_the_same() -> None:
    case = dict_inputs()
    method = Saliency(case.model)
    expected = method(case.images, 0)
    backwards = dict(reversed(case.images.items()))
    np.testing.assert_array_equal(method(backwards, 0), expected)
    np.testing.assert_array_equal(method(list(case.images.values()), 0), expected)


def test_wrt_names_the_image() -> None:
    model = two_images("left").model
    with pytest.raises(ValueError, match=r"left, right, of which 2 are images. Say which .*wrt='left'"):
        Saliency(model)
    with pytest.raises(ValueError, match=r"no input 'lfet'. Did you mean 'left'\? Use one of: left, right"):
        Saliency(model, wrt="lfet")


def test_a_model_that_declares_nothing_needs_images() -> None:
    with pytest.raises(ValueError, match=r"does not declare its input shape. Received none. Give a few"):
        inspect_model(subclassed().model)


def test_whole_number_inputs_refuse_fractions() -> None:
    picture, code = keras.Input(SHAPE, name="picture"), keras.Input((2,), dtype="int32", name="code")
    embedded = layers.Flatten()(layers.Embedding(4, 3)(code))
    joined = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3)(picture)), embedded])
    method = GradCAM(keras.Model([picture, code], dense()(joined)))
    assert method([images(), np.array([[0, 1], [2, 3], [1, 1]])]).shape == (3, 6, 6)
    with pytest.raises(ValueError, match=r"whole numbers \(int32\) for input 'code'. Received fractions"):
        method([images(), images((2,))])


def test_a_layer_beside_the_way_has_no_gradient() -> None:
    image = keras.Input(SHAPE)
    aside = layers.Conv2D(2, 3, name="aside")(image)
    main = layers.Flatten()(layers.Conv2D(2, 3, name="main")(image))
    model = keras.Model(image, [dense(name="kind")(main), dense(name="other")(layers.Flatten()(aside))])
    with pytest.raises(ValueError, match=r"logits to depend on layer 'aside'.*Choose another layer"):
        GradCAM(model, "aside", output="kind")
