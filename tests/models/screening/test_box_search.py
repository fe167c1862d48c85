"""The nearest within a distance, box by box: the same as from all distances at once."""

import numpy as np
import pytest

from featurelens.models.screening.box_search import Boxes, squared_distances, told_points

MOST = 0.5


def clouds(count, seed):
    """Points of ten clouds, float32[count,12]: most lie far from each other, some near."""
    random = np.random.default_rng(seed)
    return (random.integers(-5, 5, (count, 1)) + random.normal(0, 0.2, (count, 12))).astype(np.float32)


@pytest.mark.parametrize("are_points", [False, True])
def test_they_are_those_of_all_distances(are_points):
    points = clouds(900, seed=0)
    queries = points + np.float32(0.01) if are_points else clouds(400, seed=1)
    squares = np.square(queries[:, np.newaxis].astype(np.float64) - points).sum(axis=2)
    if are_points:
        np.fill_diagonal(squares, np.inf)
    expected = np.sort(squares, axis=1)[:, :5]
    assert 0.2 < (expected <= MOST).mean() < 0.8  # neither all nor none are near
    places, found = Boxes(points).nearest(queries, MOST, 5, left_out=np.arange(900) if are_points else None)
    error = 1e-3  # of squares up to 400, in float32
    np.testing.assert_allclose(np.minimum(np.sort(found, axis=1), MOST), np.minimum(expected, MOST), atol=error)
    np.testing.assert_array_equal(places >= 0, np.isfinite(found))
    rows, columns = np.nonzero(places >= 0)
    np.testing.assert_allclose(found[rows, columns], squares[rows, places[rows, columns]], atol=error)
    assert all(len(set(some[some >= 0])) == (some >= 0).sum() for some in places)  # each once


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_points_than_asked_for(count):
    places, squares = Boxes(np.zeros((count + 1, 3), np.float32)).nearest(np.zeros((2, 3), np.float32), MOST, 5)
    assert [sorted(row) for row in places.tolist()] == [[-1] * (4 - count) + list(range(count + 1))] * 2
    assert np.isfinite(squares).sum() == 2 * (count + 1)


def test_a_point_alone_is_near_nothing():
    point = np.ones((1, 3), np.float32)
    assert (Boxes(point).nearest(point, MOST, 2, left_out=np.zeros(1, np.int64))[0] == -1).all()


def test_the_product_is_the_squared_distance():
    """|(1, 2) - (4, 6)|^2 = 9 + 16."""
    queries, points = np.array([[1, 2]], np.float32), np.array([[4, 6], [1, 2]], np.float32)
    assert squared_distances(queries, told_points(points).T).tolist() == [[25, 0]]
