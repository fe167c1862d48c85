"""The report of independent labels: figures held against scikit-learn, maps of planted patches, a planted false friend."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from sklearn import metrics
from task_pages import assert_sound, run, words_of

from featurelens.interpret import HiResCAM
from featurelens.models import Dataset, evaluate
from featurelens.models.evaluation.labels import label_evaluation
from featurelens.models.truth.record import Marks
from featurelens.reports import write_report

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
SIZE, COUNT = 8, 150
PATCHES = {"sun": (slice(0, 2), slice(0, 2)), "sea": (slice(5, 8), slice(2, 4)), "sail": (slice(2, 4), slice(5, 8))}
NAMES = tuple(PATCHES)
BIAS = (-2.2, -2.2, -2.2)


def label_model(activation: str | None = "sigmoid") -> keras.Model:
    """Each label's logit is the mean of its patch times 4, less 2.2; 'sail' also looks at the patch of 'sea', times 4."""
    weights = np.zeros((SIZE, SIZE, 1, 3), np.float32)
    for label, patch in enumerate(PATCHES.values()):
        weights[(*patch, 0, label)] = 4 / weights[(*patch, 0, label)].size
    weights[(*PATCHES["sea"], 0, 2)] = 4 / 6
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation=activation),
        ]
    )
    model.set_weights([np.ones((1, 1, 1, 1), np.float32), weights.reshape(-1, 3), np.float32(BIAS)])
    return model


def planted() -> tuple[np.ndarray, np.ndarray]:
    """Images whose patches are bright where the label is borne: sun and sail at random, sea likewise."""
    draw = np.random.default_rng(3)
    marks = draw.random((COUNT, 3)) < 0.4
    images = draw.random((COUNT, SIZE, SIZE, 1)) * 0.3
    for label, patch in enumerate(PATCHES.values()):
        images[:, *patch, 0] += 0.6 * marks[:, label, np.newaxis, np.newaxis] * draw.random((COUNT, 1, 1)) ** 0.2
    return np.rint(images * 255).astype(np.float32) / np.float32(255), marks


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    page = tmp_path_factory.mktemp("labels") / "p.html"
    data = Dataset.from_arrays(*planted(), NAMES, task="labels")
    settings = {"json": page.with_suffix(".json"), "arrays": page.with_suffix(".npz")}
    write_report(label_model(), data, page, trust_images=20, **settings)
    return page


@pytest.fixture(scope="module")
def figures(written) -> dict:
    return json.loads(written.with_suffix(".json").read_text())


def test_the_figures_are_those_of_scikit_learn(figures):
    images, marks = planted()
    likely = label_model().predict(images, verbose=0)
    said = likely >= 0.5
    assert 0.2 < (said == marks).all(axis=1).mean() < 0.9  # the case is not trivial
    expected = metrics.precision_recall_fscore_support(marks, said, average=None)
    found = figures["labels"]["figures"]
    for place, name in enumerate(("precision", "recall")):
        np.testing.assert_allclose([each[name]["value"] for each in found], expected[place], rtol=1e-6)
        assert all(each[name]["low"] - 1e-9 <= each[name]["value"] <= each[name]["high"] + 1e-9 for each in found)
    np.testing.assert_allclose([each["f1"] for each in found], expected[2], rtol=1e-6)
    averages = metrics.average_precision_score(marks, likely, average=None)  # two that nearly tie may change places
    np.testing.assert_allclose([each["average_precision"] for each in found], averages, atol=2e-3)
    assert figures["labels"]["macro_average_precision"] == pytest.approx(averages.mean(), abs=2e-3)
    assert figures["labels"]["micro_f1"] == pytest.approx(metrics.f1_score(marks, said, average="micro"))
    assert figures["labels"]["exact"]["value"] == pytest.approx(metrics.accuracy_score(marks, said))
    for label, each in enumerate(found):
        at_best = metrics.f1_score(marks[:, label], likely[:, label] >= each["best_threshold"] - 1e-6)
        assert each["best_f1"] == pytest.approx(at_best, abs=0.01) and each["best_f1"] >= expected[2][label] - 1e-9


def test_what_comes_together_is_counted_one_by_one(figures):
    images, marks = planted()
    said, together = label_model().predict(images, verbose=0) >= 0.5, figures["labels"]["together"]
    for i in range(3):
        for j in range(3):
            assert together["true"][i][j] == sum(bool(row[i] and row[j]) for row in marks)
            assert together["answered"][i][j] == sum(bool(row[i] and row[j]) for row in said)
            both = list(zip(marks, said, strict=True))
            missed = sum(bool(true[i] and not told[i] and told[j] and not true[j]) for true, told in both)
            assert together["instead"][i][j] == missed
            beside = sum(bool(true[i] and not true[j] and told[j]) for true, told in both)
            assert together["added_beside"][i][j] == beside
            if i != j:
                without = sum(bool(not true[i] and not true[j] and told[j]) for true, told in both)
                assert together["added_without"][i][j] == without


