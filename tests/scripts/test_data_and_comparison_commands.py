"""`featurelens explore`, `compare`, `inspect --diagram` and `evaluate --output` from the command line to the files."""

import importlib
import json

import cv2
import numpy as np
import pytest
from small_models import sequential
from typer.testing import CliRunner

from featurelens.models.formats.fashion_mnist import fashion_mnist
from featurelens.models.model_files.loading import model_card_of
from featurelens.scripts.cli import app

ENDINGS = (".png", ".svg")

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


def numbered_csv(path, labels, seed):
    """Grey images of 2 x 2 pixels, as label and pixels in each row."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 4))
    rows = ["label,pixel1,pixel2,pixel3,pixel4"]
    rows += [",".join(map(str, [label, *row])) for label, row in zip(labels, pixels.tolist(), strict=True)]
    path.write_text("\n".join(rows))
    return path


def test_explore_compares_splits_one_of_which_lacks_the_last_class(tmp_path):
    all_classes = numbered_csv(tmp_path / "all.csv", [0, 1, 2, 2], 0)
    two_classes = numbered_csv(tmp_path / "two.csv", [0, 1, 1], 1)
    for training, data in ((all_classes, two_classes), (two_classes, all_classes)):
        page = tmp_path / f"{training.stem}.html"
        result = run("explore", "--data", data, "--training-data", training, "--output", page)
        assert result.exit_code == 0, result.output
        split = "test" if data is two_classes else "training"
        section = page.read_text().split(f">The {split} split</h2>")[1].split("<section")[0]
        assert "Without any image: 2." in section


def test_explore_gives_numbered_classes_the_names_of_the_other_split(tmp_path):
    numbered = numbered_csv(tmp_path / "numbered.csv", [0, 1, 1], 0)
    pictures(tmp_path / "named", {"cat": (2, 2), "dog": (2, 2)})
    result = run(
        "explore", "--data", tmp_path / "named", "--training-data", numbered, "--output", tmp_path / "data.html"
    )
    assert result.exit_code == 0, result.output
    training = (tmp_path / "data.html").read_text().split(">The training split</h2>")[1].split("<section")[0]
    assert "cat" in training and "dog" in training
    pictures(tmp_path / "others", {"cat": (2, 2), "cow": (2, 2)})
    result = run("explore", "--data", tmp_path / "named", "--training-data", tmp_path / "others")
    assert "--class-names FILE" in str(result.exception)


def pictures(folder, sizes):
    """A folder for each class, with one random picture of the size given."""
    for number, (name, size) in enumerate(sizes.items()):
        (folder / name).mkdir(parents=True)
        pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
        assert cv2.imwrite(str(folder / name / "one.png"), pixels)


def test_explore_takes_photos_of_different_sizes(tmp_path):
    pictures(tmp_path / "photos", {"cat": (20, 30), "dog": (16, 16)})
    command = ("explore", "--data", tmp_path / "photos", "--output", tmp_path / "data.html")
    assert run(*command).exit_code != 0
    result = run(*command, "--size", "8x6")
    assert result.exit_code == 0, result.output
    assert "8 × 6 × 3" in (tmp_path / "data.html").read_text()


def test_explore_compares_training_images_with_others_where_both_are_named(monkeypatch, tmp_path):
    other = numbered_csv(tmp_path / "other.csv", [0, 1], 0)
    module = importlib.import_module("featurelens.models.formats.sources")
    few = module.fashion_mnist("test").take(np.arange(20))
    monkeypatch.setattr(module, "fashion_mnist", lambda split: few)
    page = tmp_path / "data.html"
    result = run("explore", "--data", "fashion_mnist:train", "--training-data", other, "--output", page)
    assert result.exit_code == 0, result.output
    assert "training: 2 images, test: 20 images." in result.output
    result = run("explore", "--data", other, "--download", "--output", page)
    assert "Leave it out" in str(result.exception)


def test_the_seed_of_explore_draws_other_images(folder, tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (200, 4, 4, 1), np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=random.integers(0, 3, 200))
    pages = []
    for seed in (0, 0, 1):
        result = run("explore", "--data", tmp_path / "data.npz", "--output", tmp_path / "data.html", "--seed", seed)
        assert result.exit_code == 0, result.output
        pages.append((tmp_path / "data.html").read_text())
    assert pages[0] == pages[1] != pages[2]


def test_explore_downloads_nothing_unless_asked(monkeypatch, tmp_path):
    module = importlib.import_module("featurelens.models.formats.fashion_mnist")
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
    data = json.loads(page.split('id="twin">')[1].split("</script>")[0])
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
    result = run("inspect", folder / "plain.keras", "--diagram", folder / "architecture.png")
    assert result.exit_code == 0, result.output
    drawn = cv2.imread(str(folder / "architecture.png"))
    assert drawn is not None and drawn.shape[0] > drawn.shape[1], "six blocks, one below the other"
    result = run("inspect", folder / "plain.keras", "--diagram", folder / "architecture.jpg")
    assert "Change the ending" in str(result.exception)


def test_evaluate_prints_the_averages_and_writes_the_files(folder):
    result = run("evaluate", folder / "plain.keras", "--data", folder / "data.npz", "--output", folder / "evaluated")
    assert result.exit_code == 0, result.output
    assert "macro average" in result.output and "weighted average" in result.output
    assert {"evaluation.json", "misclassified.png", "confusion_matrix.svg"} <= {
        path.name for path in (folder / "evaluated").iterdir()
    }


def test_evaluate_draws_the_training_of_the_card_and_removes_what_it_left(folder, tmp_path):
    test = fashion_mnist("test").take(np.arange(40))
    np.savez(tmp_path / "few.npz", images=test.images, labels=test.labels)
    output = tmp_path / "evaluated"
    result = run("evaluate", "early_stopping", "--data", tmp_path / "few.npz", "--output", output)
    assert result.exit_code == 0, result.output
    curves = {f"{name}{end}" for name in ("training_accuracy", "training_loss", "held_out_loss") for end in ENDINGS}
    assert curves <= {path.name for path in output.iterdir()} and "Removed" not in result.output
    figures = json.loads((output / "evaluation.json").read_text())
    card = model_card_of("early_stopping")
    assert card is not None and card.best_epoch < len(card.history["loss"])
    assert figures["model"] == "early_stopping" and figures["training"]["history"] == card.history
    assert f"kept: epoch {card.best_epoch}" in (output / "training_loss.svg").read_text()
    result = run("evaluate", folder / "plain.keras", "--data", folder / "data.npz", "--output", output)
    assert "Removed 6 of an earlier evaluation: " in result.output
    assert not curves & {path.name for path in output.iterdir()}
    assert json.loads((output / "evaluation.json").read_text())["model"] == "plain"
