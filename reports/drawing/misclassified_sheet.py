"""The misclassified images as one picture: each with its number, its true class and the one it was taken for."""

from __future__ import annotations

import base64
import io
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import escape

from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import Evaluation
from .enlarging import repeat
from .pictures import pictures
from .wording import count, percent

MOST_IMAGES = 2500
_SIDE = 84  # pixels of an image
_AT_ONCE = 32  # images read at a time: photos are large, their tiles are not
_WIDTH, _LINE, _TOP = 124, 15, 44  # of a cell, of a line of text, and of the heading
_INK, _TRUE, _PREDICTED = "#1c2127", "#1a7a5c", "#b8560f"


def misclassified_sheet(evaluation: Evaluation, dataset: Dataset) -> np.ndarray | None:
    """Draw the misclassified images, the surest of each confusion first, the most frequent confusion first.

    Returns:
        uint8[h,w,3], RGB; None where nothing is misclassified. Of more than 2,500 images the first are drawn.
    """
    from PIL import Image, ImageDraw

    numbers = _ordered(evaluation)
    shown = numbers[:MOST_IMAGES]
    if not len(shown):
        return None
    tiles = _enlarged(
        np.concatenate(
            [
                pictures(dataset.shown[shown[first : first + _AT_ONCE]], dataset.shown_range, _SIDE)
                for first in range(0, len(shown), _AT_ONCE)
            ]
        )
    )
    height = tiles.shape[1]
    columns = max(6, math.ceil(math.sqrt(len(shown) * (height + 3 * _LINE + 8) / _WIDTH)))
    rows, down = math.ceil(len(shown) / columns), height + 3 * _LINE + 10
    sheet = Image.new("RGB", (columns * _WIDTH + 10, _TOP + rows * down), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((10, 12), _heading(evaluation, len(numbers), len(shown)), _INK, _font(15))
    for place, number in enumerate(shown):
        x, y = 10 + place % columns * _WIDTH, _TOP + place // columns * down
        sheet.paste(Image.fromarray(tiles[place]), (x, y))
        _caption(pen, x, y + height + 2, evaluation, int(number))
    return np.asarray(sheet)


def sheet_svg(sheet: np.ndarray, title: str) -> str:
    """Return a picture, uint8[h,w,3], as an SVG file that holds it whole."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    height, width = sheet.shape[:2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}"><title>{escape(title)}</title><image width="{width}" height="{height}" '
        f'href="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"/></svg>\n'
    )


def _ordered(evaluation: Evaluation) -> np.ndarray:
    """Numbers of the misclassified images, by confusion."""
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    true, predicted = evaluation.labels[wrong], evaluation.predictions[wrong]
    frequency = evaluation.confusion[true, predicted]
    sureness = evaluation.probabilities[wrong, predicted]
    return wrong[np.lexsort((-sureness, predicted, true, -frequency))]


def _enlarged(tiles: np.ndarray) -> np.ndarray:
    """Small pictures with every pixel a square of whole pixels, near 84 a side."""
    factor = max(1, _SIDE // max(tiles.shape[1:3]))
    size = (tiles.shape[1] * factor, tiles.shape[2] * factor)
    return np.stack([repeat(tiles[..., channel], size) for channel in range(3)], axis=-1)


def _heading(evaluation: Evaluation, wrong: int, shown: int) -> str:
    cut = f", the first {shown:,} of them" if shown < wrong else ""
    total = len(evaluation.labels)
    share = percent(wrong / total)
    return f"{count(wrong, 'image')} of {total:,} misclassified ({share}){cut}. Green: true class; orange: taken for."


def _caption(pen: Any, x: int, y: int, evaluation: Evaluation, number: int) -> None:
    names, predicted = evaluation.class_names, int(evaluation.predictions[number])
    sure = percent(float(evaluation.probabilities[number, predicted]), 0)
    lines = (
        (names[evaluation.labels[number]], _TRUE),
        (names[predicted], _PREDICTED),
        (f"{sure}, image {number}", _INK),
    )
    for line, (text, color) in enumerate(lines):
        pen.text((x, y + line * _LINE), _fitting(text), color, _font(11))


def _fitting(text: str) -> str:
    """A text cut to the width of a cell."""
    font = _font(11)
    if font.getlength(text) <= _WIDTH - 6:
        return text
    while text and font.getlength(f"{text}…") > _WIDTH - 6:
        text = text[:-1]
    return f"{text}…"


@cache
def _font(size: int) -> Any:
    """DejaVu Sans, which comes with matplotlib and knows the letters of most languages."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
