"""Where the axes lie on the paper: as large as leaves room for ticks, labels, legends and the names beside the curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .chart import Chart, Mark
from .legends import legend_box, legend_size
from .letters import ASCENT, DESCENT, text_width
from .ticks import round_places, tick_words

POINTS = 72  # of an inch
SIZE = 10.0  # of a text, points
PAD, TICK_PAD, LABEL_PAD, TITLE_PAD = 3.0, 3.5, 4.0, 6.0  # points
_ROOM = {"x": 3, "y": 2}  # sizes of a text that a tick needs
_ROUNDS = 3  # of making room for what sticks out: it moves with the axes
Bounds = tuple[float, float, float, float]  # left, top, right, bottom, in points from the upper left


@dataclass(frozen=True, eq=False)
class Frame:
    """The axes on their paper, in points from the upper left."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]  # ends of the axis
    y: tuple[float, float]
    logarithmic: bool = False  # the axis upwards

    def across(self, value: Any) -> Any:
        """Where a number lies across; arrays too."""
        low, high = self.x
        return self.left + (np.asarray(value, float) - low) / (high - low) * (self.right - self.left)

    def down(self, value: Any) -> Any:
        """Where a number of the other axis lies; arrays too."""
        low, high = self.y
        value = np.asarray(value, float)
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), np.log10(np.maximum(value, low / 10))
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def framed(chart: Chart) -> Frame:
    """The axes of a chart, with room for all that stands around them."""
    width, height = chart.width * POINTS, chart.height * POINTS
    left, top, right, bottom = _around(chart)
    frame = _frame(chart, (left, top, width - right, height - bottom))
    for _ in range(_ROUNDS):
        found = _sticking_out(chart, frame)
        left = max([left, *(left + PAD - bounds[0] for bounds in found)])
        top = max([top, *(top + PAD - bounds[1] for bounds in found)])
        right = max([right, *(right + bounds[2] - (width - PAD) for bounds in found)])
        bottom = max([bottom, *(bottom + bounds[3] - (height - PAD) for bounds in found)])
        frame = _frame(chart, (left, top, width - right, height - bottom))
    return _of_equal_units(chart, frame)


def ticks_of(chart: Chart, frame: Frame, axis: str) -> tuple[list[float], list[str]]:
    """The places of the ticks of an axis, and what stands beside them."""
    settings = getattr(chart, axis)
    if chart.bare:
        return [], []
    if "ticks" in settings:
        return settings["ticks"], settings["labels"]
    length = frame.right - frame.left if axis == "x" else frame.bottom - frame.top
    ends = sorted(frame.x if axis == "x" else frame.y)
    places = round_places(ends[0], ends[1], length / (_ROOM[axis] * SIZE), whole=settings.get("whole", False))
    return places, tick_words(places)


def text_bounds(text: str, x: float, y: float, size: float, style: dict[str, Any]) -> Bounds:
    """What a level text covers; `x`, `y` and its alignment as matplotlib takes them, but downwards."""
    lines = text.split("\n")
    wide = max(text_width(line, size, bold=style.get("fontweight") == "bold") for line in lines)
    first = {"center": x - wide / 2, "right": x - wide}.get(style.get("ha", "left"), x)
    tall = size * (1.2 * (len(lines) - 1) + ASCENT + DESCENT)
    high = {"center": y - tall / 2, "top": y}.get(style.get("va", "bottom"), y - tall)
    return first, high, first + wide, high + tall


def placed(mark: Mark, frame: Frame) -> tuple[str, float, float]:
    """The text of a 'text' or 'annotate', and where it is anchored."""
    if mark.kind == "text":
        x, y, text = mark.places
        return text, float(frame.across(x)), float(frame.down(y))
    text, (x, y) = mark.places
    if mark.style.get("xycoords") == "axes fraction":
        return text, frame.left + x * (frame.right - frame.left), frame.bottom - y * (frame.bottom - frame.top)
    aside, up = mark.style.get("xytext", (0, 0))
    return text, float(frame.across(x)) + aside, float(frame.down(y)) - up


def _around(chart: Chart) -> Bounds:
    """What stands on each side of the axes however long they are."""
    above = (SIZE * 1.2 + TITLE_PAD if chart.title else 0) + PAD
    left, right, below = PAD, PAD, PAD
    if not chart.bare:
        left += SIZE * 1.2 + LABEL_PAD if chart.y.get("label") else 0
        below += SIZE * 1.2 + LABEL_PAD if chart.x.get("label") else 0
    side, size = legend_size(chart)
    return (left, above + size * (side == "above"), right + size * (side == "right"), below + size * (side == "below"))


def _frame(chart: Chart, bounds: Bounds) -> Frame:
    return Frame(*bounds, chart.limits("x"), chart.limits("y"), bool(chart.y.get("log")))


def _sticking_out(chart: Chart, frame: Frame) -> list[Bounds]:
    """What the ticks and the texts cover, the labels of the axes beyond them included."""
    beside = SIZE * 1.2 + LABEL_PAD if chart.y.get("label") else 0
    under = SIZE * 1.2 + LABEL_PAD if chart.x.get("label") else 0
    side, size = legend_size(chart)
    over = size if side == "above" else 0
    under += size if side == "below" else 0
    found = []
    for place, name in zip(*ticks_of(chart, frame, "y"), strict=True):
        left, top, right, bottom = text_bounds(
            name, frame.left - TICK_PAD, float(frame.down(place)), SIZE, {"ha": "right", "va": "center"}
        )
        found.append((left - beside, top, right, bottom))
    for place, name in zip(*ticks_of(chart, frame, "x"), strict=True):
        left, top, right, bottom = tick_bounds(chart, name, float(frame.across(place)), frame.bottom)
        found.append((left, top, right, bottom + under))
    for mark in chart.marks:
        if mark.kind in ("text", "annotate") and mark.style.get("in_layout", True):
            text, x, y = placed(mark, frame)
            found.append(text_bounds(text, x, y, mark.style.get("fontsize", SIZE), mark.style))
    found = [(left, top - over, right, bottom) for left, top, right, bottom in found]
    if side == "above" and (chart.legend or {})["loc"] == "lower center":
        wide, middle = legend_box(chart)[0], (frame.left + frame.right) / 2
        found.append((middle - wide / 2, frame.top - size, middle + wide / 2, frame.top))
    return found


def tick_bounds(chart: Chart, name: str, x: float, bottom: float) -> Bounds:
    """What the name of a tick below the axes covers, level or turned about its end."""
    turned = math.radians(chart.x.get("style", {}).get("rotation", 0))
    y = bottom + TICK_PAD
    if not turned:
        return text_bounds(name, x, y, SIZE, {"ha": "center", "va": "top"})
    wide = text_width(name, SIZE)
    return x - wide * math.cos(turned), y, x + SIZE * DESCENT, y + SIZE * ASCENT + wide * math.sin(turned)


def _of_equal_units(chart: Chart, frame: Frame) -> Frame:
    """The axes in the middle of their room, where one unit is to be as long across as up."""
    if not chart.equal:
        return frame
    wide, tall = frame.right - frame.left, frame.bottom - frame.top
    units = abs(frame.x[1] - frame.x[0]), abs(frame.y[1] - frame.y[0])
    unit = min(wide / units[0], tall / units[1])
    aside, up = (wide - unit * units[0]) / 2, (tall - unit * units[1]) / 2
    bounds = frame.left + aside, frame.top + up, frame.right - aside, frame.bottom - up
    return _frame(chart, bounds)
