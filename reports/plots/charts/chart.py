"""A chart as what was asked of it, in matplotlib's words: so it can be written as SVG here, or drawn by matplotlib.

Only what the page's charts need is here, and each of it takes the arguments of matplotlib's function of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MARGIN = 0.05  # of the data's range, beyond them, where no limits are given; as matplotlib has it
_MARKS = ("plot", "step", "vlines", "scatter", "bar", "barh", "errorbar", "axhline", "axvline", "text", "annotate")
_OWN_MARKS = ("dots", "block", "rounded_block", "arrow")


@dataclass(frozen=True, eq=False)
class Mark:
    """One thing that is drawn."""

    kind: str  # of `_MARKS` or `_OWN_MARKS`
    places: tuple[Any, ...]
    style: dict[str, Any]


@dataclass(eq=False)
class Chart:
    """One pair of axes of a paper of width x height inches."""

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)
    x: dict[str, Any] = field(default_factory=dict)  # label, lim, ticks, labels, style, grid, log, whole, spine
    y: dict[str, Any] = field(default_factory=dict)
    legend: dict[str, Any] | None = (
        None  # as `Axes.legend` takes it, with 'entries' [(name, colour)] outside of the axes
    )
    title: str = ""
    equal: bool = False  # one unit is as long across as up
    bare: bool = False  # neither axes nor ticks

    def add(self, kind: str, *places: Any, **style: Any) -> None:
        """Draw a mark with the arguments of matplotlib's function of this name."""
        if kind not in _MARKS + _OWN_MARKS:
            raise ValueError(
                f"Expected one of the marks {', '.join(_MARKS + _OWN_MARKS)}. Received '{kind}'. Pass one of these."
            )
        self.marks.append(Mark(kind, places, style))

    def limits(self, axis: str) -> tuple[float, float]:
        """The ends of an axis, 'x' or 'y': as given, else those of the data with a margin."""
        given = getattr(self, axis).get("lim")
        if given is not None:
            return float(given[0]), float(given[1])
        values = np.concatenate([_values(mark, axis) for mark in self.marks] or [np.zeros(0)])
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if high == low:
            low, high = low - (abs(low) * MARGIN or MARGIN), high + (abs(high) * MARGIN or MARGIN)
        beyond = (high - low) * MARGIN
        return low - beyond, high + beyond

    def set_ticks(self, axis: str, places: Sequence[float] | np.ndarray, names: Sequence[str], **style: Any) -> None:
        """Put these names beside an axis, 'x' or 'y'."""
        getattr(self, axis).update(ticks=[float(place) for place in places], labels=list(names), style=style)


def _values(mark: Mark, axis: str) -> np.ndarray:
    """What of a mark the ends of an axis take in."""
    if mark.kind in ("plot", "step", "scatter"):
        return np.asarray(mark.places["xy".index(axis)], float).ravel()
    return np.asarray([mark.places[0]] if mark.kind == f"ax{'hv'['yx'.index(axis)]}line" else [], float)
