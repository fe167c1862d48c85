"""The report of a regression: figures held against scikit-learn, maps against a planted square, and no class anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from task_pages import assert_sound, run, words_of

from featurelens.interpret import GradCAM, HiResCAM, declare_task
from featurelens.models import Dataset
from featurelens.reports import write_report
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.regression.seen import Asked, NumbersSeen

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
SIZE, SQUARE, DARK, COUNT = 8, (slice(4, 6), slice(1, 4)), (slice(0, 2), slice(5, 7)), 120


def number_model(numbers: int = 1) -> keras.Model:
    """Answers 3 times the sum of a square's six pixels, less 2 times that of another square's four; a second number is 7."""
    weights = np.zeros((SIZE, SIZE, 1, numbers), np.float32)
    weights[(*SQUARE, 0, 0)] = 3
    weights[(*DARK, 0, 0)] = -2
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(numbers),
        ]
    )
    bias = np.array([0, 7], np.float32)[:numbers]
    model.set_weights([np.ones((1, 1, 1, 1), np.float32), weights.reshape(-1, numbers), bias])
    return model


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images, and the model's own answers with a noise of 1."""
    draw = np.random.default_rng(seed)
    images = np.rint(draw.random((COUNT, SIZE, SIZE, 1)) * 255).astype(np.float32) / np.float32(255)
    answers = 3 * images[:, *SQUARE, 0].sum((1, 2)) - 2 * images[:, *DARK, 0].sum((1, 2))
    return images, answers.astype(np.float64) + draw.normal(0, 1, COUNT)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("regression")
    images, truth = planted()
    data = Dataset.from_arrays(images, truth, ["age"], task="regression", unit="years")
    page = place / "p.html"
    write_report(number_model(), data, page, json=place / "p.json", arrays=place / "p.npz", trust_images=30)
    return page


@pytest.fixture(scope="module")
def figures(written) -> dict:
    return json.loads(written.with_suffix(".json").read_text())


def test_the_figures_are_those_of_scikit_learn(figures):
    images, truth = planted()
    said = number_model().predict(images, verbose=0)[:, 0]
    own = figures["regression"]["figures"][0]
    assert own["mae"]["value"] == pytest.approx(mean_absolute_error(truth, said), rel=1e-5)
    assert own["rmse"]["value"] == pytest.approx(root_mean_squared_error(truth, said), rel=1e-5)
    assert own["r2"]["value"] == pytest.approx(r2_score(truth, said), rel=1e-5)
    for figure in (own["mae"], own["rmse"], own["r2"]):
        assert figure["low"] < figure["value"] < figure["high"]
    np.testing.assert_allclose(np.ravel(figures["pictures"]["answer"]), said, atol=1e-4)
    np.testing.assert_allclose(np.ravel(figures["pictures"]["true"]), truth)


def test_the_largest_errors_come_first(figures):
    images, truth = planted()
    errors = np.abs(number_model().predict(images, verbose=0)[:, 0] - truth)
    np.testing.assert_allclose(errors[figures["regression"]["worst"]["numbers"]], np.sort(errors)[::-1][:24], rtol=1e-4)


def test_the_map_lies_on_the_squares_and_has_their_sign(written, figures):
    """HiResCAM of a 1x1 convolution and a dense layer is weight times pixel: 3x on the one square, -2x on the other."""
    arrays, (images, _) = np.load(written.with_suffix(".npz")), planted()
    numbers = figures["regression"]["worst"]["numbers"]
    expected = np.zeros((24, SIZE, SIZE), np.float32)
    expected[:, *SQUARE] = 3 * images[numbers][:, *SQUARE, 0]
    expected[:, *DARK] = -2 * images[numbers][:, *DARK, 0]
    np.testing.assert_allclose(arrays["worst.signed"], expected, atol=1e-5)
    np.testing.assert_array_equal(arrays["worst.numbers"], numbers)
    average = figures["regression"]["average"]
    assert average["raised"] == pytest.approx(3 * images[:, *SQUARE].sum() / COUNT, rel=1e-4)
    assert average["lowered"] == pytest.approx(-2 * images[:, *DARK].sum() / COUNT, rel=1e-4)


