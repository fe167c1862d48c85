"""Conformal sets and refusals: coverage within its law, the smallest numbers of references, counts again as loops."""

import math

import numpy as np
import pytest
from scipy import stats

from featurelens.models.screening.answer_sets import (
    answer_sets,
    refusals,
    set_thresholds,
    sets_within,
    smallest_holding,
)


def drawn(count, seed, classes=3):
    """Probabilities that are true: labels are drawn from them."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(classes, 0.5), count)
    labels = (random.random(count)[:, np.newaxis] > probabilities.cumsum(axis=1)).sum(axis=1)
    return probabilities, np.minimum(labels, classes - 1)


@pytest.mark.parametrize(("count", "finite"), [(18, False), (19, True), (20, True)])
def test_nineteen_references_are_the_fewest(count, finite):
    assert math.isfinite(smallest_holding(np.arange(float(count)), 0.05)) is finite


def test_the_threshold_is_the_order_statistic():
    # n = 99, alpha = 0.05: ceil(100 * 0.95) = 95th smallest
    assert smallest_holding(np.random.default_rng(0).permutation(99).astype(float), 0.05) == 94


def test_coverage_follows_its_law():
    # with continuous scores the coverage of n references is Beta(k, n + 1 - k); a set that always has the top class covers more
    coverage = []
    for seed in range(60):
        probabilities, labels = drawn(200, seed, classes=2)
        everyone = smallest_holding(1 - probabilities[np.arange(200), labels], 0.05)
        fresh, true = drawn(4000, 1000 + seed, classes=2)
        coverage.append((1 - fresh[np.arange(4000), true] <= everyone).mean())
    law = stats.beta(191, 10)
    assert abs(np.mean(coverage) - law.mean()) < 3 * math.hypot(law.std(), 0.5 / 4000**0.5) / 60**0.5


def test_each_class_with_enough_references_has_a_threshold_of_its_own():
    probabilities, labels = drawn(3000, 0)
    rare = np.flatnonzero(labels == 2)[18:]  # 18 are left of class 2
    kept = np.setdiff1d(np.arange(3000), rare)
    found = set_thresholds(probabilities[kept], labels[kept])
    assert found.pooled.tolist() == [False, False, True]
    scores = 1 - probabilities[kept, labels[kept]]
    assert found.largest[2] == smallest_holding(scores, 0.05)
    assert found.largest[0] == smallest_holding(scores[labels[kept] == 0], 0.05)


def test_the_most_probable_class_is_always_in():
    thresholds = set_thresholds(np.tile([0.99, 0.01], (40, 1)), np.arange(40) % 2 * 0)
    inside = answer_sets(np.array([[0.6, 0.4], [0.2, 0.8]]), thresholds)
    assert inside[0, 0] and inside[1, 1]


def test_too_few_references_put_every_class_in():
    assert answer_sets(np.array([[0.9, 0.1]]), set_thresholds(np.full((5, 2), 0.5), np.zeros(5, int))).all()


def test_sets_within_one_split():
    probabilities, labels = drawn(3000, 1)
    found = sets_within(probabilities, labels)
    assert 0.94 < found.coverage < 0.99 and (found.classes > 0.92).all() and 1 <= found.size <= 3
    assert sets_within(probabilities[:36], labels[:36]) is None
    assert sets_within(np.full((100, 2), np.nan), np.zeros(100, int)) is None


def test_refusals_are_counts():
    probabilities, labels = drawn(300, 2)
    found = refusals(probabilities, labels)
    for threshold, answered, right in zip(found.thresholds, found.answered, found.right, strict=True):
        taken = [n for n in range(300) if probabilities[n].max() >= threshold]
        assert answered == pytest.approx(len(taken) / 300)
        if taken:
            assert right == pytest.approx(np.mean([probabilities[n].argmax() == labels[n] for n in taken]))
    assert found.answered[0] == 1
