"""Evaluation: every figure worked out by hand on a few images."""

import numpy as np
import pytest

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.evaluation.calibration import calibrate
from featurelens.models.evaluation.metrics import PrecisionRecallCurve, evaluate, evaluation_from_probabilities, thinned
from featurelens.models.evaluation.probabilities import probabilities_of

# predictions: a, a, b, b; right, right, right, wrong (it is c)
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.5, 0.25, 0.25], [0.2, 0.6, 0.2], [0.1, 0.5, 0.4]], np.float32)
LABELS = np.array([0, 0, 1, 2])


@pytest.fixture
def measured():
    return evaluation_from_probabilities(PROBABILITIES, LABELS, ["a", "b", "c"])


def test_figures_by_hand(measured):
    assert measured.accuracy == 0.75
    assert measured.loss == pytest.approx(-np.log([0.8, 0.5, 0.6, 0.4]).mean(), rel=1e-6)
    np.testing.assert_array_equal(measured.predictions, [0, 0, 1, 1])
    np.testing.assert_array_equal(measured.confusion, [[2, 0, 0], [0, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(measured.precision, [1, 0.5, np.nan])  # c is never predicted: 0 of 0
    np.testing.assert_array_equal(measured.recall, [1, 1, 0])
    np.testing.assert_allclose(measured.f1, [1, 2 / 3, 0])
    np.testing.assert_array_equal(measured.support, [2, 1, 1])
    np.testing.assert_array_equal(measured.average_precision, [1, 1, 1])  # each class ranks its own images first


def test_a_ranking_with_a_mistake_by_hand():
    # class 1, from the highest probability down: no, yes, no, yes. Precision at the two hits: 1/2 and 2/4.
    second = np.array([0.9, 0.8, 0.4, 0.3], np.float32)
    measured = evaluation_from_probabilities(np.stack([1 - second, second], 1), np.array([0, 1, 0, 1]), ["no", "yes"])
    assert measured.average_precision[1] == pytest.approx(0.5)
    curve = measured.curves[1]
    assert curve.thresholds.tolist() == pytest.approx([0.3, 0.4, 0.8, 0.9])
    assert curve.precision.tolist() == pytest.approx([0.5, 1 / 3, 0.5, 0, 1])
    assert curve.recall.tolist() == pytest.approx([1, 0.5, 0.5, 0, 0])


@pytest.mark.parametrize("decimals", [1, 7])  # many ties, and hardly any
def test_figures_are_those_of_scikit_learn(decimals: int):
    from sklearn import metrics

    random = np.random.default_rng(decimals)
    probabilities = random.dirichlet(np.full(4, 0.5), 300).round(decimals).astype(np.float32)
    labels = random.integers(0, 4, 300)
    found = evaluation_from_probabilities(probabilities, labels, ["a", "b", "c", "d"])
    known = metrics.precision_recall_fscore_support(labels, probabilities.argmax(axis=1))
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), known, strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-12)
    for label, curve in enumerate(found.curves):
        theirs = metrics.precision_recall_curve(labels == label, probabilities[:, label])
        for ours, other in zip((curve.precision, curve.recall, curve.thresholds), theirs, strict=True):
            np.testing.assert_allclose(ours, other, rtol=1e-12)
        area = metrics.average_precision_score(labels == label, probabilities[:, label])
        assert found.average_precision[label] == pytest.approx(float(area))


def test_a_class_without_images_has_no_curve_and_no_recall():
    measured = evaluation_from_probabilities(PROBABILITIES[:2], LABELS[:2], ["a", "b", "c"])
    assert len(measured.curves[1].precision) == 0
    assert np.isnan(measured.recall[1:]).all()
    assert np.isnan(measured.average_precision[1:]).all()


def test_of_points_with_one_recall_the_surest_is_kept():
    # from the lowest threshold: recall 1, 1, 1/2, 1/2, 0; of each pair the one with the higher threshold adds the area
    curve = PrecisionRecallCurve(
        np.array([0.4, 0.5, 0.25, 0.5, 1]), np.array([1, 1, 0.5, 0.5, 0]), np.array([0.1, 0.2, 0.3, 0.4])
    )
    kept = thinned(curve)
    assert (kept.precision.tolist(), kept.recall.tolist()) == ([0.5, 0.5, 1], [1, 0.5, 0])
    assert kept.thresholds.tolist() == [0.2, 0.4]
    assert (
        len(thinned(curve, most=2).recall) == 2 and len(thinned(PrecisionRecallCurve(*[np.empty(0)] * 3)).recall) == 0
    )


def test_calibration_by_hand():
    # bin (0, 0.5]: 0.5 and 0.4, one right; bin (0.5, 1]: 0.8 and 1.0, both right
    result = calibrate(np.array([0.5, 0.4, 0.8, 1.0]), np.array([True, False, True, True]), bins=2)
    np.testing.assert_array_equal(result.counts, [2, 2])
    np.testing.assert_allclose(result.confidence, [0.45, 0.9])
    np.testing.assert_allclose(result.accuracy, [0.5, 1])
    assert result.expected_error == pytest.approx((2 * 0.05 + 2 * 0.1) / 4)
    assert np.isnan(calibrate(np.array([0.9]), np.array([True]), bins=2).accuracy[0])


def test_heads_by_hand():
    np.testing.assert_allclose(probabilities_of(np.array([[0.0, np.log(3.0)]]), 2, "linear"), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(probabilities_of(np.array([[np.log(3.0)]]), 2, "linear"), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(probabilities_of(np.array([[0.75]]), 2, "sigmoid"), [[0.25, 0.75]])
    np.testing.assert_allclose(probabilities_of(np.array([[1e4, -1e4]]), 2, "linear"), [[1, 0]])
    several = np.array([[0.9, 0.8, 0.1]])
    np.testing.assert_allclose(probabilities_of(several, 3, "sigmoid"), several, rtol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "classes", "head", "remedy"),
    [
        ([[2.0, -1.0]], 2, "softmax", "Pass head='linear'"),
        ([[0.9, 0.9]], 2, "softmax", "head='sigmoid' for one sigmoid per class"),
        ([[np.nan, 1.0]], 2, "softmax", "Received values from nan"),
        ([[0.5, 0.5]], 3, "softmax", "the same classes"),
        ([[0.5]], 3, "sigmoid", "the same classes"),
        ([[0.5, 0.5]], 2, "sofmax", "Did you mean 'softmax'"),
    ],
)
def test_outputs_that_are_no_probabilities_are_refused(outputs, classes, head, remedy):
    with pytest.raises(ValueError, match=remedy):
        probabilities_of(np.array(outputs), classes, head)


@pytest.mark.parametrize(
    ("probabilities", "labels", "remedy"),
    [
        (PROBABILITIES[:, :2], LABELS, "one column per class name"),
        (PROBABILITIES[:3], LABELS, "one row per image"),
        (PROBABILITIES[:0], LABELS[:0], "one row per image"),
        (PROBABILITIES * np.nan, LABELS, "Look at the model's weights"),
        (PROBABILITIES, LABELS + 1, "label of 1 or 3. Name every class"),
    ],
)
def test_what_cannot_be_measured_is_refused(probabilities, labels, remedy):
    with pytest.raises(ValueError, match=remedy):
        evaluation_from_probabilities(probabilities, labels, ["a", "b", "c"])


@pytest.mark.parametrize("batch_size", [1, 3, 256])
def test_a_model_is_run_in_batches_and_its_loss_is_that_of_keras(batch_size):
    import keras

    random = np.random.default_rng(0)
    data = Dataset(random.random((8, 2, 2, 1), np.float32), random.integers(0, 3, 8), ("a", "b", "c"), "made by hand")
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.set_weights([random.normal(size=(4, 3)), np.zeros(3)])
    logits = data.images.reshape(8, 4) @ model.get_weights()[0]
    with pytest.raises(ValueError, match="batch_size of at least 1"):
        evaluate(model, data, batch_size=0)
    measured = evaluate(model, data, batch_size=batch_size, head="linear")
    np.testing.assert_array_equal(measured.predictions, logits.argmax(axis=1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(data.labels, logits)
    assert measured.loss == pytest.approx(float(loss), rel=1e-5)
    np.testing.assert_array_equal(measured.labels, data.labels)