def test_the_false_friend_is_found(written, figures):
    """Only sail is answered because of another label, sea: its weights lie on both patches."""
    pairs = figures["labels"]["led_astray"]
    assert [(pair["beside"], pair["added"]) for pair in pairs] == [(1, 2)]
    assert pairs[0]["rate"]["low"] > pairs[0]["elsewhere"]["high"]
    assert "sail is wrongly answered on" in words_of(written)


def test_each_label_of_a_picture_has_a_map_of_its_own(written, figures):
    """HiResCAM of a 1x1 convolution and a dense layer is weight times pixel, of that label alone."""
    arrays, (images, marks) = np.load(written.with_suffix(".npz")), planted()
    weights = label_model().get_weights()[1].reshape(SIZE, SIZE, 3)
    numbers, labels = arrays["worst.numbers"], arrays["worst.labels"]
    assert len(set(numbers.tolist())) < len(numbers)  # some picture has several
    expected = weights[:, :, labels].transpose(2, 0, 1) * images[numbers, :, :, 0]
    np.testing.assert_allclose(arrays["worst.signed"], expected, atol=1e-5)
    said = label_model().predict(images, verbose=0) >= 0.5
    first = (said != marks).sum(axis=1)[numbers[0]]
    assert first == (said != marks).sum(axis=1).max()


def test_no_accuracy_and_no_confusion_of_classes(written):
    text = words_of(written).lower()
    for word in ("class", "accuracy", "confusion", "softmax", "nan", "none"):
        found = re.search(rf".{{0,60}}\b{word}.{{0,40}}", text.replace("from all to none", ""))
        assert not found, found
    assert "average precision" in text and "led astray" in text and "threshold" in text


def test_axe_finds_nothing_on_any_view(written):
    assert_sound(written, ["together", "images"], ["looks"])


def test_a_label_has_its_name_everywhere():
    """By name in a method, and in what a notebook shows; no 'unknown' class."""
    images, marks = planted()
    data = Dataset.from_arrays(images[:4], marks[:4], NAMES, task="labels")
    model = label_model()
    np.testing.assert_array_equal(HiResCAM(model)(data, classes="sail"), HiResCAM(model)(images[:4], classes=2))
    shown = data._repr_html_()
    assert "any of 3 labels: sun, sea, sail" in shown and "unknown" not in shown


def test_the_figures_of_exact_answers_are_exact():
    """Given probabilities, so that nothing is rounded: to the last digit those of scikit-learn."""
    draw = np.random.default_rng(1)
    marks = draw.random((200, 3)) < (0.5, 0.2, 0.05)
    likely = np.round(0.6 * marks + 0.8 * draw.random((200, 3)), 2).clip(0, 1)  # rounded: many ties
    found = label_evaluation(Marks(marks, ("a", "b", "c")), likely)
    averages = metrics.average_precision_score(marks, likely, average=None)
    np.testing.assert_allclose([each.average_precision for each in found.figures], averages, rtol=1e-12)
    for label, each in enumerate(found.figures):
        every = [metrics.f1_score(marks[:, label], likely[:, label] >= cut) for cut in np.unique(likely[:, label])]
        assert each.best_f1 == pytest.approx(max(every))


def test_logits_without_an_activation_are_taken_as_said():
    images, marks = planted()
    by_sigmoid = evaluate(label_model(), (images, marks), task="labels")
    by_logits = evaluate(label_model(None), (images, marks), task="labels", head="linear")
    np.testing.assert_allclose(by_logits.probabilities, by_sigmoid.probabilities, atol=1e-6)
    assert by_sigmoid.names == ("label 0", "label 1", "label 2")


def test_a_report_of_logits_without_an_activation(tmp_path):
    images, marks = planted()
    page, told = tmp_path / "p.html", tmp_path / "p.json"
    write_report(label_model(None), (images[:40], marks[:40]), page, task="labels", trust_images=0, json=told)
    expected = label_model().predict(images[:40], verbose=0)
    np.testing.assert_allclose(json.loads(told.read_text())["pictures"]["probability"], expected, atol=1e-5)


