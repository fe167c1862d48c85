"""Where the evidence lies: by hand on small maps."""

import numpy as np
import pytest

from featurelens.interpret.maps.location import locate, place_name


def test_one_bright_corner():
    # 2x2 map, all evidence in the upper right cell, whose centre is at row 1/4 and column 3/4; one cell of four
    (found,) = locate(np.array([[[0.0, 2.0], [0.0, 0.0]]], np.float32))
    assert (found.peak, found.row, found.column, found.half_area, found.positive_share) == (2.0, 0.25, 0.75, 0.25, 1.0)
    assert place_name(found) == "the upper right"


def test_negative_evidence_counts_for_the_share_only():
    (found,) = locate(np.array([[[3.0, -1.0]]], np.float32))
    assert (found.column, found.positive_share) == (0.25, 0.75)


@pytest.mark.parametrize(("value", "share"), [(0.0, np.nan), (-1.0, 0.0)])
def test_without_positive_evidence_there_is_no_place(value, share):
    (found,) = locate(np.full((1, 3, 3), value, np.float32))
    assert np.isnan(found.row) and np.isnan(found.half_area)
    assert found.positive_share == pytest.approx(share, nan_ok=True)
    assert place_name(found) == "nowhere"


def test_half_of_the_evidence():
    # 4, 2, 1, 1: half of 8 is reached by the first cell alone
    (found,) = locate(np.array([[[4.0, 2.0], [1.0, 1.0]]], np.float32))
    assert found.half_area == 0.25


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(1, 1, "the centre"), (0, 1, "the upper middle"), (1, 0, "the left"), (2, 2, "the lower right")],
)
def test_the_thirds_have_names(row, column, name):
    maps = np.zeros((1, 3, 3), np.float32)
    maps[0, row, column] = 1
    assert place_name(locate(maps)[0]) == name
