"""A chart as SVG for the page: the axes, the marks on them, and the legend."""

from __future__ import annotations

import hashlib
from itertools import accumulate

import numpy as np

from .chart import Chart, Mark
from .ink import attributes, colored, letters, number, path, stroke
from .layout import LABEL_PAD, PAD, POINTS, SIZE, TICK_PAD, TITLE_PAD, Frame, framed, text_bounds, tick_bounds, ticks_of
from .legends import (
    COLUMN_GAP,
    HANDLE_PAD,
    column_widths,
    entries_of,
    grid_of,
    handle_of,
    legend_box,
    legend_side,
    size_of,
)
from .legends import LINE as LINE_OF_LEGEND
from .marks import mark_svg, marker_svg
from .roles import INK, LINE, MUTED

_BORDER = 0.8  # thickness of the axes, points
_BOX = 6.3  # height of a coloured box before a name, points


def chart_svg(chart: Chart) -> tuple[str, float, float]:
    """What stands inside the `<svg>`, and its width and height in points."""
    frame = framed(chart)
    texts = [mark for mark in chart.marks if mark.kind in ("text", "annotate")]
    behind = [mark for mark in chart.marks if mark.kind in ("axhline", "axvline")]
    rest = [mark for mark in chart.marks if mark not in texts and mark not in behind]
    rest.sort(key=lambda mark: mark.style.get("zorder", 2))
    written = [_grid(chart, frame), *(mark_svg(mark, frame) for mark in behind)]
    written.append(_cut(chart, frame, "".join(mark_svg(mark, frame) for mark in rest)))
    written += [_axes(chart, frame), *(mark_svg(mark, frame) for mark in texts), _legend(chart, frame)]
    return "".join(written), chart.width * POINTS, chart.height * POINTS


def _cut(chart: Chart, frame: Frame, drawn: str) -> str:
    """The marks; where one leaves the axes, what lies outside is cut off."""
    if not any(_leaves(mark, frame) for mark in chart.marks):
        return drawn
    name = f"p{hashlib.sha256(drawn.encode()).hexdigest()[:8]}-cut"
    size = {"width": number(frame.right - frame.left), "height": number(frame.bottom - frame.top)}
    box = f"<rect{attributes(x=number(frame.left), y=number(frame.top), **size)}/>"
    return f'<clipPath id="{name}">{box}</clipPath><g clip-path="url(#{name})">{drawn}</g>'


def _leaves(mark: Mark, frame: Frame) -> bool:
    """Whether a line leaves the axes by more than its own width."""
    if mark.kind not in ("plot", "step", "scatter"):
        return False
    x, y = frame.across(mark.places[0]), frame.down(mark.places[1])
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    outside = (x < frame.left - 1) | (x > frame.right + 1) | (y < frame.top - 1) | (y > frame.bottom + 1)
    return bool(outside.any())


def _grid(chart: Chart, frame: Frame) -> str:
    lines = ""
    if chart.x.get("grid"):
        for at in frame.across(ticks_of(chart, frame, "x")[0]):
            lines += path([(at, frame.bottom), (at, frame.top)])
    if chart.y.get("grid"):
        for at in frame.down(ticks_of(chart, frame, "y")[0]):
            lines += path([(frame.left, at), (frame.right, at)])
    return f"<path{attributes(d=lines, **stroke({'color': LINE}, 0.6))}/>" if lines else ""


def _axes(chart: Chart, frame: Frame) -> str:
    """The two lines, the ticks' names, the labels and the title."""
    made = []
    if chart.title:
        made.append(letters(chart.title, frame.left, frame.top - TITLE_PAD, SIZE, {"color": INK}))
    if chart.bare:
        return "".join(made)
    lines = [(frame.left, frame.top)] if chart.y.get("spine", True) else []
    lines += [(frame.left, frame.bottom), (frame.right, frame.bottom)]
    if not chart.x.get("spine", True):
        lines = lines[:2]
    made.append(f"<path{attributes(d=path(lines), **stroke({'color': LINE}, _BORDER))}/>")
    made += [_names_beside(chart, frame), _names_below(chart, frame), _labels(chart, frame)]
    return "".join(made)


def _names_beside(chart: Chart, frame: Frame) -> str:
    """What stands left of the axes."""
    style = {"ha": "right", "va": "center"}
    names = [
        letters(name, frame.left - TICK_PAD, float(frame.down(place)), SIZE, style)
        for place, name in zip(*ticks_of(chart, frame, "y"), strict=True)
    ]
    return _in_common(names, chart.y, "end")


def _names_below(chart: Chart, frame: Frame) -> str:
    turned = chart.x.get("style", {}).get("rotation", 0)
    names = []
    for place, name in zip(*ticks_of(chart, frame, "x"), strict=True):
        x, y = float(frame.across(place)), frame.bottom + TICK_PAD
        style = {"ha": "right" if turned else "center", "va": "top"}
        names.append(letters(name, x, y, SIZE, style, turned=turned))
    return _in_common(names, chart.x, "end" if turned else "middle")


def _in_common(names: list[str], settings: dict, anchor: str) -> str:
    """Names whose size, colour and anchor are said once."""
    if not names:
        return ""
    color = colored(settings.get("style", {}).get("color", MUTED))
    bare = "".join(names).replace(f' text-anchor="{anchor}"', "").replace(f' font-size="{SIZE:g}"', "")
    return f"<g{attributes(font_size=f'{SIZE:g}', text_anchor=anchor, fill=color)}>{bare}</g>"


