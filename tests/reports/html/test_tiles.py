import base64

import cv2
import numpy as np
import pytest

from featurelens.reports.html.tiles import sprite, sprite_css, tile_html


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


@pytest.mark.parametrize("shape", [(7, 5, 6), (7, 5, 6, 3), (1, 1, 1), (1, 3, 2, 3)])
def test_every_pixel_comes_back_at_its_place(shape):
    tiles = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    made = sprite("noise", tiles, columns=3)
    picture = decoded(made.data)
    assert (made.count, made.height, made.width) == shape[:3]
    assert picture.shape == (made.rows * made.height, made.columns * made.width, 3)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, made.columns)
        shown = picture[row * made.height :, column * made.width :][: made.height, : made.width]
        np.testing.assert_array_equal(shown, tile if tile.ndim == 3 else np.repeat(tile[..., None], 3, axis=2))


@pytest.mark.parametrize("greys", [1, 2, 127, 128, 256])
@pytest.mark.parametrize("colors", [(), (3,)])
def test_a_grey_picture_of_few_or_many_greys_is_a_png_of_the_same_greys(greys, colors):
    grey = np.random.default_rng(greys).permutation(np.resize(np.arange(greys), 30 * 20)).reshape(1, 30, 20)
    tiles = np.broadcast_to(grey.reshape(1, 30, 20, *(1,) * len(colors)), (1, 30, 20, *colors)).astype(np.uint8)
    made = sprite("grey", tiles)
    assert made.data_uri().startswith("data:image/png;base64,")
    np.testing.assert_array_equal(decoded(made.data), np.repeat(grey[0, ..., None], 3, axis=2))


def test_a_picture_in_which_one_pixel_is_coloured_stays_coloured():
    tiles = np.full((1, 5, 4, 3), 90, np.uint8)
    tiles[0, 4, 3, 2] = 91
    made = sprite("almost", tiles)
    assert made.data_uri().startswith("data:image/webp;base64,")
    np.testing.assert_array_equal(decoded(made.data), tiles[0])


def test_colours_are_not_swapped():
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert decoded(sprite("red", red).data)[0, 0].tolist() == [200, 0, 0]


def test_columns_are_as_asked_and_about_square_otherwise():
    tiles = np.zeros((100, 4, 4), np.uint8)
    assert (sprite("a", tiles, columns=30).columns, sprite("a", tiles, columns=30).rows) == (30, 4)
    assert (sprite("a", tiles).columns, sprite("a", tiles).rows) == (10, 10)


def test_the_data_are_in_the_style_once_and_the_tile_says_where():
    made = sprite("maps", np.zeros((7, 5, 6), np.uint8), columns=4)
    style = sprite_css(made)
    assert base64.b64encode(made.data).decode() in style
    assert "background-size:400% 200%" in style
    assert "calc(var(--x)*100%/3) calc(var(--y)*100%/1)" in style
    html = tile_html(made, 5, "channel 5", zoom=2)
    assert 'class="tile sprite-maps"' in html and 'style="--x:1;--y:1;--side:12px"' in html
    assert "side" not in tile_html(made, 5, "channel 5")


def test_labels_are_escaped():
    html = tile_html(sprite("a", np.zeros((1, 2, 2), np.uint8)), 0, '"></span><script>alert(1)</script>')
    assert "<script" not in html and html.count('"') == 8


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: sprite("a", np.zeros((0, 2, 2), np.uint8)), "one or more tiles"),
        (lambda: sprite("a", np.zeros((1, 2, 2), np.float32)), "Colour the values first"),
        (lambda: sprite("a b", np.zeros((1, 2, 2), np.uint8)), "CSS class"),
        (lambda: sprite("a", np.zeros((2, 2, 9000), np.uint8), columns=2), "Split the tiles"),
        (lambda: tile_html(sprite("a", np.zeros((2, 2, 2), np.uint8)), 2, ""), "from 0 to 1 of sprite 'a'. Received 2"),
        (lambda: tile_html(sprite("a", np.zeros((2, 2, 2), np.uint8)), -1, ""), "from 0 to 1"),
    ],
)
def test_refusals(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()
