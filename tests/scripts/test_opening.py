"""A model and data of the user's own, from the command line: whose class is whose is never guessed."""

import dataclasses
import re

import cv2
import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from featurelens.models.model_files.cards import write_model_card
from featurelens.models.model_files.loading import model_card_of
from featurelens.scripts.cli import app

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


def brightness_model(classes: int = 2) -> keras.Model:
    """Dark images are of class 0, bright ones of class 1; further classes are never told."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(1, 1, name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    kernel, bias = np.zeros((1, classes), np.float32), np.full(classes, -50.0, np.float32)
    kernel[0, :2], bias[:2] = (-20, 20), (10, -10)
    model.set_weights([np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32), kernel, bias])
    return model


def pictures(folder, names):
    """A folder of pictures for each class, {name: grey value}."""
    for name, grey in names.items():
        (folder / name).mkdir(parents=True)
        for number in range(4):
            cv2.imwrite(str(folder / name / f"{number}.png"), np.full((4, 4), grey + number, np.uint8))
    return folder


def saved(folder, *, names=None, classes=2):
    """The model, with a card that names its classes in its own order."""
    path = folder / "model.keras"
    brightness_model(classes).save(path)
    if names is not None:
        card = model_card_of("three_conv")
        assert card is not None
        own = dataclasses.replace(card, class_names=names, input_shape=(4, 4, 1), weights=None)
        write_model_card(own, path.with_suffix(".json"))
    return path


def accuracy(*arguments):
    result = CliRunner().invoke(app, ["evaluate", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return float(re.search(r"accuracy ([\d.]+)%", result.output)[1])


def test_folders_are_put_in_the_order_of_the_models_card(tmp_path):
    model = saved(tmp_path, names=("dark", "bright"))  # by the alphabet the folders would be the other way round
    assert accuracy(model, "--data", pictures(tmp_path / "data", {"bright": 230, "dark": 10})) == 100


def test_a_class_that_the_card_knows_may_be_absent(tmp_path):
    model = saved(tmp_path, names=("dark", "bright"))
    assert accuracy(model, "--data", pictures(tmp_path / "data", {"bright": 230})) == 100


def test_a_card_of_numbers_takes_the_data_in_their_own_order(tmp_path):
    model = saved(tmp_path, names=("0", "1"))
    assert accuracy(model, "--data", pictures(tmp_path / "named", {"a dark": 10, "bright": 230})) == 100
    text = [str(number) for number in range(11)]  # as folders come: '0', '1', '10', '2'
    many = saved(tmp_path, names=tuple(sorted(text)), classes=11)
    folders = {name: 230 if name == "1" else 10 for name in text}
    assert accuracy(many, "--data", pictures(tmp_path / "many", folders)) == pytest.approx(100 * 2 / 11, abs=0.01)


@pytest.mark.parametrize("folders", [("3", "7"), ("1", "10", "2"), ("dusk", "dawn"), ("dark", "dusk")])
def test_classes_that_could_only_be_guessed_are_refused(tmp_path, folders):
    model = saved(tmp_path, names=("dark", "bright"))
    data = pictures(tmp_path / "data", dict.fromkeys(folders, 10))
    with pytest.raises(ValueError, match=r"trained on: 'dark', 'bright'. Received .*--class-names FILE"):
        accuracy(model, "--data", data)


def test_class_names_of_the_users_own_go_before_the_cards(tmp_path):
    model = saved(tmp_path, names=("dark", "bright"))
    data = pictures(tmp_path / "data", {"day": 230, "night": 10})
    (tmp_path / "names.txt").write_text("night\nday\n")
    assert accuracy(model, "--data", data, "--class-names", tmp_path / "names.txt") == 100


def test_too_few_classes_are_told_with_what_to_do(tmp_path):
    model = saved(tmp_path, classes=3)
    data = pictures(tmp_path / "data", {"dark": 10, "light": 230})
    with pytest.raises(
        ValueError, match=r"each of the model's 3 classes\. The data have 2: 'dark', 'light'.*--class-names"
    ):
        accuracy(model, "--data", data)


def test_one_sigmoid_unit_tells_two_classes(tmp_path):
    unit = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, activation="sigmoid")]
    )
    unit.set_weights([np.full((1, 1), 20, np.float32), np.full(1, -10, np.float32)])
    unit.save(tmp_path / "unit.keras")
    assert accuracy(tmp_path / "unit.keras", "--data", pictures(tmp_path / "data", {"dark": 10, "light": 230})) == 100


def test_a_layer_is_drawn_whatever_the_classes_of_the_data_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = saved(tmp_path, names=("dark", "bright"))
    data = pictures(tmp_path / "data", {"dusk": 10, "dawn": 230, "noon": 250})
    result = CliRunner().invoke(app, ["inspect", str(model), "--layer", "conv", "--data", str(data), "--image", "1"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / f"{keras.saving.load_model(model).name}-conv.png").is_file()
