"""A regression's answers beside the truth, and its errors along the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...models.evaluation.numbers import ErrorsInRange
from ..drawing.wording import count, number, with_minus
from ..plots.plot import INK, LINE, MUTED, SERIES, Plot, axes, plain

_MOST_POINTS = 400  # drawn one by one; of more, how many lie in each cell
_CELLS = 36  # along each axis


def predicted_against_true(true: np.ndarray, answered: np.ndarray, name: str, unit: str = "") -> Plot:
    """Draw a point for each image, or how many lie in each cell where they are many, with the line of right answers.

    Args:
        true: float64[B].
        answered: float64[B].
        name: Of the number.
        unit: Of it; '' where it is not known.
    """
    figure, drawn = axes(4.6, 4.2)
    low, high = _ends(true, answered)
    drawn.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    cells = "" if len(true) <= _MOST_POINTS else f" The fullest cell holds {_cells(drawn, true, answered, low, high)}."
    if not cells:
        drawn.scatter(true, answered, s=9, color=SERIES[0], linewidths=0, alpha=0.55, zorder=2)
    named = f"{plain(bare(name))}, {plain(unit)}" if unit else plain(bare(name))
    drawn.set(xlabel=f"true {named}", ylabel=f"predicted {named}", xlim=(low, high), ylim=(low, high), aspect="equal")
    drawn.grid(color=LINE, linewidth=0.6)
    said = f"{count(len(true), 'image')}, both axes from {_minus(low)} to {_minus(high)}; on the dashed line answers are right."
    return Plot(figure, f"Predicted against true {bare(name)}", said + cells)


def _ends(true: np.ndarray, answered: np.ndarray) -> tuple[float, float]:
    low, high = float(min(true.min(), answered.min())), float(max(true.max(), answered.max()))
    room = 0.04 * (high - low) or 0.5 * abs(high) or 0.5
    return low - room, high + room


def _cells(drawn, true: np.ndarray, answered: np.ndarray, low: float, high: float) -> str:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    counts, edges, _ = np.histogram2d(true, answered, bins=_CELLS, range=((low, high), (low, high)))
    side, most = edges[1] - edges[0], counts.max()
    places = np.argwhere(counts)
    patches = [Rectangle((float(edges[column]), float(edges[row])), side, side) for column, row in places]
    alpha = [0.12 + 0.88 * float(np.sqrt(counts[tuple(place)] / most)) for place in places]
    drawn.add_collection(PatchCollection(patches, facecolor=SERIES[0], edgecolor="none", alpha=alpha, zorder=2))
    return count(int(most), "image")


def errors_by_range(ranges: Sequence[ErrorsInRange], name: str, unit: str = "") -> Plot:
    """Draw the mean absolute error and the mean error of each range of the truth, with their intervals."""
    figure, drawn = axes(5.2, 3.2)
    places = np.arange(len(ranges))
    for shift, what, color in ((-0.1, "mae", SERIES[0]), (0.1, "bias", SERIES[1])):
        found = [getattr(each, what) for each in ranges]
        values = np.array([each.value for each in found])
        ends = np.array([(each.value - each.low, each.high - each.value) for each in found]).T
        label = "size of the error" if what == "mae" else "predicted less true"
        drawn.errorbar(places + shift, values, np.maximum(ends, 0), fmt="o", color=color, markersize=5, label=label)
    drawn.axhline(0, color=MUTED, linewidth=0.8)
    drawn.set_xticks(places, [range_words(each) for each in ranges], color=INK, fontsize=8.5)
    named = f"{plain(bare(name))}, {plain(unit)}" if unit else plain(bare(name))
    drawn.set(xlabel=f"true {named}", ylabel=f"error{', ' + plain(unit) if unit else ''}")
    drawn.grid(color=LINE, linewidth=0.6, axis="y")
    drawn.legend(frameon=False, labelcolor=INK, loc="best", fontsize=9)
    worst = max(ranges, key=lambda each: each.mae.value)
    return Plot(
        figure,
        f"Errors by true {bare(name)}",
        f"Largest at {range_words(worst)}: {number(worst.mae.value)} on average.",
    )


def bare(name: str) -> str:
    """A number's name behind 'true': that of one without a name is 'number'."""
    return name.removeprefix("the ")


def range_words(found: ErrorsInRange) -> str:
    """Such as '3.1 to 4.9'."""
    return _minus(found.low) if found.low == found.high else f"{_minus(found.low)} to {_minus(found.high)}"


def _minus(value: float) -> str:
    return with_minus(number(value))