def test_the_trust_is_measured_on_the_number(figures):
    """The signed map is exact here, so that its order of pixels must beat a random one."""
    found = figures["trust"]["trust"]["methods"]["HiResCAM"]["verdict"]["findings"][0]
    assert found["question"] == "random order" and found["number"]["mean"] > 0.8


def test_nothing_speaks_of_classes(written, figures):
    text = words_of(written).lower()
    for word in ("class", "logit", "softmax", "probabilit", "accuracy", "confusion", "mistake", "nan"):
        assert not re.search(rf"\b{word}", text), re.search(rf".{{60}}\b{word}.{{40}}", text)
    assert "years" in text and "r²" in text and "predicted" in text
    assert "labels" not in figures["about"] and "classes" not in figures["about"]


def test_axe_finds_nothing_on_any_view(written):
    assert_sound(written, ["findings", "raising"], ["images"])


def test_what_lowers_the_number_and_one_of_several(tmp_path):
    """Grad-CAM of the sign turned; the signed map keeps its sign: above 0 still raises the number."""
    images, truth = planted()
    both = np.stack([truth, np.full(COUNT, 7.0)], axis=1)
    data = Dataset.from_arrays(images, both, ["age", "seven"], task="regression")
    model, page = number_model(2), tmp_path / "p.html"
    settings = {"trust_images": 0, "arrays": tmp_path / "p.npz", "json": tmp_path / "p.json"}
    write_report(model, data, page, direction="down", number="age", **settings)
    arrays = np.load(tmp_path / "p.npz")
    few = arrays["lowest.numbers"]
    alone = number_model()
    declare_task(alone, "regression")
    np.testing.assert_allclose(arrays["lowest.signed"], HiResCAM(alone)(images[few]), atol=1e-5)
    turned = number_model()
    turned.layers[-1].set_weights([-weight for weight in turned.layers[-1].get_weights()])
    declare_task(turned, "regression")
    np.testing.assert_allclose(arrays["lowest.grad_cam"], GradCAM(turned)(images[few]), atol=1e-5)
    told = json.loads((tmp_path / "p.json").read_text())["regression"]
    assert told["explained"] == 0 and told["figures"][1]["r2"]["value"] is None  # seven is always seven
    assert "--number explains seven instead" in words_of(page)


def test_a_model_without_places_and_a_sigmoid_of_numbers(tmp_path):
    """Numbers within 0..1 by a sigmoid: the number itself is explained, by maps at the input."""
    images, truth = planted()
    model = keras.Sequential(
        [keras.Input((SIZE, SIZE, 1)), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
    )
    shares = 1 / (1 + np.exp(-truth))
    page = write_report(model, (images, shares), tmp_path / "p.html", task="regression", trust_images=0)
    assert "Input × gradient" in page.read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"classes": ["cat"]}, "Expected a classifier and its classes for classes="),
        ({"sections": ["mistakes"]}, "Expected a classifier and its classes for sections="),
        ({"direction": "left"}, "Expected the direction up or down"),
        ({"number": "height"}, "no number 'height'|unknown number|Expected"),
    ],
)
def test_what_does_not_fit_is_refused(options, why, tmp_path):
    data = Dataset.from_arrays(*planted(), ["age"], task="regression")
    with pytest.raises(ValueError, match=why):
        write_report(number_model(), data, tmp_path / "p.html", **options)
    assert not (tmp_path / "p.html").exists()


