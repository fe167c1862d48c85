"""Which of nine places hold the evidence: planted maps, maps that say nothing, and the areas again as loops."""

import numpy as np
import pytest

from featurelens.interpret.maps.regions import NOWHERE, REGIONS, evidence_regions, region_shares, thirds


def planted(*places, size=14, share=0.9):
    """A map with `share` of its evidence spread over the cells of these ninths, and the rest over all."""
    where = np.zeros((3, 3))
    for place in places:
        where[divmod(REGIONS.index(place), 3)] = 1
    spread = thirds(size).T @ where @ thirds(size)
    return (share * spread / spread.sum() + (1 - share) / size**2).astype(np.float32)


@pytest.mark.parametrize("size", [3, 7, 14, 28])
@pytest.mark.parametrize("place", REGIONS)
def test_one_place_that_holds_the_evidence_is_named_alone(place, size):
    found = evidence_regions(planted(place, size=size)[np.newaxis])
    assert found.name(0) == place
    assert found.held[0] == pytest.approx(found.shares[0, REGIONS.index(place)])


def test_two_clusters_are_both_named_and_not_the_empty_place_between_them():
    maps = planted("upper left") + planted("lower right")
    found = evidence_regions(maps[np.newaxis])
    assert found.name(0) == "upper left and lower right"
    assert found.held[0] > 0.8
    assert found.shares[0, REGIONS.index("centre")] < 1 / 9  # where the centroid lies


def test_the_shares_are_those_of_the_areas():
    maps = np.random.default_rng(0).normal(size=(4, 7, 5))
    shares = region_shares(maps)
    fine = np.maximum(maps, 0).repeat(3, axis=1).repeat(3, axis=2)  # 21 x 15: every third is whole cells
    for map_, found in zip(fine, shares, strict=True):
        for number in range(9):
            row, column = divmod(number, 3)
            own = sum(map_[i, j] for i in range(7 * row, 7 * row + 7) for j in range(5 * column, 5 * column + 5))
            assert found[number] == pytest.approx(own / map_.sum(), rel=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (14, 14), (7, 10)])
def test_an_even_map_names_nothing(size):
    found = evidence_regions(np.full((2, *size), 0.3, np.float32))
    np.testing.assert_allclose(found.shares, 1 / 9, rtol=1e-6)
    assert (found.first == NOWHERE).all() and np.isnan(found.held).all() and found.name(0) == ""


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_without_positive_evidence_nothing_is_named(value):
    found = evidence_regions(np.full((1, 4, 4), value, np.float32))
    assert np.isnan(found.shares).all() and found.name(0) == "" and found.second[0] == NOWHERE


def test_noise_names_nothing():
    found = evidence_regions(np.random.default_rng(0).random((200, 14, 14)))
    assert (found.first == NOWHERE).all()


def test_of_three_equal_places_none_is_preferred():
    found = evidence_regions(planted("upper left", "upper middle", "upper right", share=1.0)[np.newaxis])
    assert found.name(0) == ""


def test_negative_evidence_does_not_count():
    maps = planted("left")[np.newaxis]
    with_negative = maps.copy()
    with_negative[0, :, 10:] = -5
    assert evidence_regions(with_negative).name(0) == "left"


def test_each_map_by_itself_and_in_units_of_its_own():
    maps = np.stack([planted("centre"), 1000 * planted("right", "lower right"), np.zeros((14, 14))])
    together = evidence_regions(maps)
    assert [together.name(row) for row in range(3)] == ["centre", "lower right and right", ""]
    for row in range(3):
        np.testing.assert_array_equal(evidence_regions(maps[row : row + 1]).shares[0], together.shares[row])


def test_none_of_no_maps():
    assert evidence_regions(np.zeros((0, 4, 4))).shares.shape == (0, 9)


def test_maps_of_films_are_refused():
    with pytest.raises(ValueError, match="Take one frame"):
        evidence_regions(np.zeros((1, 2, 3, 3)))
