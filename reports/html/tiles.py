"""Thousands of small pictures as one: a sprite, and the HTML that shows a tile of it.

A sprite is one lossless picture that holds tiles of equal size, row by row. The page carries it once, as the background
of a CSS class; each tile is a `<span>` of that class which says its column and row. So it needs no JavaScript, and
`image-rendering: pixelated` enlarges the very pixels. Grey ones are PNG, coloured ones WebP: `encode` tells why.
"""

from __future__ import annotations

import base64
import io
import math
import re
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from ...models.opencv import opencv

LARGEST_SIDE = 16383  # pixels; WebP has 14 bits for it
LOSSLESS = 101  # OpenCV's code: any WebP quality beyond 100
_METHOD, _EFFORT = 0, 0  # of Pillow's lossless WebP, 0 to 6 and 0 to 100
_FEW = 128  # greys; of fewer, neighbours are equal or far apart, and what tells them apart is no shorter


@dataclass(frozen=True, eq=False)
class Sprite:
    """Tiles of equal size in one picture."""

    name: str  # its CSS class is sprite-<name>
    data: bytes  # PNG or WebP, lossless
    height: int  # of a tile, pixels
    width: int  # of a tile, pixels
    columns: int
    rows: int
    count: int  # tiles; the last row may be filled up with black

    def data_uri(self) -> str:
        """Return the picture as a `data:` address."""
        kind = "png" if self.data.startswith(b"\x89PNG") else "webp"
        return f"data:image/{kind};base64,{base64.b64encode(self.data).decode('ascii')}"


def sprite(name: str, tiles: np.ndarray, *, columns: int | None = None) -> Sprite:
    """Make a sprite of tiles.

    Args:
        name: letters, digits and hyphens, once in a page.
        tiles: uint8[N,h,w] grey or uint8[N,h,w,3] RGB.
        columns: tiles in a row; None makes the sprite about square.
    """
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) is None:
        raise ValueError(f"Expected a sprite name of a-z, 0-9 and hyphens. Received '{name}'. It becomes a CSS class.")
    if tiles.dtype != np.uint8 or len(tiles) == 0 or not (tiles.ndim == 3 or (tiles.ndim == 4 and tiles.shape[3] == 3)):
        raise ValueError(
            f"Expected one or more tiles uint8[N,h,w] or uint8[N,h,w,3]. Received {tiles.dtype}{list(tiles.shape)}. "
            "Colour the values first (`colorize`)."
        )
    count, height, width = tiles.shape[:3]
    columns = min(columns or math.ceil(math.sqrt(count * height / width)), count)
    rows = math.ceil(count / columns)
    if max(columns * width, rows * height) > LARGEST_SIDE:
        raise ValueError(
            f"Expected a sprite of at most {LARGEST_SIDE} pixels a side. Received {rows * height} x {columns * width}. "
            "Split the tiles over several sprites, or change the columns."
        )
    return Sprite(name, encode(sheet(tiles, rows, columns)), height, width, columns, rows, count)


def sheet(tiles: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Lay tiles [N,h,w,...] out row by row, [rows*h, columns*w, ...]; places without a tile are black."""
    count, height, width, *colors = tiles.shape
    filled = np.zeros((rows * columns, height, width, *colors), np.uint8)
    filled[:count] = tiles
    grid = filled.reshape(rows, columns, height, width, *colors).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, *colors)


def encode(picture: np.ndarray) -> bytes:
    """Return uint8[H,W] or RGB uint8[H,W,3] without loss: as PNG where it is grey, else as WebP.

    Of the 45 pictures of the shipped report the grey ones took 0.42 CPU seconds as WebP and take 0.05 as PNG that looks for
    runs only, at the same size.
    """
    if picture.ndim == 2:
        return _grey(picture)
    if (picture[..., :1] == picture[..., 1:]).all():
        return _grey(np.ascontiguousarray(picture[..., 0]))
    return _coloured(picture)


def _grey(picture: np.ndarray) -> bytes:
    """PNG: its rows as they are where there are few greys, else as differences."""
    cv2 = opencv()
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    greys = np.count_nonzero(cv2.calcHist([picture], [0], None, [256], [0, 256]))
    if greys < _FEW and hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.12
        settings += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    return _written(".png", picture, settings)


def _coloured(picture: np.ndarray) -> bytes:
    """WebP: Pillow tells the encoder how hard to try, OpenCV does not and takes three times as long."""
    from PIL import Image, features
    from PIL import WebPImagePlugin as _  # noqa: F401  # else Pillow imports the plugins of all formats to find it

    if features.check("webp"):
        written_to = io.BytesIO()
        Image.fromarray(picture).save(written_to, "WEBP", lossless=True, method=_METHOD, quality=_EFFORT)
        return written_to.getvalue()
    return _written(".webp", np.ascontiguousarray(picture[..., ::-1]), [opencv().IMWRITE_WEBP_QUALITY, LOSSLESS])


def _written(ending: str, picture: np.ndarray, settings: list[int]) -> bytes:
    """What OpenCV writes; its colours are blue, green, red."""
    written, data = opencv().imencode(ending, picture, settings)
    if not written:
        raise ValueError(
            f"Expected OpenCV to write a {ending} picture of {picture.shape}, but it did not. Install a build with it."
        )
    return data.tobytes()


def sprite_css(sheet: Sprite) -> Markup:
    """Return the CSS rule that carries the sprite's data and the geometry of its tiles."""
    across, down = max(sheet.columns - 1, 1), max(sheet.rows - 1, 1)
    return Markup(
        f".sprite-{sheet.name}{{--w:{sheet.width};--h:{sheet.height};--c:{sheet.columns};--r:{sheet.rows};"
        f"background-size:{sheet.columns}00% {sheet.rows}00%;"
        f"background-position:calc(var(--x)*100%/{across}) calc(var(--y)*100%/{down});"
        f"background-image:url({sheet.data_uri()})}}\n"
    )


def tile_html(sheet: Sprite, index: int, label: str, *, zoom: float | None = None) -> Markup:
    """Return one tile as HTML.

    Args:
        sheet: the sprite.
        index: which tile, from 0.
        label: what it shows, for those who cannot see it; escaped here.
        zoom: screen pixels for each of its pixels; None takes the width that the element around it sets (`--side`).
    """
    if not 0 <= index < sheet.count:
        raise ValueError(f"Expected a tile from 0 to {sheet.count - 1} of sprite '{sheet.name}'. Received {index}.")
    row, column = divmod(int(index), sheet.columns)
    enlarged = "" if zoom is None else f";--side:{sheet.width * zoom:g}px"
    return Markup(
        f'<span class="tile sprite-{sheet.name}" role="img" aria-label="{escape(label)}" '
        f'style="--x:{column};--y:{row}{enlarged}"></span>'
    )


def strip_html(sheet: Sprite, row: int, label: str) -> Markup:
    """Return a whole row of the sprite as one picture, as wide as its place allows."""
    if not 0 <= row < sheet.rows:
        raise ValueError(f"Expected a row from 0 to {sheet.rows - 1} of sprite '{sheet.name}'. Received {row}.")
    return Markup(
        f'<span class="tile strip sprite-{sheet.name}" role="img" aria-label="{escape(label)}" style="--y:{row}">'
        "</span>"
    )
