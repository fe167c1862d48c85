"""The bits of HTML that a notebook's cell is made of.

A cell stands on the notebook's own paper, light or dark, which it cannot know: so text has the notebook's colour, lines are a
grey half-way, plots take these through their variables, and every picture has its own ground. Styles are inline: a notebook
that is not trusted yet shows no others.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from ..plots.plot import Plot

LINE = "rgba(128,128,128,.45)"
_COLORS = (  # of plots: between those of the light and of the dark page, 3:1 and more on either
    f"--ink:currentColor;--muted:currentColor;--line:{LINE};--on-accent:#ffffff;"
    "--series-1:#4a86dd;--series-2:#cf7426;--series-3:#2f9673;--series-4:#a866bd;--series-5:#d0596a;--series-6:#8c8a36"
)
_NUMBER = "text-align:right;font-variant-numeric:tabular-nums"
_LOSSY_FROM = 48  # pixels a side: larger pictures are kept as JPEG


def frame(title: str, lead: str, *parts: Markup) -> Markup:
    """A cell: its title, one line below it, and its parts."""
    head = Markup('<div style="font-weight:600">{}</div>').format(title)
    below = Markup('<div style="opacity:.8;margin-bottom:.5em">{}</div>').format(lead) if lead else Markup("")
    body = Markup("").join(parts)
    return Markup('<div style="font-size:13px;line-height:1.4;max-width:64em;{}">{}{}{}</div>').format(
        Markup(_COLORS), head, below, body
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], most: int = 60) -> Markup:
    """A table; columns of numbers stand right. Of more than `most` rows the first are shown, and how many are not."""
    right = [_is_number(rows, place) for place in range(len(columns))]
    cell = f"padding:.15em .7em;border-bottom:1px solid {LINE};background:none;color:inherit;"
    head = Markup("").join(
        Markup('<th style="{}text-align:{}">{}</th>').format(cell, "right" if right[place] else "left", name)
        for place, name in enumerate(columns)
    )
    body = Markup("").join(_row(row, cell, right) for row in rows[:most])
    rest = len(rows) - most
    more = Markup('<div style="opacity:.8">and {} more</div>').format(f"{rest:,}") if rest > 0 else Markup("")
    return Markup(
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.4em 0;background:none;'
        'font-size:inherit;color:inherit">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}"
    ).format(head, body, more)


def _row(row: Sequence[Any], cell: str, right: Sequence[bool]) -> Markup:
    shown = (
        Markup('<td style="{}{}">{}</td>').format(cell, _NUMBER if right[place] else "text-align:left", spelled(each))
        for place, each in enumerate(row)
    )
    return Markup('<tr style="background:none">{}</tr>').format(Markup("").join(shown))


def _is_number(rows: Sequence[Sequence[Any]], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    return bool(values) and all(map(_figure, values))


def _figure(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def spelled(value: Any) -> str:
    """A value in a table: four digits of a real number, a dash for none."""
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    return f"{value:,}" if _figure(value) else str(value)


def picture(pixels: np.ndarray, caption: str, side: int = 84) -> Markup:
    """A picture uint8[H,W,3] with words below it, `side` pixels high."""
    return Markup(
        '<figure style="margin:0 .8em .6em 0;display:inline-block;vertical-align:top;width:{}px">'
        '<img src="{}" alt="{}" style="height:{}px;max-width:{}px;image-rendering:pixelated;display:block">'
        '<figcaption style="font-size:11px;overflow-wrap:anywhere">{}</figcaption></figure>'
    ).format(max(side, 84), data_uri(pixels), caption, side, max(side, 84), caption)


def row(pictures: Sequence[Markup]) -> Markup:
    """Pictures side by side, as many as there is room for."""
    return Markup('<div style="margin:.4em 0">{}</div>').format(Markup("").join(pictures))


def data_uri(pixels: np.ndarray, *, lossless: bool = False) -> str:
    """A picture uint8[H,W,3] as the address of an image; a large one as JPEG, unless it may lose nothing."""
    from PIL import Image

    held, lossy = io.BytesIO(), not lossless and min(pixels.shape[:2]) > _LOSSY_FROM
    Image.fromarray(np.ascontiguousarray(pixels)).save(held, "JPEG" if lossy else "PNG", quality=82)
    return f"data:image/{'jpeg' if lossy else 'png'};base64,{base64.b64encode(held.getvalue()).decode()}"


def plot(drawn: Plot) -> Markup:
    """A plot, no wider than the cell."""
    return Markup('<div style="max-width:100%;overflow-x:auto">{}</div>').format(Markup(drawn.svg()))


def text(words: str) -> Markup:
    """A paragraph."""
    return Markup('<p style="margin:.3em 0">{}</p>').format(escape(words))
