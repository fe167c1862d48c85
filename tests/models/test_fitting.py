"""Data fitted to a model: by path as the array that it was written from, in the range and order that the model takes."""

import keras
import numpy as np
import pytest
from PIL import Image

from featurelens.interpret import GradCAM
from featurelens.models import Dataset, evaluate, fashion_mnist, load_model, model_card_of, open_dataset
from featurelens.models.fitting import class_names_for, dataset_for


@pytest.fixture(scope="module")
def model():
    return load_model("zero_padded_dropout")


@pytest.fixture(scope="module")
def few():
    return fashion_mnist("test")[:6]


@pytest.fixture
def pictures(few, tmp_path):
    for number, image in enumerate(few.images):
        Image.fromarray(np.rint(image[..., 0] * 255).astype(np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def test_paths_say_what_their_pixels_say(model, few, pictures):
    maps = GradCAM(model)(few.images)
    np.testing.assert_allclose(GradCAM(model)(pictures), maps, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(GradCAM(model)(str(pictures / "2.png")), maps[2:3], rtol=1e-5, atol=1e-7)
    listed = [str(pictures / "4.png"), pictures / "1.png"]
    np.testing.assert_allclose(GradCAM(model)(listed), maps[[4, 1]], rtol=1e-5, atol=1e-7)


def test_the_models_range_and_size_are_met(few, pictures):
    layers = [keras.Input((14, 14, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2)]
    found = open_dataset(pictures, model=keras.Sequential(layers))
    assert found.images.shape == (6, 14, 14, 3) and found.value_range == (0.0, 255.0)
    assert found.images.max() > 100


def test_pictures_without_classes_are_explained_and_not_measured(model, pictures):
    assert open_dataset(pictures, model=model).class_names == ("unknown",)
    with pytest.raises(ValueError, match="one folder per class"):
        evaluate(model, pictures)


def test_a_dataset_in_a_range_that_the_model_does_not_take_is_told(few):
    layers = [
        keras.Input((28, 28, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(2, 3),
        keras.layers.Flatten(),
    ]
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    with pytest.warns(UserWarning, match="--scale 0-255"):
        GradCAM(model)(few)
    GradCAM(model)(few.scaled(0, 255))  # no warning, which would be an error


def test_class_folders_are_put_in_the_order_of_the_card(model, few, tmp_path):
    for number in (0, 1):
        folder = tmp_path / few.class_names[few.labels[number]].replace("/", "-")
        folder.mkdir()
        Image.fromarray(np.rint(few.images[number][..., 0] * 255).astype(np.uint8)).save(folder / f"{number}.png")
    found = open_dataset(tmp_path, model=model)
    assert found.class_names == model_card_of(model).class_names
    assert sorted(found.labels) == sorted(few.labels[:2])


def test_a_loaded_model_knows_its_card_and_another_none(model):
    assert (
        model_card_of(model).class_names == model_card_of("zero_padded_dropout").class_names == class_names_for(model)
    )
    assert model_card_of(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])) is None


def test_evaluate_takes_arrays_and_names(model, few):
    known = evaluate(model, few)
    np.testing.assert_array_equal(evaluate(model, (few.images, few.labels)).probabilities, known.probabilities)
    assert evaluate(model, (few.images, few.labels)).class_names == known.class_names


def test_a_dataset_stays_as_it_is_and_two_ways_to_tell_a_size_are_refused(model, few):
    assert dataset_for(few, model) is few
    with pytest.raises(ValueError, match="Leave model_input"):
        open_dataset("fashion_mnist", model=model, model_input=(28, 28, 1))


def test_rows_are_taken_as_numpy_takes_them(few):
    wanted = np.array([True, False, False, True, False, False])
    for rows in (
        slice(0, 3),
        slice(None, None, -2),
        [5, 0],
        [-1, 2],
        wanted,
        few.labels == few.labels[1],
        np.array([3]),
    ):
        chosen = few[rows]
        np.testing.assert_array_equal(chosen.images, few.images[rows])
        np.testing.assert_array_equal(chosen.labels, few.labels[rows])
    assert few[-1].labels.tolist() == [few.labels[-1]] and len(list(few)) == 6


@pytest.mark.parametrize("rows", [6, -7, [0, 9], np.array([True, False]), slice(3, 3)])
def test_rows_that_are_not_there_are_refused(few, rows):
    with pytest.raises(ValueError, match="Expected"):
        few[rows]


@pytest.mark.parametrize(
    ("images", "value_range"),
    [
        (np.full((2, 3, 3), 200, np.uint8), (0.0, 255.0)),
        (np.full((2, 3, 3), 0.5), (0.0, 1.0)),
        (np.full((2, 3, 3, 1), -0.5), (-1.0, 1.0)),
        (np.full((2, 3, 3, 1), 90.0), (0.0, 255.0)),
        (np.full((2, 3, 3, 1), -300.0), (-300.0, -300.0 + 300.0)),
    ],
)
def test_arrays_keep_their_values_and_tell_their_range(images, value_range):
    if images.min() == -300:
        images[0] = 0
    data = Dataset.from_arrays(images, [[0], [1]])
    assert data.images.shape == (2, 3, 3, 1) and data.images.dtype == np.float32
    np.testing.assert_array_equal(data.images.ravel(), images.ravel().astype(np.float32))
    assert data.value_range == value_range and data.class_names == ("0", "1")
    np.testing.assert_array_equal(Dataset.from_arrays(images, np.eye(4)[[3, 1]]).labels, [3, 1])
