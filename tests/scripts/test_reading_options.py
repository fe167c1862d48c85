"""How data are read, from the command line: what is assumed is told and tested, what the card says is followed."""

from __future__ import annotations

import json

import cv2
import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from featurelens.models.model_files.cards import card_path, read_model_card
from featurelens.scripts.cli import app

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


def bright_from(middle: float, path, *first: keras.layers.Layer, steepness: float = 20.0):
    """A model that calls pictures bright (class 0) whose mean is above `middle`, else dark (class 1)."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            *first,
            keras.layers.Conv2D(1, 1, name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    third, slope = np.full((1, 1, 3, 1), 1 / 3, np.float32), np.float32([[steepness, -steepness]])
    model.layers[-3].set_weights([third, np.zeros(1, np.float32)])
    model.layers[-1].set_weights([slope, np.float32([-steepness, steepness]) * middle])
    model.save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for name, grey in (("bright", 180), ("dark", 60)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(10):
            picture = np.clip(random.normal(grey, 20, (6, 6, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "data" / name / f"{number}.png"), picture)
    return tmp_path


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    told = " ".join((result.output + str(result.exception or "")).split())
    return result.exit_code, told


def test_an_assumed_range_is_told_with_what_was_tried(folder):
    code, told = run("evaluate", bright_from(0.47, folder / "m.keras"), "--data", folder / "data")
    assert code == 0 and "accuracy 100.00%" in told
    assert "Note: The range 0-1 is assumed" in told and "Tested: loss on 20 images: 0-1 0.0" in told


def test_a_range_that_the_labels_contradict_is_refused(folder):
    model = bright_from(120, folder / "m.keras", steepness=0.1)
    code, told = run("evaluate", model, "--data", folder / "data")
    assert code == 1 and "0-1 is contradicted" in told and "Pass --scale 0-255" in told
    code, told = run("evaluate", model, "--data", folder / "data", "--scale", "0-255")
    assert code == 0 and "accuracy 100.00%" in told and "assumed" not in told
    code, told = run("evaluate", model, "--data", folder / "data", "--scale", "0-1")  # asked for: done, and warned of
    assert code == 0 and "accuracy 50.00%" in told


def test_a_range_that_the_first_layers_state_is_read(folder):
    layers = keras.layers
    for name, first in (
        ("n", layers.Normalization(mean=120.0, variance=3600.0)),
        ("r", layers.Rescaling(1 / 60, offset=-2)),
    ):
        model = bright_from(0, folder / f"{name}.keras", first)
        code, told = run("evaluate", model, "--data", folder / "data")
        assert code == 0 and "accuracy 100.00%" in told and "state that it takes pixels of 0-255" in told


def test_preprocessing_by_name(folder):
    # as caffe: blue, green, red minus about 110, so that the middle is near 10
    model = bright_from(10, folder / "m.keras", steepness=0.1)
    code, told = run("evaluate", model, "--data", folder / "data", "--preprocess", "caffe")
    assert code == 0 and "accuracy 100.00%" in told and "assumed" not in told
    code, told = run("evaluate", model, "--data", folder / "data", "--preprocess", "caffe", "--scale", "0-1")
    assert code == 1 and "--scale or --preprocess" in told
    code, told = run("evaluate", model, "--data", folder / "data", "--preprocess", "resnet")
    assert code == 1 and "Expected --preprocess caffe, torch, tf, per-image" in told


def test_pictures_look_like_pictures_under_every_preprocessing(folder, tmp_path):
    model = bright_from(10, folder / "m.keras", steepness=0.1)
    page = tmp_path / "page.html"
    code, told = run(
        "report", model, "--data", folder / "data", "--preprocess", "caffe", "--trust-images", 0, "--output", page
    )
    assert code == 0, told
    text = page.read_text(encoding="utf-8")
    assert "preprocessed by “caffe”" in text and "in values from -123.7 to 151.1" in text
    twin = json.loads(text.split('type="application/json" id="twin">')[1].split("</script>")[0])
    assert twin["performance"]["figures"]["accuracy"] == 1
    assert twin["exploration"]["black_share"] < 0.01  # of the pictures: the preprocessed values have no black


def test_a_card_of_ours_needs_none_of_the_options(folder, tmp_path):
    target = tmp_path / "three_conv.keras"
    words = ["train", "three_conv", "--data", folder / "data", "--size", "28x28x3", "--epochs", 1, "--output", target]
    code, told = run(*words, "--interpolation", "nearest", "--fit", "crop", "--label-map", "dark=night,bright=day")
    assert code == 0, told
    card = read_model_card(card_path(target))
    assert (card.interpolation, card.fit, card.preprocessing) == ("nearest", "crop", None)
    assert card.class_names == ("night", "day") and card.value_range == (0.0, 1.0)
    code, told = run("evaluate", target, "--data", folder / "data", "--resize", "--label-map", "dark=NIGHT,bright=Day")
    assert code == 0 and "assumed" not in told
    code, told = run("evaluate", target, "--data", folder / "data", "--resize")
    assert code == 1 and "'night', 'day'. Received 'bright', 'dark'" in told


def test_several_pictures_and_a_folder_are_explained(folder, tmp_path):
    model = bright_from(0.47, folder / "m.keras")
    pictures = [folder / "data" / "dark" / f"{number}.png" for number in (1, 2)]
    code, told = run("explain", model, "--image", pictures[0], "--image", pictures[1], "--output", tmp_path / "why.svg")
    assert code == 0, told
    assert (tmp_path / "why-1.svg").is_file() and (tmp_path / "why-2.svg").is_file()
    for number in range(1, 10):  # one picture of a class will do: each is drawn
        (folder / "data" / "bright" / f"{number}.png").unlink()
        (folder / "data" / "dark" / f"{number}.png").unlink()
    code, told = run("explain", model, "--image", folder / "data", "--output", tmp_path / "all.svg")
    assert code == 0 and sorted(path.name for path in tmp_path.glob("all-*")) == [
        "all-0-1.svg",
        "all-0.svg",
    ], "of two files of one name the second is numbered"
    code, told = run("evaluate", model, "--data", folder / "data" / "dark" / "0.png")
    assert code == 1 and "It is a single picture" in told and "explain MODEL --image" in told
