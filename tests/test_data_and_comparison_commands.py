"""`featurelens explore`, `compare`, `inspect --diagram` and `evaluate --output` from the command line to the files."""

import importlib
import json

import numpy as np
import pytest
from small_models import sequential
from typer.testing import CliRunner

from featurelens.scripts.cli import app

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images with one copy among them, and two models, one of them with a hostile name."""
    place = tmp_path_factory.mktemp("commands")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 8, 8, 3), np.uint8)
    images[30] = images[10]
    np.savez(place / "data.npz", images=images, labels=random.integers(0, 3, 40))
    sequential().save(place / "plain.keras")
    other = sequential()
    other.set_weights([weights[::-1].copy() for weights in other.get_weights()])
    other.save(place / "<b>other.keras")
    return place


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_explore_writes_a_page(folder):
    result = run("explore", "--data", folder / "data.npz", "--output", folder / "data.html")
    assert result.exit_code == 0, result.output
    assert "images: 40 images. Wrote" in result.output
    assert "images 10, 30" in (folder / "data.html").read_text()


def test_explore_compares_splits(folder):
    data = folder / "data.npz"
    result = run("explore", "--data", data, "--training-data", data, "--output", folder / "both.html")
    assert result.exit_code == 0, result.output
    assert "40 images of the test split are also in the training split" in (folder / "both.html").read_text()


def test_explore_downloads_nothing_unless_asked(monkeypatch, tmp_path):
    module = importlib.import_module("featurelens.models.fashion_mnist")
    monkeypatch.setattr(module, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(module, "_keras_caches", lambda: (tmp_path,))
    assert module.is_at_hand("test") and not module.is_at_hand("train")
    result = run("explore", "--output", tmp_path / "data.html")
    assert "test: 10,000 images. Wrote" in result.output and "training" not in result.output


def test_compare_writes_a_page(folder):
    names = [folder / "plain.keras", folder / "<b>other.keras"]
    result = run("compare", *names, "--data", folder / "data.npz", "--output", folder / "compared.html", "--seed", "4")
    assert result.exit_code == 0, result.output
    page = (folder / "compared.html").read_text()
    assert "2 models on the same images" in page and "seed 4" in page
    assert "<b>other" not in page and "&lt;b&gt;other" in page
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert [model["name"] for model in data["models"]] == ["plain", "<b>other"]


@pytest.mark.parametrize(
    ("names", "remedy"),
    [(["plain.keras"], "two or more models"), (["plain.keras", "nothing.keras"], "Did you mean|Pass one of them")],
)
def test_compare_refuses_before_it_loads(folder, names, remedy):
    result = run("compare", *(folder / name for name in names), "--output", folder / "none.html")
    assert isinstance(result.exception, ValueError)
    assert any(part in str(result.exception) for part in remedy.split("|"))
    assert not (folder / "none.html").exists()


def test_inspect_draws_the_architecture(folder):
    result = run("inspect", folder / "plain.keras", "--diagram", folder / "architecture.svg")
    assert result.exit_code == 0, result.output
    assert "conv2" in (folder / "architecture.svg").read_text()
    result = run("inspect", folder / "plain.keras", "--diagram", folder / "architecture.jpg")
    assert "Change the ending" in str(result.exception)


def test_evaluate_prints_the_averages_and_writes_the_files(folder):
    result = run("evaluate", folder / "plain.keras", "--data", folder / "data.npz", "--output", folder / "evaluated")
    assert result.exit_code == 0, result.output
    assert "macro average" in result.output and "weighted average" in result.output
    assert {"evaluation.json", "misclassified.png", "confusion_matrix.svg"} <= {
        path.name for path in (folder / "evaluated").iterdir()
    }