def _labels(chart: Chart, frame: Frame) -> str:
    made = ""
    middle = {"ha": "center", "color": MUTED}
    if chart.x.get("label"):
        below = [tick_bounds(chart, name, 0, frame.bottom)[3] for name in ticks_of(chart, frame, "x")[1]]
        y = max(below, default=frame.bottom) + LABEL_PAD
        made += letters(chart.x["label"], (frame.left + frame.right) / 2, y, SIZE, {**middle, "va": "top"})
    if chart.y.get("label"):
        beside = [
            text_bounds(name, frame.left - TICK_PAD, 0, SIZE, {"ha": "right"})[0]
            for name in ticks_of(chart, frame, "y")[1]
        ]
        x = min(beside, default=frame.left) - LABEL_PAD
        y = (frame.top + frame.bottom) / 2
        at = f"translate({number(x)} {number(y)}) rotate(-90)"
        look = attributes(transform=at, font_size=f"{SIZE:g}", text_anchor="middle", fill=colored(MUTED))
        made += f"<text{look}>{letters(chart.y['label'], 0, 0, SIZE, {}).split('>', 1)[1]}"
    return made


def _legend(chart: Chart, frame: Frame) -> str:
    """The names of the marks, each beside a sample."""
    entries = entries_of(chart)
    if not entries:
        return ""
    size, settings = size_of(chart), chart.legend or {}
    x, y = _corner(chart, frame)
    made = ""
    if settings.get("title"):
        middle = x + (legend_box(chart)[0] - 1.6 * size) / 2
        made += letters(
            settings["title"], middle, y + size * 0.75, size, {"ha": "center", "va": "center", "color": INK}
        )
        y += LINE_OF_LEGEND * size
    rows, _ = grid_of(chart)
    starts = [0.0, *accumulate(width + COLUMN_GAP * size for width in column_widths(chart))]
    for place, (name, mark) in enumerate(entries):
        left, middle = x + starts[place // rows], y + (place % rows + 0.5) * LINE_OF_LEGEND * size
        made += _sample(mark, left, middle, handle_of(chart) * size)
        after = left + (handle_of(chart) + HANDLE_PAD) * size
        made += letters(name, after, middle, size, {"va": "center", "color": settings.get("labelcolor", INK)})
    return made


def _corner(chart: Chart, frame: Frame) -> tuple[float, float]:
    """The upper left corner of the first sample, or of the title."""
    wide, tall = legend_box(chart)
    size, side = size_of(chart), legend_side(chart)
    inner = 0.8 * size
    if side == "right":
        return frame.right + 0.01 * (frame.right - frame.left) + inner, (
            frame.top + frame.bottom - tall
        ) / 2 + inner / 2
    if side == "inside":
        return _emptiest(chart, frame, wide, tall)
    if (chart.legend or {})["loc"] == "lower center":
        return (frame.left + frame.right - wide) / 2 + inner, frame.top - tall
    return PAD + inner / 2, PAD if side == "above" else chart.height * POINTS - PAD - tall + inner / 2


def _emptiest(chart: Chart, frame: Frame, wide: float, tall: float) -> tuple[float, float]:
    """The corner of the axes where the fewest points and pieces of lines lie."""
    points = np.concatenate([_along(mark, frame) for mark in chart.marks if mark.kind == "plot"])
    inner = 0.8 * size_of(chart)
    corners = [
        (x, y) for y in (frame.top + 4, frame.bottom - tall - 4) for x in (frame.right - wide - 4, frame.left + 4)
    ]

    def within(corner: tuple[float, float]) -> int:
        low, high = np.array(corner), np.add(corner, (wide, tall))
        return int(((points >= low) & (points <= high)).all(axis=1).sum())

    x, y = min(corners, key=within)
    return x + inner, y + inner / 2


def _along(mark: Mark, frame: Frame, pieces: int = 200) -> np.ndarray:
    """Places along a line, [N,2]."""
    x, y = frame.across(mark.places[0]).ravel(), frame.down(mark.places[1]).ravel()
    known = np.isfinite(x) & np.isfinite(y)
    fine = np.linspace(0, 1, pieces)
    steps = np.linspace(0, 1, max(int(known.sum()), 1))
    return (
        np.stack([np.interp(fine, steps, x[known]), np.interp(fine, steps, y[known])], 1)
        if known.any()
        else np.zeros((0, 2))
    )


def _sample(mark: Mark | str, x: float, y: float, wide: float) -> str:
    """What a mark looks like, before its name."""
    if isinstance(mark, str):
        box = {"x": number(x), "y": number(y - _BOX / 2), "width": number(wide), "height": number(_BOX)}
        return f"<rect{attributes(**box, fill=colored(mark))}/>"
    style = mark.style
    if mark.kind in ("barh", "bar"):
        return _sample(style["color"], x, y, wide)
    if mark.kind == "scatter":
        ring = {"fill": "none", "stroke": colored(style["edgecolors"])}
        return marker_svg("o", x + wide / 2, y, float(np.sqrt(style.get("s", 36))), **ring)
    line = f"<path{attributes(d=path([(x, y), (x + wide, y)]), **stroke(style))}/>"
    kind = style.get("marker") or style.get("fmt")
    if not kind:
        return line
    return line + marker_svg(kind, x + wide / 2, y, style.get("markersize", 6), fill=colored(style["color"]))
