"""The nearest right answers of both classes: by hand and as loops."""

import numpy as np

from featurelens.interpret.layers.nearest_answers import nearest_answers


def test_by_hand():
    # the mistake is the last: at 45 degrees; of its class 0 one lies at 0, of class 1 one at 90 and a wrong one at 46
    features = np.array([[1, 0], [0, 2], [1.0, 1.05], [3, 3]], np.float32)
    labels, predictions = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 1])
    found = nearest_answers(features, labels, predictions, np.array([3]), count=2)
    assert found.of_true.tolist() == [[0, -1]] and found.of_predicted.tolist() == [[1, -1]]
    np.testing.assert_allclose(found.true_cosine, [[0.5**0.5, np.nan]], rtol=1e-6)


def test_as_loops():
    random = np.random.default_rng(0)
    features = random.normal(size=(80, 6)).astype(np.float32)
    labels, predictions = random.integers(0, 3, 80), random.integers(0, 3, 80)
    mistakes = np.flatnonzero(labels != predictions)
    found = nearest_answers(features, labels, predictions, mistakes)
    for place, number in enumerate(mistakes):
        for wanted, near in ((labels[number], found.of_true), (predictions[number], found.of_predicted)):
            right = [n for n in range(80) if labels[n] == predictions[n] == wanted]
            unit = features / np.linalg.norm(features, axis=1, keepdims=True)
            expected = sorted(right, key=lambda n: -(unit[n] @ unit[number]))[:3]
            assert near[place].tolist() == expected


def test_without_right_answers():
    found = nearest_answers(np.eye(2, dtype=np.float32), np.array([0, 1]), np.array([1, 0]), np.array([0, 1]))
    assert (found.of_true == -1).all() and np.isnan(found.predicted_cosine).all()
