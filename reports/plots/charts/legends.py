"""Where the names of the marks stand: beside the axes, above or below them, or in their emptiest corner."""

from __future__ import annotations

from typing import Any

from .chart import Chart, Mark
from .letters import text_width

HANDLE, HANDLE_PAD, COLUMN_GAP, LINE = 2.0, 0.8, 2.0, 1.5  # sizes of the text: a sample, its distance, columns, lines
_BORDER = 0.8  # around the whole
Entry = tuple[str, Mark | str]  # a name, and the mark it is of or the colour of a box


def entries_of(chart: Chart) -> list[Entry]:
    """The names in their order, with what each one is of."""
    if chart.legend is None:
        return []
    own = chart.legend.get("entries")
    if own is not None:
        return list(own)
    return [(mark.style["label"], mark) for mark in chart.marks if mark.style.get("label")]


def legend_side(chart: Chart) -> str:
    """Where it stands: 'right', 'above', 'below', 'inside', or '' where there is none."""
    place = "" if chart.legend is None else chart.legend["loc"]
    return {"center left": "right", "lower center": "above", "best": "inside"}.get(
        place, "above" if "upper" in place else "below" if "lower" in place else ""
    )


def grid_of(chart: Chart) -> tuple[int, int]:
    """(rows, columns) of the names."""
    many = len(entries_of(chart))
    columns = min(int((chart.legend or {}).get("ncols", 1)), max(many, 1))
    return -(-many // columns), columns


def handle_of(chart: Chart) -> float:
    """The width of a sample, in sizes of the text."""
    return float((chart.legend or {}).get("handlelength", HANDLE))


def size_of(chart: Chart) -> float:
    """Of the text."""
    return float((chart.legend or {}).get("fontsize", 10))


def column_widths(chart: Chart) -> list[float]:
    """Of each column of names with their samples, in points."""
    rows, columns = grid_of(chart)
    size, names = size_of(chart), [name for name, _ in entries_of(chart)]
    parts = [names[column * rows : (column + 1) * rows] for column in range(columns)]
    heads = handle_of(chart) + HANDLE_PAD
    return [size * heads + max((text_width(name, size) for name in part), default=0) for part in parts]


def legend_box(chart: Chart) -> tuple[float, float]:
    """(width, height) in points."""
    rows, columns = grid_of(chart)
    settings: dict[str, Any] = chart.legend or {}
    size = size_of(chart)
    titled = bool(settings.get("title"))
    wide = sum(column_widths(chart)) + size * COLUMN_GAP * (columns - 1)
    wide = max(wide, text_width(settings["title"], size)) if titled else wide
    return wide + 2 * _BORDER * size, (rows + titled) * LINE * size + _BORDER * size


def legend_size(chart: Chart) -> tuple[str, float]:
    """(side, how much of the paper it takes there)."""
    side = legend_side(chart)
    wide, tall = legend_box(chart) if side else (0.0, 0.0)
    return side, {"right": wide, "above": tall, "below": tall}.get(side, 0.0)
