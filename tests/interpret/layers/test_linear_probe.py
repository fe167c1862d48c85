"""The linear probe: separable, hopeless and impossible cases."""

import numpy as np
import pytest

from featurelens.interpret.layers.linear_probe import linear_probe


def test_a_plane_between_the_classes_is_found():
    features = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    labels = (features[:, 2] > 0).astype(np.int64)
    found = linear_probe(features, labels)
    assert found.accuracy > 0.93
    assert (found.fitted, found.tested, found.features) == (100, 100, 5)


def test_it_is_tested_on_the_second_half_only():
    # the first half says label = sign, the second half the opposite: a probe tested where it was fitted would be right
    features = np.tile(np.linspace(-1, 1, 50, dtype=np.float32), 2)[:, np.newaxis]
    labels = np.concatenate([features[:50, 0] > 0, features[50:, 0] < 0]).astype(np.int64)
    assert linear_probe(features, labels).accuracy == 0.0


def test_the_scale_of_the_features_does_not_matter():
    generator = np.random.default_rng(1)
    features = generator.normal(size=(300, 8)).astype(np.float32)
    labels = (features @ generator.normal(size=8) + generator.normal(size=300) > 0).astype(np.int64)
    assert linear_probe(features, labels) == linear_probe(features * np.float32(1000), labels)


@pytest.mark.parametrize("labels", [np.zeros(20, np.int64), np.zeros(2, np.int64)])
def test_one_class_or_too_few_rows_have_no_accuracy(labels):
    assert np.isnan(linear_probe(np.ones((len(labels), 3), np.float32), labels).accuracy)


@pytest.mark.parametrize(
    ("features", "classes"), [(12, 2), (12, 5), (400, 5)]
)  # of 150 rows: both forms of the solution
def test_it_is_the_ridge_classifier_of_scikit_learn(features: int, classes: int):
    from sklearn.linear_model import RidgeClassifier

    generator = np.random.default_rng(features + classes)
    rows = (3 + generator.normal(size=(300, features))).astype(np.float32)
    labels = 2 * (
        3 * rows[:, :12] @ generator.normal(size=(12, classes)) + generator.normal(size=(300, classes))
    ).argmax(axis=1)
    scaled = rows / rows[:150].std()
    other = RidgeClassifier(alpha=0.02 * 150).fit(scaled[:150], labels[:150])
    assert linear_probe(rows, labels).accuracy == pytest.approx(other.score(scaled[150:], labels[150:]), abs=1 / 150)
    assert linear_probe(rows, labels).accuracy > 1.2 / classes
