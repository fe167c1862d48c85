"""What `evaluate --output` writes: plots, figures, and the misclassified images."""

import json

import cv2
import numpy as np
import pytest

from featurelens.models.datasets import Dataset
from featurelens.models.evaluation import averages, evaluation_from_probabilities
from featurelens.reports.evaluation_files import check_folder, evaluation_plots, write_evaluation
from featurelens.reports.misclassified_sheet import misclassified_sheet

HISTORY = {"accuracy": [0.5, 0.7], "val_accuracy": [0.5, 0.6], "loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}
NAMES = ("первый", "a name that is longer than any cell is wide", "<b>$x$</b>")


def random_evaluation(count=60, classes=3, side=6, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    probabilities = random.dirichlet(np.ones(classes), count)
    data = Dataset(random.random((count, side, side, 1), np.float32), labels, NAMES[:classes], "made")
    return evaluation_from_probabilities(probabilities, labels, NAMES[:classes]), data


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
    assert set(evaluation_plots(evaluation, history=HISTORY)) == trained
    plots = evaluation_plots(evaluation, history={**HISTORY, "test_loss": [2.5, 1.25]})
    assert set(plots) == trained | {"held_out_loss"}
    assert plots["held_out_loss"].description == "After the last epoch: validation 1.5, test 1.25."
    assert plots["training_loss"].description == "After the last epoch: training 1, validation 1.5."


def test_files_are_written_whole(tmp_path):
    evaluation, data = random_evaluation()
    folder = tmp_path / "new" / "folder"
    check_folder(folder)
    written = write_evaluation(evaluation, data, folder, history=HISTORY)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in written)
    figures = json.loads((folder / "evaluation.json").read_text())
    assert figures["averages"]["macro"]["recall"] == pytest.approx(evaluation.recall.mean())
    assert len(figures["misclassified"]) == (evaluation.predictions != evaluation.labels).sum()
    assert cv2.imread(str(folder / "misclassified.png")) is not None
    with pytest.raises(ValueError, match="Choose another"):
        check_folder(folder / "evaluation.json")


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
