import math

import numpy as np
import pytest
from planted_shortcuts import marked, plain_images

from featurelens.interpret.shortcuts.candidates import parts_of, whole_frame
from featurelens.interpret.shortcuts.pixels.contents import border
from featurelens.interpret.shortcuts.pixels.refining import _repeated, _Side
from featurelens.interpret.shortcuts.pixels.separation import (
    _at_most,
    far_apart,
    groups,
    likelier,
    nearest,
    separation,
)


def by_loops(rows, members):
    """The formula of the module, written out."""
    inside = [row for row, member in zip(rows, members, strict=True) if member]
    rest = [row for row, member in zip(rows, members, strict=True) if not member]
    means = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in (inside, rest)]
    line = [one - other for one, other in zip(*means, strict=True)]
    distance = math.sqrt(sum(value**2 for value in line))
    projected = [
        [sum(v * w for v, w in zip(row, line, strict=True)) / distance for row in group] for group in (inside, rest)
    ]
    middle = [sum(values) / len(values) for values in projected]
    variance = [sum((v - m) ** 2 for v in values) / len(values) for values, m in zip(projected, middle, strict=True)]
    rms = math.sqrt(sum(sum((v - m) ** 2 for v, m in zip(row, means[0], strict=True)) for row in inside) / len(inside))
    return (middle[0] - middle[1]) / math.sqrt(sum(variance) / 2 + 1e-6) / (1 + 4 * rms / distance)


@pytest.mark.parametrize("seed", range(3))
def test_the_separation_is_the_formula(seed):
    rows = np.random.default_rng(seed).random((20, 5))
    members = np.arange(20) < 6
    assert separation(rows, members) == pytest.approx(by_loops(rows.tolist(), members.tolist()), rel=1e-9)


def test_equal_rows_do_not_stand_apart():
    assert separation(np.ones((6, 3)), np.arange(6) < 2) == 0


@pytest.mark.parametrize("spread", [1.0, 1e-3, 0.0])
def test_the_bound_is_just_above_the_separation(spread):
    random = np.random.default_rng(0)
    rows = 0.5 + spread * (random.random((300, 9, 3)) - 0.5)
    chosen = random.random((5, 300)) < 0.3
    rows[chosen[0]] = 0.9  # the group varies in nothing
    rows[chosen[1], 4] += 0.05
    apart, bound = [separation(rows, members) for members in chosen], _at_most(rows, chosen)
    assert max(apart) > 3
    assert (apart <= bound).all() and bound[0] <= 1.01 * apart[0]
    if spread == 1.0:
        np.testing.assert_allclose(bound, apart, rtol=1e-4)


def test_rows_of_nothing_but_zeros_are_nowhere_far_apart():
    assert not list(far_apart(np.zeros((40, 9)), 1e-9))


def test_far_apart_are_the_groups_of_such_a_separation():
    images, count = marked(0, 300)[0], 0
    for part in list(parts_of(images))[::6]:
        expected = [each for each in groups(part.features) if separation(part.features, each) >= 1.5]
        found = list(far_apart(part.features, 1.5))
        assert [apart for apart, _ in found] == [separation(part.features, each) for each in expected]
        np.testing.assert_array_equal([each for _, each in found], expected)
        count += len(found)
    assert count >= 2


def largest(images):
    scaled = (images - images.min()) / (images.max() - images.min())
    return max(separation(part.features, each) for part in parts_of(scaled) for each in groups(part.features))


def test_a_planted_mark_stands_apart_and_noise_does_not():
    assert largest(marked(0, 600)[0]) > 3.3 > 3 > largest(plain_images(0, 600)[0])


def test_nearest_is_by_distance():
    rows = np.array([[0.0, 0.0], [1.0, 0.8], [0.4, 0.4]])
    assert nearest(rows, np.ones(2), np.zeros(2)).tolist() == [False, True, False]


def test_repeated_pixels_are_those_of_one_value_in_nearly_all_and_in_few_others():
    random = np.random.default_rng(0)
    images = random.random((40, 5, 6, 3))
    images[:20, 1:3, 2:4] = 0.5  # all of the first half
    images[:16, 4, 4] = 0.5  # four fifths of it: too few
    images[:, 0, 0] = 0.5  # all pictures: no sign of any

    def see(chosen):
        return iter([images[chosen[:7]], images[chosen[7:]]])

    found = _repeated(*(_Side(see, rows, np.s_[:, :]) for rows in (np.arange(20), np.arange(20, 40))))
    expected = np.zeros((5, 6), bool)
    expected[1:3, 2:4] = True
    np.testing.assert_array_equal(found, expected)


def test_a_frame_is_as_thick_as_its_rings_are_seen():
    mask = border(20, 16, 2)
    mask[:2, 4:12] = False  # an object touches the upper edge
    np.testing.assert_array_equal(whole_frame(mask), border(20, 16, 2))
    assert not whole_frame(np.eye(20, dtype=bool)).any()


def test_likelier_is_the_larger_of_two_normal_densities_times_their_numbers():
    from scipy.stats import norm

    random = np.random.default_rng(0)
    inside, rest, rows = random.normal(0.5, 0.02, (50, 3)), random.normal(0.5, 0.2, (200, 3)), random.random((40, 3))
    expected = [
        50 * np.prod(norm.pdf(row, inside.mean(axis=0), inside.std(axis=0)))
        > 200 * np.prod(norm.pdf(row, rest.mean(axis=0), rest.std(axis=0)))
        for row in [*rows, *inside]
    ]
    assert likelier(np.concatenate([rows, inside]), inside, rest).tolist() == expected
    assert likelier(np.zeros((2, 1)), np.zeros((9, 1)), np.ones((9, 1))).all()  # no spread at all
