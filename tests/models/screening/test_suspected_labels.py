"""Labels that are probably wrong: planted, not planted, permuted; the stated figures beside those counted in loops."""

import numpy as np
import pytest

from featurelens.models.screening.suspected_labels import (
    MOST_LISTED,
    nearest_rows,
    suspected_labels,
    witnesses_first,
)

COUNT, CLASSES = 4000, 5


def world(seed=0, apart=2.7):
    """Labels, features around a centre of each class, and the true probability of each class given the features."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, COUNT)
    centres = apart * np.eye(CLASSES)
    features = centres[labels] + random.normal(size=(COUNT, CLASSES))
    logits = -np.square(features[:, np.newaxis] - centres).sum(axis=2) / 2
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, features.astype(np.float32), odds / odds.sum(axis=1, keepdims=True)


def planted(labels, share, seed=1):
    random = np.random.default_rng(seed)
    changed = random.permutation(COUNT)[: int(share * COUNT)]
    given = labels.copy()
    given[changed] = (given[changed] + random.integers(1, CLASSES, len(changed))) % CLASSES
    return given, changed


def test_planted_labels_are_listed_and_their_share_is_told():
    labels, _, probabilities = world()
    given, changed = planted(labels, 0.03)
    found = suspected_labels(probabilities, given)
    assert found.ranked_by == "probability" and found.refused is None
    assert np.isin(found.numbers, changed).mean() >= 0.9  # the most suspect
    assert len(found.numbers) == MOST_LISTED < found.listed
    surprise = -np.log(probabilities[np.arange(COUNT), given])
    listed = np.argsort(-surprise)[: found.listed]
    assert np.isin(listed, changed).mean() == pytest.approx(found.precision, abs=0.1) and found.precision >= 0.7
    assert np.isin(changed, listed).mean() == pytest.approx(found.found, abs=0.1)
    assert found.wrong_at_most == pytest.approx(0.03, abs=0.01)
    np.testing.assert_array_equal(found.given, given[found.numbers])
    assert (found.suggested == labels[found.numbers])[np.isin(found.numbers, changed)].mean() > 0.9


def test_where_nothing_is_planted_little_is_listed():
    labels, _, probabilities = world()
    found = suspected_labels(probabilities, labels)
    assert found.listed <= 0.015 * COUNT
    assert found.wrong_at_most < 0.005
    assert found.precision_of_fewer < found.precision  # the rarer, the more of those listed are innocent


def test_labels_that_are_wrong_already_do_not_hide_each_other():
    labels, _, probabilities = world()
    many = suspected_labels(probabilities, planted(labels, 0.1)[0])
    few = suspected_labels(probabilities, planted(labels, 0.01)[0])
    assert many.listed > 4 * few.listed
    assert many.innocent == pytest.approx(few.innocent, abs=0.005)


def test_permuted_labels_are_refused():
    labels, _, probabilities = world()
    found = suspected_labels(probabilities, np.random.default_rng(0).permutation(labels))
    assert not len(found.numbers) and "largest class" in str(found.refused)


@pytest.mark.parametrize(
    ("change", "why"),
    [(lambda p, y: (p[:50], y[:50]), "fewer than"), (lambda p, y: (p * np.nan, y), "no probabilities")],
)
def test_what_cannot_be_questioned_is_refused(change, why):
    labels, _, probabilities = world()
    assert why in str(suspected_labels(*change(probabilities, labels)).refused)


def test_a_model_that_learnt_the_wrong_labels_by_heart_is_asked_for_its_neighbours():
    labels, features, probabilities = world(apart=4)
    given, changed = planted(labels, 0.03)
    by_heart = 0.999 * np.eye(CLASSES)[given] + 0.001 * probabilities
    assert not np.isin(suspected_labels(by_heart, given).numbers, changed).any()
    found = suspected_labels(by_heart, given, learnt_in=features)
    assert found.ranked_by == "neighbours"
    assert np.isin(found.numbers, changed).mean() >= 0.9


def test_always_right_and_sure():
    labels = np.arange(200) % 2
    found = suspected_labels(np.eye(2)[labels], labels)
    assert found.listed == 0 and not len(found.numbers)


def test_the_nearest_rows_are_those_of_a_loop():
    rows = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    near, likeness = nearest_rows(rows, 3)
    for number, row in enumerate(rows):
        cosines = [row @ other / np.linalg.norm(row) / np.linalg.norm(other) for other in rows]
        cosines[number] = -2
        expected = np.argsort(cosines)[::-1][:3]
        assert set(near[number]) == set(expected)
        np.testing.assert_allclose(
            np.sort(likeness[number]), np.maximum(np.sort(np.array(cosines)[expected]), 0), rtol=1e-5
        )


def test_a_near_copy_of_another_class_is_a_second_witness():
    labels = np.array([0, 1, 0, 0])
    copies = np.array([[0, 1], [2, 3]])  # of two classes, of one
    assert witnesses_first(np.array([0, 2]), copies, labels).tolist() == [True, False]
    assert witnesses_first(np.array([0, 2]), np.zeros((0, 2), np.int64), labels).tolist() == [False, False]
