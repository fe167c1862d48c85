"""A report of pictures without labels: what the model answers, and not one word that needs a true class."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from task_pages import assert_sound

from featurelens.interpret import HiResCAM
from featurelens.models import fashion_mnist, load_model
from featurelens.reports import write_report
from featurelens.scripts.cli import main

COUNT = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Pictures without classes: the first is there twice, once mirrored."""
    place = tmp_path_factory.mktemp("pictures")
    images = np.rint(np.asarray(fashion_mnist("test").images[:COUNT, :, :, 0]) * 255).astype(np.uint8)
    images[COUNT - 1] = images[0][:, ::-1]
    for number, image in enumerate(images):
        cv2.imwrite(str(place / f"p{number:03}.png"), image)
    return place


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("page")
    model = load_model("zero_padded_dropout")
    write_report(model, folder, place / "p.html", json=place / "p.json", arrays=place / "p.npz", trust_images=0)
    return place / "p.html"


@pytest.fixture(scope="module")
def figures(written) -> dict:
    return json.loads(written.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def answers(folder) -> np.ndarray:
    pixels = np.stack([cv2.imread(str(path), 0) for path in sorted(folder.iterdir())])
    return load_model("zero_padded_dropout").predict(pixels[..., np.newaxis] / np.float32(255), verbose=0)


def test_the_answers_are_keras_own(figures, answers):
    assert figures["pictures"]["predicted"] == answers.argmax(axis=1).tolist()
    np.testing.assert_allclose(figures["pictures"]["probability"], answers.max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(figures["pictures"]["second"], np.argsort(-answers, axis=1)[:, 1])
    assert figures["about"]["classes"][9] == "Ankle boot" and len(figures["about"]["files"]) == COUNT


def test_each_class_has_its_surest_pictures(figures, answers):
    said = answers.argmax(axis=1)
    for found in figures["answers"]["classes"]:
        own = np.flatnonzero(said == found["label"])
        assert found["images"] == len(own)
        surest = sorted(own, key=lambda number: -answers[number, found["label"]])[:8]
        np.testing.assert_allclose(found["sure"], answers[surest, found["label"]], atol=1e-5)
        np.testing.assert_allclose(answers[found["numbers"], found["label"]], found["sure"], atol=1e-5)


def test_the_unsure_ones_lie_between_two_classes(figures, answers):
    ordered = np.sort(answers, axis=1)
    ahead = ordered[:, -1] - ordered[:, -2]
    unsure = figures["answers"]["unsure"]
    np.testing.assert_allclose(ahead[unsure["numbers"]], np.sort(ahead)[:24], atol=1e-5)


def test_the_maps_are_the_methods(written, figures, folder):
    arrays = np.load(written.with_suffix(".npz"))
    unsure, model = figures["answers"]["unsure"], load_model("zero_padded_dropout")
    few = np.stack([cv2.imread(str(sorted(folder.iterdir())[number]), 0) for number in unsure["numbers"][:3]])
    maps = HiResCAM(model)(few[..., np.newaxis] / np.float32(255), unsure["first"][:3], unsure["second"][:3])
    np.testing.assert_allclose(arrays["unsure.contrast"][:3], maps, atol=1e-4)


def test_a_mirrored_copy_is_found(figures):
    assert [0, COUNT - 1] in figures["likeness"]["copies"]["pairs"]


def words_of(page: Path) -> str:
    """What a person reads."""
    shown = re.sub(r"<style>.*?</style>|<script.*?</script>|<nav.*?</nav>", "", page.read_text(), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", shown).lower()


def test_nothing_that_needs_a_true_class_is_there(written, figures):
    text = re.sub(r"(test|training|validation) accuracy", "", words_of(written))  # what the card tells of the training
    for word in (
        "accuracy",
        "mistake",
        "confusion",
        "misclassified",
        "recall",
        "correctly",
        "true class",
        "nan",
        "probe",
    ):
        assert not re.search(rf"\b{word}", text), word
    names = json.dumps(figures).lower()
    for word in ("accuracy", "confusion", "recall", "loss", "calibration"):
        assert f'"{word}' not in names, word
    assert "not whether it is right" in text


def test_axe_finds_nothing_on_any_view(written):
    views = ["findings", "classes", "data"]
    assert_sound(written, wide_and_light=views, narrow_and_dark=views)


@pytest.mark.parametrize("several", [1, 3])
def test_one_picture_and_a_few(several, folder, tmp_path):
    files = [str(path) for path in sorted(folder.iterdir())[:several]]
    model = load_model("zero_padded_dropout")
    page = write_report(model, files[0] if several == 1 else files, tmp_path / "p.html", trust_images=0)
    assert "too few pictures" in words_of(page) and "nan" not in words_of(page).split()


def test_a_model_without_a_card_and_without_maps(folder, tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(8),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    page = write_report(model, folder, tmp_path / "p.html", trust_images=0).read_text()
    assert "class 0" in page and "come without maps" in page


def test_one_sigmoid_unit_has_two_classes(folder, tmp_path):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    write_report(model, folder, tmp_path / "p.html", json=tmp_path / "p.json", trust_images=0)
    assert json.loads((tmp_path / "p.json").read_text())["about"]["classes"] == ["class 0", "class 1"]


def test_numbers_without_an_activation_are_refused(folder, tmp_path):
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"Expected a classifier.*--task binary"):
        write_report(model, folder, tmp_path / "p.html")


def test_what_needs_labels_is_refused_in_python(folder, tmp_path):
    model = load_model("zero_padded_dropout")
    with pytest.raises(ValueError, match="Expected pictures with their classes for sections="):
        write_report(model, folder, tmp_path / "p.html", sections=["performance"])


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return stopped.value.code, printed.out + printed.err


def test_on_the_command_line(folder, tmp_path, capsys):
    page, few = tmp_path / "p.html", tmp_path / "few"
    few.mkdir()
    for file in sorted(folder.iterdir())[:20]:
        shutil.copy(file, few)
    code, told = run(capsys, "report", "--data", few, "--trust-images", 0, "--output", page)
    assert code == 0 and "20 pictures without labels" in told and page.is_file()
    both = f"{folder / 'p000.png'},{folder / 'p001.png'}"
    code, told = run(capsys, "report", "--data", both, "--trust-images", 0, "--output", page)
    assert code == 0 and "2 pictures without labels" in told


@pytest.mark.parametrize(
    "words",
    [
        ("--fail-if", "accuracy < 0.9"),
        ("--training-data", "fashion_mnist"),
        ("--review", "r.json"),
        ("--method", "rise"),
        ("--max-size", "5"),
        ("--annotations",),
    ],
)
def test_options_that_need_labels_are_refused(words, folder, tmp_path, capsys):
    code, told = run(capsys, "report", "--data", folder, "--output", tmp_path / "p.html", *words)
    assert code == 1 and f"with their classes for {words[0]}" in told
    assert not (tmp_path / "p.html").exists()


def test_evaluate_says_what_takes_them(folder, capsys):
    code, told = run(capsys, "evaluate", "--data", folder)
    assert code == 1 and "featurelens report MODEL --data" in told and "featurelens explain" in told
    code, told = run(capsys, "evaluate", "--data", folder / "p000.png")
    assert code == 1 and "featurelens report MODEL --data" in told


def test_names_that_tell_the_classes_make_it_a_report_of_labels(tmp_path, capsys):
    """Also where pictures are taken for a class of which there is none: it has no mean to draw."""
    test = fashion_mnist("test")
    pictures = tmp_path / "named"
    pictures.mkdir()
    for number in (0, 1, 2, 3, 4, 5, 12, 23):  # 23 is an ankle boot, which the model takes for a sandal
        name = "Boot" if test.labels[number] == 9 else "Shirt"
        cv2.imwrite(str(pictures / f"{name}_{number}.png"), np.rint(test.images[number] * 255).astype(np.uint8))
    names = tmp_path / "names.txt"
    names.write_text("\n".join(["a", "b", "c", "d", "e", "Sandal", "Shirt", "h", "i", "Boot"]))
    page, figures = tmp_path / "p.html", tmp_path / "p.json"
    words = ("--label-from", "(.*?)_", "--class-names", names, "--trust-images", 0, "--output", page, "--json", figures)
    code, told = run(capsys, "report", "--data", pictures, *words)
    assert code == 0 and "without labels" not in told, told
    performance = json.loads(figures.read_text())["performance"]["figures"]
    assert performance["confusion"][9][5] >= 1 and sum(map(sum, performance["confusion"])) == 8
    code, told = run(capsys, "report", "--data", pictures, "--split", "test", "--output", page)
    assert code == 1 and "Received no folders. Leave --split out." in told
