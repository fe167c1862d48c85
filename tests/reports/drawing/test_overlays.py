import cv2
import numpy as np
import pytest

from featurelens.reports.drawing.colors import as_rgb, colorize, overlay
from featurelens.reports.drawing.layer_sheet import layer_sheet


def test_overlay_leaves_the_picture_where_there_is_no_evidence():
    picture = np.full((1, 1, 3, 3), 100, np.uint8)
    values = np.array([[[0.0, 0.5, 1.0]]])
    laid = overlay(picture, values, "evidence", (0, 1), opacity=0.8)
    colors = colorize(values, "evidence", (0, 1))[0, 0].astype(float)
    assert laid[0, 0, 0].tolist() == [100, 100, 100]
    np.testing.assert_array_equal(laid[0, 0, 1], np.rint(100 * 0.6 + colors[1] * 0.4))
    np.testing.assert_array_equal(laid[0, 0, 2], np.rint(100 * 0.2 + colors[2] * 0.8))


def test_overlay_of_an_all_zero_map_is_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    np.testing.assert_array_equal(overlay(picture, np.zeros((2, 4, 4)), "evidence", (0, 0)), picture)


def test_overlay_keeps_the_callers_picture():
    picture = np.full((1, 2, 2, 3), 7, np.uint8)
    overlay(picture, np.ones((1, 2, 2)), "evidence", (0, 1))
    assert (picture == 7).all()


def test_pictures_of_one_and_three_channels():
    assert as_rgb(np.array([[[[0.5]]]]))[0, 0, 0].tolist() == [128, 128, 128]
    assert as_rgb(np.array([[[[-1.0, 0.0, 1.0]]]]), (-1, 1))[0, 0, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (
            lambda: overlay(np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 2, 2)), "evidence", (0, 1)),
            "Enlarge the maps",
        ),
        (lambda: as_rgb(np.zeros((1, 4, 4, 5))), "one or three channels"),
    ],
)
def test_refusals(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()


def test_a_sheet_of_a_layer_has_the_letters_of_a_files_name():
    maps = np.ones((2, 2, 3), np.float32)
    sheets = [
        layer_sheet(maps, f"conv of {name}") for name in ("f\N{LATIN SMALL LETTER U WITH DIAERESIS}r.png", "f?r.png")
    ]
    newer = int(cv2.__version__.split(".")[0]) >= 5  # OpenCV 4 has ASCII alone
    assert np.array_equal(*sheets) != newer
