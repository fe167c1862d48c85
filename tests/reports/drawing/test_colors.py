import matplotlib
import numpy as np
import pytest

from featurelens.reports.drawing.colors import FLAT, color_table, colorize, css_gradient, limits_of


def test_grey_values_have_the_colour_that_rounding_gives_them():
    # 0.25 * 255 = 63.75, rounded 64; 2 is beyond the high limit and gets its colour, without wrapping around
    colors = colorize(np.array([-1.0, 0.0, 0.25, 1.0, 2.0]), "grey", (0, 1))
    assert colors[:, 0].tolist() == [0, 0, 64, 255, 255]


@pytest.mark.parametrize("scale", ["evidence", "saliency", "signed", "grey"])
def test_ends_of_the_limits_get_the_ends_of_the_scale(scale):
    table = color_table(scale)
    colors = colorize(np.array([[[-3.0, 3.0]]], np.float32), scale, (-3, 3))
    np.testing.assert_array_equal(colors[0, 0], [table[1 if scale == "signed" else 0], table[255]])


@pytest.mark.parametrize(("scale", "name"), [("evidence", "inferno"), ("saliency", "viridis"), ("signed", "RdBu_r")])
def test_the_tables_are_those_of_matplotlib(scale, name):
    steps = np.arange(256)
    places = np.clip((steps - 128) / 254 + 0.5, 0, 1) if scale == "signed" else steps / 255
    expected = np.rint(matplotlib.colormaps[name](places)[:, :3] * 255)
    np.testing.assert_array_equal(color_table(scale), expected)


@pytest.mark.parametrize("levels", [256, 32, 33, 3])
def test_signed_zero_is_the_neutral_middle_and_signs_are_mirrored(levels):
    steps = np.array([-1.5, 0.0, 1.5])
    red, _, blue = colorize(steps, "signed", (-2, 2), levels=levels).astype(int).T
    assert np.ptp(colorize(steps, "signed", (-2, 2), levels=levels)[1].astype(int)) <= 2  # white: no hue
    assert red[2] > blue[2] + 50 and blue[0] > red[0] + 50


def test_fewer_levels_give_fewer_colours_and_keep_the_ends():
    values = np.linspace(0, 1, 1000)
    colors = colorize(values, "evidence", (0, 1), levels=8)
    assert len(np.unique(colors, axis=0)) == 8
    np.testing.assert_array_equal(colors[[0, -1]], color_table("evidence")[[0, 255]])


@pytest.mark.parametrize("scale", ["evidence", "saliency", "signed"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_limits_without_a_range_give_the_flat_colour_and_never_divide_by_zero(scale, value):
    limit = 0.0 if scale == "signed" else value
    colors = colorize(np.full((2, 3, 3), value), scale, (limit, limit))
    assert (colors == FLAT).all()
    assert not (color_table(scale) == FLAT).all(axis=1).any()


def test_each_map_can_have_limits_of_its_own():
    maps = np.zeros((3, 1, 2), np.float32)
    maps[0, 0] = [0, 1e-6]
    maps[1, 0] = [-4, 2]
    low, high = limits_of(maps, "signed", axis=(1, 2))
    np.testing.assert_array_equal(np.ravel(high), np.array([1e-6, 4, 0], np.float32))
    np.testing.assert_array_equal(low, -high)
    colors = colorize(maps, "signed", (low, high))
    np.testing.assert_array_equal(colors[0, 0], color_table("signed")[[128, 255]])
    np.testing.assert_array_equal(colors[1, 0], color_table("signed")[[1, 128 + 64]])  # 2 of 4: rint(63.5) = 64
    assert (colors[2] == FLAT).all()


def test_limits_always_hold_zero():
    assert limits_of(np.array([2.0, 3.0]), "evidence") == (0, 3)
    assert limits_of(np.array([-2.0, -1.0]), "evidence") == (-2, 0)
    assert limits_of(np.array([-2.0, 1.0]), "signed") == (-2, 2)


def test_the_colour_bar_starts_and_ends_as_the_scale_does():
    gradient = css_gradient("evidence")
    assert gradient.startswith("linear-gradient(90deg,#000004") and gradient.endswith("#fcffa4)")


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: colorize(np.array([np.nan]), "evidence", (0, 1)), "NaN has no colour"),
        (lambda: limits_of(np.array([np.inf]), "evidence"), "where the map was computed"),
        (lambda: colorize(np.zeros(1), "evidence", (1, 0)), "low <= high"),
        (lambda: colorize(np.zeros(1), "signed", (0, 1)), "Zero has to lie in its middle"),
        (lambda: colorize(np.zeros(1), "rainbow", (0, 1)), "Pass one of these names"),
        (lambda: colorize(np.zeros(1), "evidence", (0, 1), levels=1), "Expected 3 to 256 levels"),
    ],
)
def test_refusals(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()