def test_a_perfect_model_and_a_label_that_nobody_bears(tmp_path):
    images, _ = planted()
    marks = label_model().predict(images, verbose=0) >= 0.5
    marks = np.concatenate([marks, np.zeros((COUNT, 1), bool)], axis=1)
    model = label_model()
    weights, bias = model.layers[-1].get_weights()
    wider = keras.Sequential(
        [keras.Input((SIZE, SIZE, 1)), keras.layers.Flatten(), keras.layers.Dense(4, activation="sigmoid")]
    )
    wider.set_weights([np.pad(weights, ((0, 0), (0, 1))), np.append(bias, -9).astype(np.float32)])
    data = Dataset.from_arrays(images, marks, [*NAMES, "wreck"], task="labels")
    text = words_of(write_report(wider, data, tmp_path / "p.html", trust_images=0))
    assert "right on 100 %" in text.replace("\u00a0", " ") and "No picture bears wreck" in text
    assert "Every label of every picture is right" in text and " nan" not in text.lower()


def test_what_does_not_fit_is_refused(tmp_path):
    images, marks = planted()
    softmax = label_model("softmax")
    with pytest.raises(ValueError, match=r"Expected a model of 3 independent labels.*such as a softmax"):
        write_report(softmax, (images, marks), tmp_path / "p.html", task="labels", trust_images=0)
    with pytest.raises(ValueError, match=r"Expected marks of 0 and 1.*Received float64\[150, 3\]"):
        write_report(label_model(), (images, marks * 0.5), tmp_path / "p.html", task="labels")
    with pytest.raises(ValueError, match=r"Expected one-hot labels.*task='labels'"):
        Dataset.from_arrays(images, marks.astype(int))
    with pytest.raises(ValueError, match="Expected a regression for direction="):
        write_report(label_model(), (images, marks), tmp_path / "p.html", task="labels", direction="down")
    data = Dataset.from_arrays(images, marks[:, :2], task="labels")
    with pytest.raises(ValueError, match=r"2 independent labels .*Received one of 3"):
        write_report(label_model(), data, tmp_path / "p.html", trust_images=0)
    assert not (tmp_path / "p.html").exists()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Pictures with their marks as columns, and as words; the model."""
    place = tmp_path_factory.mktemp("table")
    images, marks = planted()
    columns, words = [f"file,{','.join(NAMES)}"], ["file,label"]
    for number, (image, row) in enumerate(zip(images[:40], marks[:40], strict=True)):
        cv2.imwrite(str(place / f"{number:03}.png"), np.rint(image * 255).astype(np.uint8))
        columns.append(f"{number:03}.png,{','.join(str(int(on)) for on in row)}")
        words.append(f"{number:03}.png,{'|'.join(name for name, on in zip(NAMES, row, strict=True) if on)}")
    (place / "columns.csv").write_text("\n".join(columns))
    (place / "words.csv").write_text("\n".join(words))
    (place / "names.txt").write_text("\n".join(NAMES))
    label_model().save(place / "model.keras")
    return place


def test_on_the_command_line_from_columns_and_from_words(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    given = ["--task", "labels", "--scale", "0-1"]
    page, told = tmp_path / "p.html", tmp_path / "p.json"
    columns = [folder / "model.keras", "--data", folder / "columns.csv", *given]
    code, said = run(
        capsys, "report", *columns, "--output", page, "--json", told, "--trust-images", 0, "--fail-if", "map < 2"
    )
    assert code == 3 and "of 40 pictures" in said and "Stopped by --fail-if map < 2: it is" in said, said
    found = json.loads(told.read_text())
    assert found["about"]["labels"] == list(NAMES)
    assert found["pictures"]["true"] == [np.flatnonzero(row).tolist() for row in planted()[1][:40]]
    code, said = run(capsys, "evaluate", *columns, "--output", tmp_path / "out")
    assert code == 0 and "all labels right on" in said and (tmp_path / "out" / "together.svg").is_file()
    code, said = run(capsys, "explain", *columns, "--class", "sail", "--output", tmp_path / "why.png")
    assert code == 0 and "image 0 (000.png): sail has" in said
    by_words = [folder / "model.keras", "--data", folder / "words.csv", *given]
    code, said = run(capsys, "evaluate", *by_words)  # the names in the order of the alphabet: sail, sea, sun
    assert code == 0 and said.index("sail") < said.index("sea") < said.index("sun")


def test_options_of_classes_are_refused_and_several_labels_point_here(folder, tmp_path, capsys):
    given = [folder / "model.keras", "--data", folder / "columns.csv"]
    code, told = run(capsys, "report", *given, "--task", "labels", "--sections", "mistakes")
    assert code == 1 and "one class for each image for --sections. Received --task labels. Leave" in told
    code, told = run(capsys, "report", *given, "--task", "labels", "--fail-if", "accuracy < 1")
    assert code == 1 and "figure of several labels (map, exact" in told
    code, told = run(capsys, "report", *given, "--output", tmp_path / "p.html")
    assert code == 1 and "pass --task labels" in told
    code, told = run(capsys, "compare", folder / "model.keras", folder / "model.keras", *given[1:], "--task", "labels")
    assert code != 0 and not (tmp_path / "p.html").exists()
