"""A format, an architecture and its recipe of one's own are one entry each: all that lists or opens them knows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from featurelens.models import Dataset, architectures, build_model, open_dataset, train
from featurelens.models.formats.known_formats import FORMATS, Format, kinds_in_short
from featurelens.models.networks.architectures import ARCHITECTURES, Architecture, base_options
from featurelens.models.networks.recipes import RECIPES, Recipe, recipe
from featurelens.scripts.cli import app


def read_dots(path: Path) -> Dataset:
    """A line an image: its label, then dots and hashes."""
    rows = [line.split() for line in path.read_text().splitlines()]
    pixels = np.array([[letter == "#" for letter in dots] for _, dots in rows], np.float32)
    return Dataset(pixels[:, None, :, None], np.array([int(label) for label, _ in rows]), ("no", "yes"), "dots")


DOTS = Format("dots", ".dots", "a file .dots", read_dots, endings=(".dots",))


def test_a_format_is_opened_listed_and_named_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "few.dots"
    file.write_text("0 ..#\n1 ###\n")
    with pytest.raises(ValueError, match="of another kind"):
        open_dataset(str(file))
    with FORMATS.registered(DOTS):
        assert open_dataset(str(file)).images.sum() == 4
        assert kinds_in_short().endswith(", .dots")
        (tmp_path / "x.dotz").touch()
        with pytest.raises(ValueError, match=r"a file \.dots, or two files.*of another kind"):
            open_dataset(str(tmp_path / "x.dotz"))
    assert ".dots" not in kinds_in_short()


@pytest.mark.parametrize("command", ["report", "inspect", "explain", "trust", "evaluate", "compare"])
def test_the_help_of_data_is_made_from_the_formats_when_it_is_shown(command: str) -> None:
    def shown() -> str:
        return CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "300"}).output

    assert "IDX files" in shown() and ".dots" not in shown()
    with FORMATS.registered(DOTS):
        assert ", .dots." in shown()


def test_a_package_that_a_format_needs_and_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "few.dots").write_text("0 ..#\n1 ###\n")
    with (
        FORMATS.registered(replace(DOTS, needs=("json", "dots_and_dashes"))),
        pytest.raises(ValueError, match=r"package dots_and_dashes, .* a file \.dots .*pip install dots_and_dashes\."),
    ):
        open_dataset(str(tmp_path / "few.dots"))


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_every_exported_name_is_there() -> None:
    from featurelens import models

    assert {name for name in models.__all__ if getattr(models, name, None) is None} == set()
    assert set(models.__all__) <= set(dir(models))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        models.trian  # noqa: B018


def one_layer(shape, classes, _layers):
    return keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes, activation="softmax")]
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_an_architecture_and_its_recipe_are_listed_built_and_trained(tmp_path: Path) -> None:
    shades = np.repeat(np.array([0, 1], np.float32), 20)[:, None, None, None] * np.ones((1, 2, 2, 1), np.float32)
    data = Dataset(shades, np.repeat([0, 1], 20), ("dark", "bright"), "shades")
    with (
        ARCHITECTURES.registered(Architecture("one_layer", "a dense layer on the pixels", one_layer)),
        RECIPES.registered(Recipe("one_layer", epochs=1, batch_size=10)),
    ):
        assert "one_layer" in architectures()
        assert build_model("one_layer", input_shape=(2, 2, 1), classes=2).output_shape == (None, 2)
        assert recipe("one_layer").epochs == 1
        listed = CliRunner().invoke(app, ["train", "--help"]).output
        assert "one_layer" in listed and "a dense layer on the pixels" in listed
        train("one_layer", data, data, output=tmp_path / "one.keras")
        assert (tmp_path / "one.keras").exists()
    assert "one_layer" not in architectures()
    with pytest.raises(ValueError, match=r"Received 'three_conv'\. Give the recipe another name"):
        RECIPES.register(Recipe("three_conv"))


def test_an_architecture_without_a_recipe_is_trained_by_the_defaults_and_may_take_a_base() -> None:
    with ARCHITECTURES.registered(Architecture("one_layer", "a dense layer", one_layer)):
        assert recipe("one_layer").learning_rate == Recipe("any").learning_rate
        assert recipe("one_layer").architecture == "one_layer"
        with pytest.raises(ValueError, match="Expected no base for 'one_layer'"):
            base_options("one_layer", "MobileNetV2", None)
    with ARCHITECTURES.registered(Architecture("headed", "a head", one_layer, takes_base=True)):
        assert base_options("headed", "MobileNetV2", None) == {"base": "MobileNetV2"}
        with pytest.raises(ValueError, match="build the architecture 'transfer', 'headed'"):
            base_options("three_conv", "MobileNetV2", None)
    with pytest.raises(ValueError, match=r"Received 'one_layer'\. Pass one of them"):
        recipe("one_layer")
