"""The data map: by hand on three classes, neighbours on the circle, and directions that shuffled labels do not have."""

import itertools

import numpy as np
import pytest

from featurelens.models.screening.data_map import circle_of, data_map, softened, told_apart


def test_an_image_lies_where_its_probabilities_pull_it():
    logits = np.array([[90.0, 0, 0], [0, 0, 0], [45, 45, 0]], np.float32)
    found = data_map(logits, np.zeros((3, 3), int))
    np.testing.assert_allclose(found.places[0], [0, 1], atol=1e-12)  # class 0 on top
    np.testing.assert_allclose(found.points[0], found.places[0], atol=1e-6)
    np.testing.assert_allclose(found.points[1], [0, 0], atol=1e-6)
    np.testing.assert_allclose(found.points[2], found.places[:2].mean(axis=0), atol=1e-6)
    assert (np.linalg.norm(found.points, axis=1) <= 1 + 1e-6).all()


def test_softened_is_a_power_of_the_probabilities():
    # at 1.5 times the temperature, odds of e^3 become e^2
    first, second = softened(np.array([[3.0, 0.0]]))[0]
    assert first / second == pytest.approx(np.exp(2)) and first + second == pytest.approx(1)


def test_confused_classes_stand_side_by_side():
    confusion = np.zeros((6, 6), int)
    for one, other in [(0, 3), (3, 5), (5, 1), (1, 4), (4, 2), (2, 0)]:
        confusion[one, other] = 10
    order = circle_of(confusion).tolist()
    beside = {frozenset(pair) for pair in zip(order, [*order[1:], order[0]], strict=True)}
    assert beside == {frozenset(pair) for pair in [(0, 3), (3, 5), (5, 1), (1, 4), (4, 2), (2, 0)]}


@pytest.mark.parametrize("seed", range(8))
def test_the_circle_is_near_the_best_of_all(seed):
    confusion = np.random.default_rng(seed).integers(0, 20, (6, 6))
    likeness = confusion + confusion.T

    def near(order):
        return sum(likeness[order[n], order[n - 1]] for n in range(6))

    best = max(near((0, *rest)) for rest in itertools.permutations(range(1, 6)))
    order = circle_of(confusion)
    assert sorted(order) == list(range(6)) and near(order) >= 0.9 * best


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_few_classes(classes):
    found = data_map(np.ones((4, classes), np.float32), np.ones((classes, classes), int))
    assert sorted(found.order) == list(range(classes)) and np.isfinite(found.points).all()


def _accuracy(points, labels):
    """Leave-one-out, by the nearest mean."""
    right = 0
    for number in range(len(points)):
        others = np.arange(len(points)) != number
        means = [points[others & (labels == label)].mean(axis=0) for label in np.unique(labels)]
        right += (
            np.unique(labels)[np.argmin([np.linalg.norm(points[number] - mean) for mean in means])] == labels[number]
        )
    return right / len(points)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_chosen_classes_are_told_apart_where_variance_would_not(count):
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, 400)
    features = random.normal(size=(400, 12)) + 3 * np.eye(5, 12)[labels]
    features[:, 8:] *= 30  # the most variance says nothing
    chosen = np.arange(count)
    rows, points = told_apart(features, labels, chosen)
    np.testing.assert_array_equal(rows, np.flatnonzero(labels < count))
    assert points.shape == (len(rows), 2) and _accuracy(points, labels[rows]) > (0.9 if count < 4 else 0.7)
    assert _accuracy(points, random.permutation(labels[rows])) < 1 / count + 0.15
