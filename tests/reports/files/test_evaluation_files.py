"""What `evaluate --output` writes: plots, figures, and the misclassified images."""

import base64
import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from small_models import sequential

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.evaluation.metrics import averages, evaluation_from_probabilities
from featurelens.models.model_files.loading import model_card_of
from featurelens.reports.drawing.misclassified_sheet import misclassified_sheet
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.files.evaluation_files import check_folder, evaluation_plots, remove_earlier, write_evaluation
from featurelens.reports.sections.performance import PerformanceSection
from featurelens.reports.sections.section import About

HISTORY = {"accuracy": [0.5, 0.7], "val_accuracy": [0.5, 0.6], "loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}
SMOOTHED = {**HISTORY, "test_loss": [2.5, 1.25]}
NAMES = ("первый", "a name that is longer than any cell is wide", "<b>$x$</b>")


def random_evaluation(count=60, classes=3, side=6, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    probabilities = random.dirichlet(np.ones(classes), count)
    data = Dataset(random.random((count, side, side, 1), np.float32), labels, NAMES[:classes], "made")
    return evaluation_from_probabilities(probabilities, labels, NAMES[:classes]), data


def card(history=HISTORY, best_epoch=2, label_smoothing=0.0):
    """The card of a shipped model, with another training."""
    shipped = model_card_of("residual")
    assert shipped is not None
    recipe = {**shipped.recipe, "label_smoothing": label_smoothing}
    return replace(shipped, history=history, best_epoch=best_epoch, recipe=recipe)


def test_averages_are_those_of_scikit_learn():
    from sklearn.metrics import classification_report

    evaluation, _ = random_evaluation()
    report = classification_report(evaluation.labels, evaluation.predictions, output_dict=True)
    for kind, average in averages(evaluation).items():
        expected = report[f"{kind} avg"]
        assert average.precision == pytest.approx(expected["precision"])
        assert average.recall == pytest.approx(expected["recall"])
        assert average.f1 == pytest.approx(expected["f1-score"])


def test_averages_leave_out_what_is_not_defined():
    measured = evaluation_from_probabilities(np.array([[0.9, 0.1, 0], [0.6, 0.4, 0]]), np.array([0, 1]), NAMES)
    # class 1 is never predicted, class 2 does not exist: precision is (0.5), recall (1 + 0) / 2
    assert averages(measured)["macro"].precision == pytest.approx(0.5)
    assert averages(measured)["macro"].recall == pytest.approx(0.5)


def test_an_average_over_no_known_class_is_not_known():
    measured = evaluation_from_probabilities(np.array([[0.1, 0.1, 0.8]]), np.array([0]), NAMES)
    # only class 2 has a precision, 0 of 1, and no image has this class
    assert averages(measured)["macro"].precision == 0
    assert np.isnan(averages(measured)["weighted"].precision)


def test_every_plot_of_the_list_is_there():
    evaluation, _ = random_evaluation()
    plain = {"confusion_matrix", "precision_recall", "calibration"}
    assert set(evaluation_plots(evaluation)) == plain
    trained = plain | {"training_accuracy", "training_loss"}
    assert set(evaluation_plots(evaluation, card=card())) == trained
    plots = evaluation_plots(evaluation, card=card(SMOOTHED, best_epoch=1, label_smoothing=0.1))
    assert set(plots) == trained | {"held_out_loss"}
    kept = "After epoch 1, whose weights were kept"
    assert plots["held_out_loss"].description.startswith(f"{kept}: validation 2, test 2.5; after the last, 2: ")
    assert plots["training_loss"].description.startswith(f"{kept}: training 2, validation 2; after the last, 2: ")
    for name in ("held_out_loss", "training_loss"):
        assert "loss, with label smoothing 0.1" in plots[name].svg()


def test_plots_of_very_many_classes_say_which_part_they_show():
    random = np.random.default_rng(0)
    labels = random.integers(0, 30, 300)
    measured = evaluation_from_probabilities(random.dirichlet(np.ones(30), 300), labels, [f"c{n}" for n in range(30)])
    plots = evaluation_plots(measured)
    assert re.search(r">(19|20) of 30 classes, those of the most frequent confusions<", plots["confusion_matrix"].svg())
    assert ">18 of 30 classes, those with the lowest average precision<" in plots["precision_recall"].svg()


def test_files_are_written_whole(tmp_path):
    evaluation, data = random_evaluation()
    folder = tmp_path / "new" / "folder"
    check_folder(folder)
    written = write_evaluation(evaluation, data, folder, model="mine", card=card())
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in written)
    assert {path.stem for path in written if path.suffix == ".png"} == {
        path.stem for path in written if path.suffix == ".svg"
    }
    figures = json.loads((folder / "evaluation.json").read_text())
    assert figures["averages"]["macro"]["recall"] == pytest.approx(evaluation.recall.mean())
    assert len(figures["misclassified"]) == (evaluation.predictions != evaluation.labels).sum()
    sheet = cv2.imread(str(folder / "misclassified.png"))
    held = re.search(r'href="data:image/png;base64,([^"]+)"', (folder / "misclassified.svg").read_text())
    assert held is not None
    embedded = np.frombuffer(base64.b64decode(held[1]), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(embedded, cv2.IMREAD_COLOR), sheet)
    with pytest.raises(ValueError, match="Choose another"):
        check_folder(folder / "evaluation.json")


def test_the_figures_are_enough_to_draw_every_plot_again(tmp_path):
    evaluation, data = random_evaluation()
    diverged = {**HISTORY, "val_loss": [2.0, float("nan")]}
    write_evaluation(evaluation, data, tmp_path, model="mine", card=card(diverged, best_epoch=1, label_smoothing=0.1))
    figures = json.loads((tmp_path / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert (figures["model"], figures["data"]) == ("mine", "made")
    for label, name in enumerate(NAMES):
        curve = figures["precision_recall"][name]
        recall, precision = np.array(curve["recall"]), np.array(curve["precision"])
        area = np.sum((recall[:-1] - recall[1:]) * precision[:-1])
        assert area == pytest.approx(evaluation.average_precision[label], abs=1e-4)
        for place, threshold in enumerate(curve["thresholds"]):
            taken = evaluation.probabilities[:, label] >= np.float32(threshold)
            assert precision[place] == pytest.approx((evaluation.labels[taken] == label).mean(), abs=1e-5)
    filled = [step for step in figures["calibration"] if step["images"]]
    assert sum(step["images"] for step in filled) == figures["images"] == 60
    distances = [step["images"] / 60 * abs(step["confidence"] - step["accuracy"]) for step in filled]
    assert sum(distances) == pytest.approx(figures["expected_calibration_error"])
    assert all(step["above"] < step["confidence"] <= step["to"] for step in filled)
    assert figures["training"] == {
        "kept_epoch": 1,
        "label_smoothing": 0.1,
        "history": {**diverged, "val_loss": [2.0, None]},
    }
    for mistake in figures["misclassified"]:
        of_classes = evaluation.probabilities[mistake["image"]]
        assert mistake["probability"] == pytest.approx(of_classes.max())
        assert mistake["probability_of_true"] == pytest.approx(of_classes[mistake["true"]])
        assert mistake["probability"] > mistake["probability_of_true"]


def test_what_an_earlier_evaluation_left_is_removed_and_nothing_else(tmp_path):
    (wrong, data), names = random_evaluation(), ("a", "b")
    write_evaluation(wrong, data, tmp_path, model="first", card=card(SMOOTHED))
    theirs = {"training_loss.txt", "my_training_loss.png", "notes.md"}
    for name in theirs:
        (tmp_path / name).write_text("mine")
    right = evaluation_from_probabilities(np.eye(2), np.array([0, 1]), names)
    images = Dataset(np.zeros((2, 4, 4, 1), np.float32), np.array([0, 1]), names, "made")
    written = write_evaluation(right, images, tmp_path, model="second")
    removed = {path.name for path in remove_earlier(tmp_path, written)}
    gone = ("training_accuracy", "training_loss", "held_out_loss", "misclassified")
    assert removed == {f"{name}{ending}" for name in gone for ending in (".png", ".svg")}
    assert {path.name for path in tmp_path.iterdir()} == theirs | {path.name for path in written}
    assert remove_earlier(tmp_path, written) == []


def test_the_report_draws_the_training_and_says_how_its_loss_is_meant():
    random = np.random.default_rng(0)
    images = random.random((40, 8, 8, 3), np.float32)
    data = Dataset(images, random.integers(0, 3, 40), ("a", "b", "c"), "made")
    trained = card(SMOOTHED, best_epoch=1, label_smoothing=0.1)
    seen = Seen(sequential(), data, ReportPlan(trust_images=0), card=trained)
    section, about = PerformanceSection(), About.of(seen)
    found = section.evidence(seen, {})
    html = section.html(found, about).html
    assert html.count("over the epochs</title>") == 1  # the accuracy
    assert html.count("over the epochs, with label smoothing 0.1</title>") == 1
    assert html.count("The model has the weights of epoch 1, the best one by validation accuracy.") == 2
    assert html.count("measured with the label smoothing of 0.1 that the model was trained with") == 1
    assert html.count("The test curve decided nothing; it was recorded for this plot only.") == 1
    plain = section.html(found, replace(about, card=card())).html
    assert "over the epochs" in plain and "smoothing" not in plain and "weights of epoch" not in plain
    assert "over the epochs" not in section.html(found, replace(about, card=None)).html


def test_the_misclassified_images_are_the_ones_on_the_sheet():
    labels = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[1, 0, 0], [0.2, 0.8, 0], [0, 1, 0], [0.6, 0.4, 0], [0.1, 0.9, 0]])
    shades = np.array([0.1, 0.2, 0.4, 0.6, 0.8], np.float32)
    data = Dataset(np.broadcast_to(shades[:, None, None, None], (5, 6, 6, 1)).copy(), labels, NAMES, "made")
    sheet = misclassified_sheet(evaluation_from_probabilities(probabilities, labels, NAMES), data)
    inside = sheet[44 + 40, [10 + 40, 10 + 124 + 40, 10 + 2 * 124 + 40]]  # the middle of the first three images
    # the confusion of two images comes first, in it the surer one
    np.testing.assert_array_equal(inside, np.rint(255 * shades[[4, 1, 3], None]).repeat(3, axis=1))
    assert (sheet[44 + 40, 10 + 3 * 124 :] == 255).all(), "no fourth image"


def test_without_mistakes_there_is_no_sheet():
    labels = np.array([0, 1])
    data = Dataset(np.zeros((2, 4, 4, 1), np.float32), labels, ("a", "b"), "made")
    assert misclassified_sheet(evaluation_from_probabilities(np.eye(2), labels, ("a", "b")), data) is None


def test_photos_of_the_sheet_are_read_a_few_at_a_time(monkeypatch):
    """2,500 of 224 x 224 would be 1.5 GB."""
    from featurelens.reports.drawing import misclassified_sheet as module

    evaluation, dataset = random_evaluation(count=300)
    whole, sizes, drawn = misclassified_sheet(evaluation, dataset), [], module.pictures
    monkeypatch.setattr(module, "pictures", lambda images, *rest: sizes.append(len(images)) or drawn(images, *rest))
    np.testing.assert_array_equal(misclassified_sheet(evaluation, dataset), whole)
    assert max(sizes) <= 32 < sum(sizes)
