import numpy as np
import pytest

from featurelens.interpret.maps.resampling import enlarged as enlarged_for_pixel_order
from featurelens.reports.drawing.enlarging import MAPS_AT_ONCE, enlarge, repeat


def bilinear_by_loops(values, size):
    """The definition: half-pixel centres, edges held."""
    result = np.zeros(size)
    for row in range(size[0]):
        for column in range(size[1]):
            y = np.clip((row + 0.5) * values.shape[0] / size[0] - 0.5, 0, values.shape[0] - 1)
            x = np.clip((column + 0.5) * values.shape[1] / size[1] - 0.5, 0, values.shape[1] - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, values.shape[0] - 1), min(left + 1, values.shape[1] - 1)
            upper = values[top, left] * (1 - x + left) + values[top, right] * (x - left)
            lower = values[bottom, left] * (1 - x + left) + values[bottom, right] * (x - left)
            result[row, column] = upper * (1 - y + top) + lower * (y - top)
    return result


@pytest.mark.parametrize("size", [(28, 28), (7, 9), (3, 4), (2, 2)])
@pytest.mark.parametrize("count", [1, MAPS_AT_ONCE, 2 * MAPS_AT_ONCE + 1])
def test_enlarge_is_the_definition(size, count):
    maps = np.random.default_rng(0).normal(size=(count, 3, 4)).astype(np.float32)
    enlarged = enlarge(maps, size)
    assert enlarged.dtype == np.float32
    for index in (0, count // 2, count - 1):
        np.testing.assert_allclose(enlarged[index], bilinear_by_loops(maps[index], size), atol=1e-5)


@pytest.mark.parametrize("size", [(28, 28), (7, 9), (3, 4), (2, 2), (1, 50)])
def test_a_map_is_drawn_as_its_pixels_are_ordered(size):
    # interpret/ and reports/ enlarge on their own: the one without OpenCV, the other as fast as it can
    maps = np.random.default_rng(1).normal(size=(5, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(enlarge(maps, size), enlarged_for_pixel_order(maps, size), atol=1e-5)


def test_enlarge_by_hand():
    # the pixels have their centres at -0.25, 0.25, 0.75, 1.25, the cells at 0 and 1; the edges are held
    np.testing.assert_allclose(enlarge(np.array([[[0.0, 1.0]]]), (1, 4)), [[[0, 0.25, 0.75, 1]]])


def test_no_maps_give_no_maps():
    assert enlarge(np.zeros((0, 2, 2)), (4, 4)).shape == (0, 4, 4)


def test_repeat_shows_the_cells_as_they_are():
    maps = np.array([[[1, 2], [3, 4]]])
    np.testing.assert_array_equal(repeat(maps, (4, 6)), np.kron(maps, np.ones((2, 3), int)))
    np.testing.assert_array_equal(repeat(maps, (2, 3)), [[[1, 2, 2], [3, 4, 4]]])  # centres at 1/6, 3/6, 5/6


@pytest.mark.parametrize("resize", [enlarge, repeat])
def test_refusals(resize):
    with pytest.raises(ValueError, match="Take one channel"):
        resize(np.zeros((2, 2, 2, 3)), (4, 4))
    with pytest.raises(ValueError, match="Pass the picture's size"):
        resize(np.zeros((2, 2, 2)), (0, 4))
