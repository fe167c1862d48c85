"""Conformal sets hold what they promise, by law, and say where they cannot."""

import numpy as np
import pytest

from featurelens.interpret.reference.conformal import conformal_thresholds


def drawn(count: int, seed: int, classes: int = 4):
    """Probabilities of a model that is right in its probabilities, and labels drawn by them."""
    draw = np.random.default_rng(seed)
    probabilities = draw.dirichlet(np.full(classes, 0.4), count)
    labels = (probabilities.cumsum(axis=1) > draw.random((count, 1))).argmax(axis=1)
    return probabilities, labels


@pytest.mark.parametrize(("count", "finite"), [(18, False), (19, True)])
def test_nineteen_references_are_needed_for_95_percent(count, finite):
    probabilities = np.full((count, 1), 0.7)
    found = conformal_thresholds(probabilities, np.zeros(count, np.int64))
    assert np.isfinite(found.thresholds).all() == finite
    assert found.pooled.tolist() == [not finite]


def test_the_threshold_is_the_order_statistic_by_hand():
    wrong = np.linspace(0.01, 0.39, 39)  # 1 - p of 39 references: the 38th smallest at 0.95
    probabilities = np.stack([1 - wrong, wrong], axis=1)
    found = conformal_thresholds(probabilities, np.zeros(39, np.int64))
    assert found.thresholds[0] == pytest.approx(wrong[37])
    assert found.pooled.tolist() == [False, True] and found.thresholds[1] == found.thresholds[0]
    assert found.sets(np.array([[0.5, 0.5], [0.63, 0.37]])).tolist() == [[True, False], [True, False]]


def test_coverage_is_within_its_law_and_the_top_class_is_in():
    covered = []
    for seed in range(40):
        probabilities, labels = drawn(1400, seed)
        found = conformal_thresholds(probabilities[:400], labels[:400], 0.9)
        sets = found.sets(probabilities[400:])
        assert sets[np.arange(1000), probabilities[400:].argmax(axis=1)].all()
        strict = 1 - probabilities[400:] <= found.thresholds
        covered.append(strict[np.arange(1000), labels[400:]].mean())
    deviation = np.sqrt(0.9 * 0.1 * (1 / 400 + 1 / 1000) / 40)  # Beta of n references, then 1,000 draws, 40 times
    assert (
        abs(np.mean(covered) - 0.9) < 4 * deviation + 4 / 400
    )  # each class rounds up by at most 1 / (n of the class + 1)


def test_a_share_is_asked_for():
    with pytest.raises(ValueError, match=r"such as 0\.95"):
        conformal_thresholds(np.ones((3, 1)), np.zeros(3, np.int64), 95)
