"""A layer's maps of one image as one picture: every channel with its number, and the scale."""

from __future__ import annotations

import math

import numpy as np

from ...models.opencv import opencv
from .colors import color_table, colorize
from .enlarging import repeat
from .wording import number

_CELL = 84  # pixels of a map
_TEXT = 18  # pixels of the line below it
_BACKGROUND = 255


def layer_sheet(activations: np.ndarray, title: str) -> np.ndarray:
    """Draw each channel on the layer's own grid, in order, all on one scale whose ends are printed.

    Args:
        activations: float32[H,W,C] of one image, or float32[C] of a dense layer.
        title: what is shown.

    Returns:
        uint8[h,w,3], RGB.
    """
    maps = activations if activations.ndim == 3 else activations.reshape(1, 1, -1)
    low, high = float(min(maps.min(), 0)), float(max(maps.max(), 0))
    scale = "signed" if low < 0 else "evidence"
    if scale == "signed":
        low, high = -max(-low, high), max(-low, high)
    size = _cell_size(maps.shape[:2])
    tiles = colorize(repeat(maps.transpose(2, 0, 1), size), scale, (low, high))
    columns = min(len(tiles), max(8, math.ceil(math.sqrt(len(tiles)))))
    rows = math.ceil(len(tiles) / columns)
    step_down, step_right, top = size[0] + _TEXT, size[1] + 6, 56
    sheet = np.full((top + rows * step_down, max(columns * step_right + 6, 420), 3), _BACKGROUND, np.uint8)
    _write(sheet, title, 6, 20, 0.5)
    _scale_bar(sheet, scale, low, high)
    for place, tile in enumerate(tiles):
        y, x = top + place // columns * step_down, 6 + place % columns * step_right
        sheet[y : y + size[0], x : x + size[1]] = tile
        _write(sheet, str(place), x, y + size[0] + 13, 0.4)
    return sheet


def _cell_size(grid: tuple[int, int]) -> tuple[int, int]:
    """A whole number of pixels per place, about 84 pixels a side; larger maps as they are."""
    factor = max(1, _CELL // max(grid))
    return grid[0] * factor, grid[1] * factor


def _scale_bar(sheet: np.ndarray, scale, low: float, high: float) -> None:
    bar = np.repeat(color_table(scale)[np.newaxis, 1 if scale == "signed" else 0 :], 10, axis=0)
    _write(sheet, number(low), 6, 42, 0.4)
    sheet[34:44, 70 : 70 + bar.shape[1]] = bar
    _write(sheet, f"{number(high)} activation", 76 + bar.shape[1], 42, 0.4)


def _write(sheet: np.ndarray, text: str, x: int, y: int, size: float) -> None:
    cv2 = opencv()
    if int(cv2.__version__.split(".")[0]) < 5:  # whose letters are ASCII alone
        text = text.encode("ascii", "replace").decode()
    cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)
