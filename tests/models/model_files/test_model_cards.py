"""Model cards: they tell the truth about the shipped weights, come back as they were, and break with a message."""

import contextlib
import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from featurelens.models.evaluation.metrics import evaluate
from featurelens.models.formats.fashion_mnist import fashion_mnist
from featurelens.models.model_files.cards import card_path, read_model_card, write_model_card
from featurelens.models.model_files.loading import SHIPPED_FOLDER, load_model, model_card_of, model_path, shipped_models
from featurelens.models.networks.recipes import recipe

PUBLISHED = {  # test accuracy to reach
    "zero_padded_dropout": 0.8936,
    "three_conv": 0.8944,
    "three_conv_dropout": 0.91,
    "early_stopping": 0.91,
    "batchnorm_gap": 0.91,
    "residual": 0.935,
}


@pytest.mark.parametrize("name", shipped_models())
def test_the_card_says_what_the_shipped_weights_reach(name):
    card = model_card_of(name)
    assert card is not None
    measured = evaluate(load_model(name), fashion_mnist("test"))
    assert measured.accuracy == pytest.approx(card.results["test"]["accuracy"], abs=2e-4)  # another processor rounds
    assert measured.loss == pytest.approx(card.results["test"]["loss"], rel=1e-3)
    assert measured.accuracy >= PUBLISHED[name]
    assert card.class_names == measured.class_names


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_weights_were_made_by_the_recipe_as_it_is(name):
    card = model_card_of(name)
    assert card is not None
    assert json.loads(json.dumps(asdict(recipe(name)))) == json.loads(json.dumps(card.recipe))


@pytest.mark.parametrize("name", shipped_models())
def test_the_card_fits_the_weights_and_names_no_folder(name):
    card = model_card_of(name)
    assert card is not None
    assert card.name == name
    assert load_model(name).count_params() == card.parameters
    assert load_model(name).input_shape[1:] == card.input_shape
    assert 1 <= card.best_epoch <= len(card.history["loss"]) == len(card.history["test_loss"])
    assert card.results["training"]["images"] + card.results["validation"]["images"] == 60_000
    files = card.data["test"]["files"]
    assert files == dict(fashion_mnist("test").files)
    assert sum(card.data["training"]["class_counts"]) == 60_000
    assert card.data["test"]["also_in_training"] == 0
    assert card.data["test"]["class_counts"] == np.bincount(fashion_mnist("test").labels).tolist()
    assert "/" not in json.dumps(asdict(card)).replace("T-shirt/top", "")


def test_the_shipped_zero_padded_dropout_reaches_the_published_figures_and_is_small():
    card = model_card_of("zero_padded_dropout")
    assert card is not None
    assert card.history["accuracy"][-1] >= 0.887  # while training, with dropout on
    assert card.results["training"]["accuracy"] >= 0.887
    assert (card.recipe["epochs"], card.recipe["batch_size"], card.recipe["optimizer"]) == (5, 300, "adam")
    assert (SHIPPED_FOLDER / "zero_padded_dropout.keras").stat().st_size < 2e6


def test_the_shipped_three_conv_reaches_the_published_loss():
    card = model_card_of("three_conv")
    assert card is not None
    assert card.results["test"]["loss"] <= 0.468


def test_the_shipped_residual_was_trained_in_under_45_minutes_and_is_small():
    card = model_card_of("residual")
    assert card is not None
    assert card.training_seconds < 45 * 60
    assert (SHIPPED_FOLDER / "residual.keras").stat().st_size <= 3e6


def test_all_the_shipped_models_are_under_twelve_megabytes():
    assert sum(path.stat().st_size for path in SHIPPED_FOLDER.iterdir()) < 12e6


def test_a_card_comes_back_as_it_was_written(tmp_path):
    card = model_card_of("zero_padded_dropout")
    assert card is not None
    write_model_card(card, tmp_path / "copy.json")
    assert asdict(read_model_card(tmp_path / "copy.json")) == asdict(card)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.json"]


def test_a_model_without_a_card(tmp_path):
    (tmp_path / "mine.keras").write_bytes((SHIPPED_FOLDER / "zero_padded_dropout.keras").read_bytes())
    assert model_card_of(tmp_path / "mine.keras") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1, "name": ', "not JSON"),
        ("[1]", "the format 'list'"),
        ('{"format": 2}', "the format '2'"),
        ('{"format": 1, "name": "x"}', "the field 'recipe' is missing"),
    ],
)
def test_a_broken_card_is_refused(text, message, tmp_path):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ValueError, match=f"card.json.*{message}.*Train the model again"):
        read_model_card(tmp_path / "card.json")


@pytest.fixture
def exchanged(tmp_path):
    """A model beside the card of another one, each as it ships."""
    shutil.copy(model_path("three_conv"), tmp_path / "m.keras")
    shutil.copy(card_path(model_path("residual")), tmp_path / "m.json")
    return tmp_path / "m.keras"


def test_a_card_of_other_weights_is_refused_and_both_cures_work(exchanged):
    with pytest.raises(ValueError, match="Received a card of others") as refused:
        load_model(exchanged)
    assert str(exchanged) in str(refused.value) and str(card_path(exchanged)) in str(refused.value)
    card_path(exchanged).unlink()
    assert model_card_of(load_model(exchanged)) is None
    shutil.copy(card_path(model_path("three_conv")), card_path(exchanged))
    own, shipped = model_card_of(load_model(exchanged)), model_card_of("three_conv")
    assert own is not None and shipped is not None and own.weights == shipped.weights


def test_the_commands_refuse_it_too(exchanged, capsys):
    from featurelens.scripts.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["inspect", str(exchanged)])
    assert stopped.value.code == 1 and "Received a card of others" in " ".join(capsys.readouterr().err.split())


def test_a_card_that_does_not_say_of_which_weights_it_is_is_taken_and_told(exchanged, capsys):
    from featurelens.scripts.cli import main

    content = json.loads(card_path(model_path("three_conv")).read_text("utf-8"))
    card_path(exchanged).write_text(json.dumps({**content, "weights": None}))
    assert model_card_of(load_model(exchanged)) is not None
    with contextlib.suppress(SystemExit):
        main(["inspect", str(exchanged)])
    assert "does not say of which weights it is: it is taken" in " ".join(capsys.readouterr().err.split())
