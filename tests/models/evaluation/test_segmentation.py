"""IoU and accuracy of pixels: by hand, as sets, against scikit-learn, planted, and refused."""

import keras
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score

from featurelens.models import evaluate_segmentation
from featurelens.models.evaluation.segmentation import evaluation_of_masks, pixel_classes

pytestmark = pytest.mark.numeric
TRUTH = np.array([[[0, 0], [1, 1]], [[0, 0], [0, 0]]])
NAMED = np.array([[[0, 1], [1, 1]], [[0, 0], [0, 0]]])


def test_by_hand():
    found = evaluation_of_masks(NAMED, TRUTH, 3, ["sky", "sea", "ship"])
    assert found.confusion.tolist() == [[5, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert found.iou[:2].tolist() == [5 / 6, 2 / 3] and np.isnan(found.iou[2])  # nobody has, or names, a ship
    assert found.mean_iou == pytest.approx((5 / 6 + 2 / 3) / 2)
    assert found.class_accuracy[:2].tolist() == [5 / 6, 1] and found.precision[:2].tolist() == [1, 2 / 3]
    assert found.accuracy == 7 / 8 and found.image_accuracy.tolist() == [3 / 4, 1]
    assert found.image_iou.tolist() == pytest.approx([(1 / 2 + 2 / 3) / 2, 1])
    assert found.worst(1).tolist() == [0] and found.worst().tolist() == [0, 1]
    rows = found.table()
    rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
    assert (rows[0]["class"], rows[0]["pixels"], rows[1]["IoU"]) == ("sky", 6, 2 / 3)


def test_ignored_pixels_count_nowhere():
    masks = TRUTH.copy()
    masks[0, 0, 1] = 255  # the one mistake
    found = evaluation_of_masks(NAMED, masks, 2, ignore=255)
    assert (found.accuracy, found.mean_iou, found.ignored) == (1, 1, 1)
    every = evaluation_of_masks(NAMED, np.full_like(TRUTH, 255), 2, ignore=255)
    assert np.isnan(every.accuracy) and np.isnan(every.mean_iou) and every.worst().tolist() == []


def test_against_scikit_learn():
    draw = np.random.default_rng(0)
    truth, named = draw.integers(0, 4, (3, 9, 7)), draw.integers(0, 4, (3, 9, 7))
    found = evaluation_of_masks(named, truth, 4)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(truth.ravel(), named.ravel()))
    np.testing.assert_allclose(found.iou, jaccard_score(truth.ravel(), named.ravel(), average=None))
    each = [jaccard_score(a.ravel(), b.ravel(), average="macro") for a, b in zip(truth, named, strict=True)]
    np.testing.assert_allclose(found.image_iou, each)


def by_brightness(head):
    """A pixel is of class 1 where it is above a half: logits (0, 10x - 5)."""
    units = 1 if head == "sigmoid" else 2
    model = keras.Sequential(
        [keras.Input((4, 6, 1)), keras.layers.Conv2D(units, 1, activation=None if head == "linear" else head)]
    )
    kernel, bias = np.float32([[10.0]]), np.float32([-5.0])
    if units == 2:
        kernel, bias = np.float32([[0, 10]]), np.float32([0, -5])
    model.set_weights([kernel.reshape(1, 1, 1, units), bias])
    return model


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "linear"])
def test_a_planted_model_of_each_head(head):
    images = np.random.default_rng(0).random((5, 4, 6, 1), dtype=np.float32)
    masks = (images[..., 0] > 0.5).astype(np.uint8)
    found = evaluate_segmentation(by_brightness(head), images, masks, head=head, batch_size=2)
    assert found.accuracy == found.mean_iou == 1 and found.confusion.sum() == 120
    masks[3] = 1 - masks[3]
    found = evaluate_segmentation(by_brightness(head), images, np.eye(2)[masks], head=head)
    assert found.accuracy == pytest.approx(0.8) and found.worst(1).tolist() == [3] and found.image_iou[3] == 0


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: pixel_classes(np.zeros((2, 3))), r"answers \[B,H,W,K\]"),
        (lambda: pixel_classes(np.full((1, 2, 2, 3), 4.0)), "head='linear'"),
        (lambda: pixel_classes(np.zeros((1, 2, 2, 3)), "sigmoid"), "one channel"),
        (lambda: pixel_classes(np.zeros((1, 2, 2, 3)), "hard"), "softmax, sigmoid, linear"),
        (lambda: evaluation_of_masks(NAMED, TRUTH[:1], 2), r"int\[2, 2, 2\]"),
        (lambda: evaluation_of_masks(NAMED, TRUTH / 2, 2), "nearest pixel"),
        (lambda: evaluation_of_masks(NAMED, TRUTH * 255, 2), "ignore=255"),
        (lambda: evaluation_of_masks(NAMED, -TRUTH, 2, ignore=7), "Received -1"),
        (lambda: evaluation_of_masks(NAMED, np.ones((2, 2, 2, 2)), 2), "one-hot"),
        (lambda: evaluation_of_masks(NAMED, TRUTH, 2, ["one"]), "a name for each of 2"),
    ],
)
def test_what_does_not_fit_is_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()
