"""A chart on matplotlib: for a PNG, and for whoever draws on."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from .chart import Chart, Mark
from .roles import INK, LINE, MUTED

_ARROW = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}


def on_matplotlib(chart: Chart, style: dict[Any, Any]) -> Figure:
    """The chart as a figure.

    Args:
        chart: what to draw.
        style: matplotlib's settings.
    """
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(chart.width, chart.height), layout="constrained")
        drawn = figure.subplots()
    drawn.tick_params(length=0)
    drawn.set_axisbelow(True)
    for mark in chart.marks:
        _draw(drawn, mark)
    _set_axes(drawn, chart)
    _add_legend(figure, drawn, chart)
    return figure


def _draw(drawn: Any, mark: Mark) -> None:
    if mark.kind in _OWN:
        _OWN[mark.kind](drawn, mark)
        return
    getattr(drawn, mark.kind)(*mark.places, **mark.style)


def _dots(drawn: Any, mark: Mark) -> None:
    points, size, color = mark.places
    ends = points.repeat(2, axis=0)
    ends[1::2, 0] += 1e-6  # a line of no length at all is left out by matplotlib
    codes = [Path.MOVETO, Path.LINETO] * len(points)
    style: dict[str, Any] = {"edgecolor": color, "facecolor": "none", "alpha": 0.7, "capstyle": "round"}
    drawn.add_patch(PathPatch(Path(ends, codes), linewidth=size**0.5, **style))


def _block(drawn: Any, mark: Mark) -> None:
    x, y, wide, tall = mark.places
    drawn.add_patch(Rectangle((x, y), wide, tall, facecolor=mark.style["color"], alpha=mark.style.get("alpha")))


def _rounded_block(drawn: Any, mark: Mark) -> None:
    x, y, wide, tall, radius = mark.places
    style = {"facecolor": mark.style["color"], "alpha": mark.style["alpha"], "edgecolor": "none"}
    box = f"round,pad=0,rounding_size={radius}"
    drawn.add_patch(FancyBboxPatch((x, y), wide, tall, boxstyle=box, **style))


def _arrow(drawn: Any, mark: Mark) -> None:
    start, end = mark.places
    drawn.annotate("", end, start, arrowprops={**_ARROW, **mark.style})


_OWN = {"dots": _dots, "block": _block, "rounded_block": _rounded_block, "arrow": _arrow}


def _set_axes(drawn: Any, chart: Chart) -> None:
    for name, settings in (("x", chart.x), ("y", chart.y)):
        axis = getattr(drawn, f"{name}axis")
        getattr(drawn, f"set_{name}label")(settings.get("label", ""))
        if settings.get("log"):
            getattr(drawn, f"set_{name}scale")("log")
            drawn.minorticks_off()
        if settings.get("lim") is not None:
            getattr(drawn, f"set_{name}lim")(*settings["lim"])
        if "ticks" in settings:
            axis.set_ticks(settings["ticks"], settings["labels"], **{"color": MUTED, **_turned(settings)})
        elif settings.get("whole"):
            axis.set_major_locator(MaxNLocator(integer=True))
        if settings.get("grid"):
            drawn.grid(axis=name, color=LINE, linewidth=0.6)
        drawn.spines["bottom" if name == "x" else "left"].set_visible(settings.get("spine", True))
    if chart.title:
        drawn.set_title(chart.title, fontsize=10, color=INK, loc="left")
    if chart.equal:
        drawn.set_aspect("equal")
    if chart.bare:
        drawn.axis("off")


def _turned(settings: dict[str, Any]) -> dict[str, Any]:
    style = settings.get("style", {})
    return {**style, "ha": "right", "rotation_mode": "anchor"} if style.get("rotation") else style


def _add_legend(figure: Figure, drawn: Any, chart: Chart) -> None:
    if chart.legend is None:
        return
    settings = {"frameon": False, "labelcolor": INK, **chart.legend}
    entries, place = settings.pop("entries", None), settings.pop("loc")
    if entries is None:
        drawn.legend(loc=place, **settings)
        return
    handles = [Rectangle((0, 0), 1, 1, facecolor=color) for _, color in entries]
    figure.legend(handles, [name for name, _ in entries], loc=place, **settings)
