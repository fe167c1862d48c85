"""Each mark of a chart as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .chart import Mark
from .ink import attributes, colored, letters, number, path, stroke
from .layout import SIZE, Frame, placed

_MARKER, _EDGE = 6.0, 1.0  # points, and of the line around it, half of which is outside
_SCATTER = 36.0  # square points


def mark_svg(mark: Mark, frame: Frame) -> str:
    """One mark, in its place on the paper."""
    return _WRITERS[mark.kind](mark, frame)


def marker_svg(kind: str, x: float, y: float, size: float, **style: Any) -> str:
    """A dot 'o' or a square 's', of `size` points."""
    half = size / 2
    if kind == "s":
        return f"<rect{attributes(x=number(x - half), y=number(y - half), width=f'{size:g}', height=f'{size:g}', **style)}/>"
    return f"<circle{attributes(cx=number(x), cy=number(y), r=f'{half:.3g}', **style)}/>"


def _line(mark: Mark, frame: Frame) -> str:
    x, y = frame.across(mark.places[0]).ravel(), frame.down(mark.places[1]).ravel()
    style = _with_format(mark)
    pieces = [path(piece) for piece in _unbroken(x, y)] if style.get("linestyle") != "" else []
    drawn = "".join(f"<path{attributes(d=piece, **stroke(style))}/>" for piece in pieces if piece)
    kind = style.get("marker") or ""
    if not kind:
        return drawn
    size = style.get("markersize", _MARKER) + _EDGE
    dots = [marker_svg(kind, *at, size) for at in zip(x, y, strict=True) if all(map(math.isfinite, at))]
    return f"{drawn}<g{attributes(fill=colored(style['color']))}>{''.join(dots)}</g>"


def _with_format(mark: Mark) -> dict[str, Any]:
    """The style of a line, its format ('o': no line) taken apart."""
    if len(mark.places) < 3:
        return mark.style
    return {"marker": mark.places[2], "linestyle": "", **mark.style}


def _unbroken(x: np.ndarray, y: np.ndarray) -> Iterator[list[tuple[float, float]]]:
    """The pieces of a line between the places that have no number."""
    known = np.isfinite(x) & np.isfinite(y)
    breaks = np.flatnonzero(~known)
    for part in np.split(np.arange(len(x)), breaks):
        kept = part[known[part]]
        yield list(zip(x[kept].tolist(), y[kept].tolist(), strict=True))


def _steps(mark: Mark, frame: Frame) -> str:
    """A line that keeps its height up to the next place."""
    x, y = frame.across(mark.places[0]), frame.down(mark.places[1])
    line = path(zip(np.repeat(x, 2)[1:].tolist(), np.repeat(y, 2)[:-1].tolist(), strict=True))
    return f"<path{attributes(d=line, **stroke(mark.style))}/>"


def _uprights(mark: Mark, frame: Frame) -> str:
    x, low, high = (np.broadcast_to(np.asarray(each, float), np.shape(mark.places[0])) for each in mark.places)
    rows = zip(frame.across(x), frame.down(low), frame.down(high), strict=True)
    line = "".join(path([(place, start), (place, end)]) for place, start, end in rows)
    return f"<path{attributes(d=line, **stroke(mark.style))}/>" if line else ""


def _scattered(mark: Mark, frame: Frame) -> str:
    x, y = frame.across(mark.places[0]).ravel(), frame.down(mark.places[1]).ravel()
    sizes = np.sqrt(np.broadcast_to(np.asarray(mark.style.get("s", _SCATTER), float), x.shape))
    fill, edge = mark.style.get("facecolors", mark.style.get("color")), mark.style.get("edgecolors")
    style = {
        "fill": "none" if fill == "none" else colored(str(fill)),
        "stroke": None if edge is None else colored(edge),
        "fill_opacity": mark.style.get("alpha"),
    }
    dots = (marker_svg("o", *at) for at in zip(x.tolist(), y.tolist(), sizes.tolist(), strict=True))
    return f"<g{attributes(**style)}>{''.join(dots)}</g>"


def _upright_bars(mark: Mark, frame: Frame) -> str:
    starts, heights, widths = (np.asarray(each, float) for each in mark.places)
    left, right = frame.across(starts), frame.across(starts + widths)
    top = frame.down(heights)
    shown = zip(left.tolist(), right.tolist(), top.tolist(), heights > 0, strict=True)
    return _boxes(mark, [(start, high, end, frame.bottom) for start, end, high, is_any in shown if is_any])


def _level_bars(mark: Mark, frame: Frame) -> str:
    places, lengths, tall = mark.places
    places = np.asarray(places, float)
    edges = np.sort([frame.down(places - tall / 2), frame.down(places + tall / 2)], axis=0)
    ends = np.sort([np.full(len(places), frame.across(0.0)), frame.across(lengths)], axis=0)
    return _boxes(mark, list(zip(ends[0], edges[0], ends[1], edges[1], strict=True)))


def _boxes(mark: Mark, bounds: list[tuple[float, float, float, float]]) -> str:
    """Boxes as one path."""
    line = "".join(f"M{number(a)} {number(b)}H{number(c)}V{number(d)}H{number(a)}z" for a, b, c, d in bounds)
    return f"<path{attributes(d=line, fill=colored(mark.style['color']), fill_opacity=mark.style.get('alpha'))}/>"


def _with_ends(mark: Mark, frame: Frame) -> str:
    """Markers with their intervals across."""
    x, y = np.asarray(mark.places[0], float), np.asarray(mark.places[1], float)
    low, high = mark.style["xerr"]
    rows = zip(frame.across(x - low), frame.across(x + high), frame.down(y), strict=True)
    line = "".join(path([(start, at), (end, at)]) for start, end, at in rows)
    kind, size = mark.style["fmt"], mark.style.get("markersize", _MARKER)
    dots = "".join(marker_svg(kind, *at, size) for at in zip(frame.across(x), frame.down(y), strict=True))
    return (
        f"<path{attributes(d=line, **stroke(mark.style))}/><g{attributes(fill=colored(mark.style['color']))}>{dots}</g>"
    )


def _level(mark: Mark, frame: Frame) -> str:
    at = float(frame.down(mark.places[0]))
    return f"<path{attributes(d=path([(frame.left, at), (frame.right, at)]), **stroke(mark.style))}/>"


def _upright(mark: Mark, frame: Frame) -> str:
    at = float(frame.across(mark.places[0]))
    return f"<path{attributes(d=path([(at, frame.bottom), (at, frame.top)]), **stroke(mark.style))}/>"


def _text(mark: Mark, frame: Frame) -> str:
    text, x, y = placed(mark, frame)
    return letters(text, x, y, mark.style.get("fontsize", SIZE), mark.style)


def _dots(mark: Mark, frame: Frame) -> str:
    """Many dots as lines without length and with round ends: a tenth of the letters of a circle for each."""
    points, size, color = mark.places
    at = zip(frame.across(points[:, 0]).tolist(), frame.down(points[:, 1]).tolist(), strict=True)
    line = "".join(f"M{number(x)} {number(y)}h0" for x, y in at)
    look = {"stroke": colored(color), "stroke_width": f"{math.sqrt(size):.3g}", "stroke_opacity": 0.7}
    return f"<path{attributes(d=line, stroke_linecap='round', **look)}/>" if line else ""


def _block(mark: Mark, frame: Frame) -> str:
    """A box of x, y, width, height, its lower left corner given; round corners where a radius is given."""
    x, y, wide, tall, *radius = mark.places
    left, right = float(frame.across(x)), float(frame.across(x + wide))
    top, bottom = float(frame.down(y + tall)), float(frame.down(y))
    round_ = number(float(frame.across(x + radius[0])) - left) if radius else None
    box = {"x": number(left), "y": number(top), "width": number(right - left), "height": number(bottom - top)}
    look = {"fill": colored(mark.style["color"]), "fill_opacity": mark.style.get("alpha")}
    return f"<rect{attributes(**box, rx=round_, **look)}/>"


def _arrow(mark: Mark, frame: Frame) -> str:
    """A line with a head of 3 points at its end."""
    (x, y), (end_x, end_y) = ((float(frame.across(a)), float(frame.down(b))) for a, b in mark.places)
    long = math.hypot(end_x - x, end_y - y) or 1.0
    along, up = (end_x - x) / long, (end_y - y) / long
    back_x, back_y = end_x - 3 * along, end_y - 3 * up
    head = [(back_x - 1.5 * up, back_y + 1.5 * along), (back_x + 1.5 * up, back_y - 1.5 * along)]
    line = f"{path([(x, y), (back_x, back_y)])}{path([(end_x, end_y), *head])}z"
    return f"<path{attributes(d=line, **stroke(mark.style), **{'stroke_linejoin': 'miter'})}/>"


_WRITERS: dict[str, Callable[[Mark, Frame], str]] = {
    "plot": _line,
    "step": _steps,
    "vlines": _uprights,
    "scatter": _scattered,
    "bar": _upright_bars,
    "barh": _level_bars,
    "errorbar": _with_ends,
    "axhline": _level,
    "axvline": _upright,
    "text": _text,
    "annotate": _text,
    "dots": _dots,
    "block": _block,
    "rounded_block": _block,
    "arrow": _arrow,
}