def test_other_numbers_than_the_model_answers_are_refused(tmp_path):
    images, truth = planted()
    two = Dataset.from_arrays(images, np.stack([truth, truth], axis=1), task="regression")
    with pytest.raises(ValueError, match=r"answers 2 numbers for an image: number 0, number 1. Received .* answers 1"):
        write_report(number_model(), two, tmp_path / "p.html", trust_images=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A table of pictures and two numbers, the model, and the same as arrays."""
    place = tmp_path_factory.mktemp("table")
    images, truth = planted()
    rows = ["file,age,weight,split"]
    for number, (image, age) in enumerate(zip(images, truth, strict=True)):
        cv2.imwrite(str(place / f"{number:03}.png"), np.rint(image * 255).astype(np.uint8))
        rows.append(f"{number:03}.png,{age},{number},{'test' if number % 2 else 'train'}")
    (place / "people.csv").write_text("\n".join(rows))
    np.save(place / "images.npy", np.rint(images * 255).astype(np.uint8))
    np.save(place / "labels.npy", truth)
    number_model().save(place / "model.keras")
    return place


def test_on_the_command_line_from_a_table(folder, tmp_path, capsys):
    page = tmp_path / "p.html"
    words = ["--data", folder / "people.csv", "--task", "regression", "--trust-images", 0, "--output", page, "--scale"]
    taken = [
        *words,
        "0-1",
        "--label-column",
        "age",
        "--split",
        "test",
        "--unit",
        "years",
        "--json",
        tmp_path / "p.json",
    ]
    stops = ["--fail-if", "mae > 0.01", "--fail-if", "r2(age) < 0", "--junit", tmp_path / "p.xml", "--annotations"]
    code, told = run(capsys, "report", folder / "model.keras", *taken, *stops)
    assert code == 3 and f"of {COUNT // 2} pictures" in told and "Stopped by --fail-if mae > 0.01: it is" in told, told
    assert "r2(age) < 0:" not in told and 'failures="1"' in (tmp_path / "p.xml").read_text() and "::error" in told
    found = json.loads((tmp_path / "p.json").read_text())
    np.testing.assert_allclose(np.ravel(found["pictures"]["true"]), planted()[1][1::2])
    assert found["regression"]["names"] == ["age"] and "years" in words_of(page)
    code, told = run(capsys, "report", folder / "model.keras", *words, "0-1")
    assert code == 1 and "Received age, weight. Name one or several with --label-column" in told
    code, told = run(capsys, "report", folder / "model.keras", *words, "0-1", "--label-column", "file")
    assert code == 1 and "Expected a number for each image" in told


def test_evaluate_and_explain(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    given = [folder / "model.keras", "--data", folder / "images.npy", "--task", "regression"]
    code, told = run(capsys, "evaluate", *given, "--output", tmp_path / "out")
    images, truth = planted()
    error = mean_absolute_error(truth, number_model().predict(images, verbose=0)[:, 0])
    assert code == 0 and f"{error:.3g} (" in told
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["figures"][0]["name"] == "the number"
    assert (tmp_path / "out" / "predicted_and_true.svg").is_file()
    code, told = run(capsys, "explain", *given, "--direction", "down", "--output", tmp_path / "why.png")
    assert code == 0 and "its sign turned is" in told


@pytest.mark.parametrize(
    "words",
    [
        ("--classes", "cat"),
        ("--class-names", "names.txt"),
        ("--method", "rise"),
        ("--label-map", "1=cat"),
    ],
)
def test_options_of_classes_are_refused(words, folder, tmp_path, capsys):
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    typed = [str(tmp_path / word) if word == "names.txt" else word for word in words]
    given = [folder / "model.keras", "--data", folder / "images.npy", "--task", "regression"]
    code, told = run(capsys, "report", *given, "--output", tmp_path / "p.html", *typed)
    assert code == 1 and f"{words[0]}" in told and "Leave" in told, told
    assert not (tmp_path / "p.html").exists()


def test_options_of_numbers_are_refused_for_classes(tmp_path, capsys):
    for words in (("--unit", "years"), ("--number", "age"), ("--direction", "down")):
        code, told = run(capsys, "report", *words, "--output", tmp_path / "p.html")
        assert code == 1 and f"Expected a regression for {words[0]}" in told


def test_what_is_to_be_known_of_the_layers_is_said_of_a_regression_too():
    image = keras.Input((SIZE, SIZE, 1))
    maps = keras.layers.Conv2D(2, 3, padding="same")(image)
    added = keras.layers.Add(name="sum")([maps, keras.layers.Conv2D(2, 3, padding="same", name="last")(maps)])
    model = keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(added)))
    data = Dataset.from_arrays(*planted(), ["age"], task="regression")
    told = NumbersSeen(model, data, ReportPlan(), Asked()).information.warning
    assert told is not None and told.startswith("Other ways lead from the image to the answer beside last")
