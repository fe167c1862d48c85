import numpy as np
import pytest
from scipy.stats import binomtest

from featurelens.interpret.shortcuts.transplants import Effects, attributed, effects_of, holm, paired


def answers(seed):
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), 20)
    with_it = np.where(random.random(60) < 0.5, 1, labels)
    return labels, with_it, np.where(random.random(60) < 0.2, random.integers(0, 3, 60), labels)


@pytest.mark.parametrize("seed", range(3))
def test_effects_are_counts_of_pairs(seed):
    labels, with_it, without = answers(seed)
    found = effects_of(labels, with_it, without, 3)
    for label in range(3):
        pairs = [
            (a == label, b == label) for truth, a, b in zip(labels, with_it, without, strict=True) if truth == label
        ]
        assert found.own[label] == pytest.approx(np.mean([a for a, _ in pairs]) - np.mean([b for _, b in pairs]))
        others = [
            (a == label, b == label) for truth, a, b in zip(labels, with_it, without, strict=True) if truth != label
        ]
        assert found.others[label] == pytest.approx(np.mean([a for a, _ in others]) - np.mean([b for _, b in others]))
        for group, p in ((pairs, found.own_p[label]), (others, found.others_p[label])):
            first, differing = sum(a and not b for a, b in group), sum(a != b for a, b in group)
            assert p == pytest.approx(binomtest(first, differing).pvalue if differing else 1, abs=1e-9)


@pytest.mark.parametrize(("share_with", "share_without"), [(0.5, 0.5), (0.9, 0.75), (0.6, 0.3)])
def test_the_interval_of_the_gap_holds_it_in_99_of_100_draws(share_with, share_without):
    random, held = np.random.default_rng(0), []
    for _ in range(1500):
        draw = random.random(20)  # the same image decides both, so that the answers are paired
        shifted = np.where(random.random(20) < 0.7, draw, random.random(20))
        with_it, without = (draw < share_with).astype(int), (shifted < share_without).astype(int)
        found = effects_of(np.ones(20, int), with_it, without, 2)
        held.append(found.own_low[1] <= share_with - share_without <= found.own_high[1])
    assert np.mean(held) >= 0.98  # 99 % less three deviations of 1,500 draws


def test_holm_multiplies_by_what_is_left_and_never_falls():
    p = np.array([0.2, 0.001, 0.03, 0.03])
    assert holm(p).tolist() == pytest.approx([0.2, 0.004, 0.09, 0.09])
    assert holm(np.array([[0.9, 0.8]])).tolist() == [[1, 1]]


def test_a_donor_is_never_the_image_itself():
    labels, pool = np.repeat(np.arange(2), 30), np.arange(10)
    made = paired(labels, np.ones(60, bool), pool, np.arange(10, 60), 20, np.random.default_rng(0))
    assert (made.images != made.carriers).all() and (made.images != made.others).all()
    assert np.bincount(labels[made.images]).tolist() == [20, 20]
    assert all(sorted(made.rank[labels[made.images] == label]) == list(range(20)) for label in (0, 1))


def test_a_class_of_fewer_than_eight_images_is_left_out():
    labels = np.array([0] * 30 + [1] * 7)
    made = paired(labels, np.ones(37, bool), np.arange(10), np.arange(10, 37), 20, np.random.default_rng(0))
    assert set(labels[made.images]) == {0}


def effects(own, others):
    many = len(own)
    zero = np.zeros(many)
    return Effects(np.full(many, 50), np.array(own), zero, np.array(others), zero, zero, zero, zero, zero)


def test_a_content_is_read_as_the_class_that_carries_it_and_loses_without_it():
    found = effects([0.9, 0.5, 0.9], [0.4, 0.4, -0.1])
    everyone = np.full(3, 0.9)
    assert attributed(found, np.zeros(3), everyone) == 0
    assert attributed(found, np.array([0.2, 0, 0]), everyone) == 1  # the first is not significant
    assert attributed(found, np.zeros(3), np.array([-0.1, 0.8, 0.9])) == 1  # nor does the first carry it
    assert attributed(effects([0.1], [0.5]), np.zeros(1), np.ones(1)) is None


@pytest.mark.parametrize(
    ("turned", "others", "shown"), [(5, 200, False), (6, 200, True), (6, 8, True), (0, 200, False)]
)
def test_a_content_that_turns_no_more_others_than_chance_would_is_not_read(turned, others, shown):
    """Six of six answers that change in one direction have p = 1/32; a stroke of the digit 1 turned 1 % of the others."""
    labels = np.repeat([0, 1], [20, others])
    with_it, without = labels.copy(), labels.copy()
    without[:10] = 1  # the class loses half of its recall
    with_it[20 : 20 + turned] = 0
    found = effects_of(labels, with_it, without, 2)
    assert found.turns[0] == shown
    assert (attributed(found, found.own_p, np.array([0.9, -0.9])) == 0) == shown


@pytest.mark.parametrize(
    ("lost", "turned", "away", "shown"),
    [(30, 0, 0, True), (25, 0, 0, True), (24, 0, 0, False), (24, 6, 0, True), (30, 0, 5, True), (30, 0, 6, False)],
)
def test_a_background_is_read_where_its_class_alone_loses_25_points_and_no_others_turn_away(lost, turned, away, shown):
    labels = np.repeat([0, 1], 100)
    with_it, without = labels.copy(), labels.copy()
    without[:lost] = 1
    with_it[100 : 100 + turned] = 0
    without[150 : 150 + away] = 0
    found, excess = effects_of(labels, with_it, without, 2), np.array([0.9, -0.9])
    assert (attributed(found, found.own_p, excess, is_behind=True) == 0) == shown
    assert (attributed(found, found.own_p, excess) == 0) == (turned > 0)
