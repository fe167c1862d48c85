"""What the layers keep, and plain counts, drawn: measures over the layers, bars, a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..drawing.wording import with_minus
from .plot import INK, LINE, SERIES, Chart, Plot, axes, plain, series_style

_HIGHEST = 0.98  # of the axes, where the name of a curve stands


def layer_measures(layers: Sequence[str], measures: Mapping[str, Sequence[float]], *, title: str) -> Plot:
    """Draw several measures between 0 and 1 over the layers, in order of depth, each named at its line's end.

    Args:
        layers: L names.
        measures: per name L numbers in [0,1]; NaN where a layer has none.
        title: what is shown.
    """
    drawn = Chart(max(5.5, 2.9 + 0.62 * len(layers)), 3.7)
    places = np.arange(len(layers))
    ends = {}
    for number, (name, values) in enumerate(measures.items()):
        numbers = np.asarray(values, float)
        if numbers.shape != places.shape:
            raise ValueError(
                f"Expected {len(layers)} numbers of '{name}', one a layer. Received {numbers.shape}. Use NaN for none."
            )
        drawn.add("plot", places, numbers, marker="o", markersize=4, **series_style(number))
        known = np.flatnonzero(np.isfinite(numbers))
        if len(known):
            ends[name] = (float(places[known[-1]]), float(numbers[known[-1]]), series_style(number)["color"])
    drawn.x.update(lim=(-0.3, len(layers) - 0.7))
    drawn.y.update(lim=(-0.03, 1.03), grid=True)
    name_ends(drawn, ends)
    drawn.set_ticks("x", places, [plain(name) for name in layers], rotation=40, color=INK)
    words = "; ".join(f"{name}: {with_minus(f'{value:.2f}')}" for name, (_, value, _) in ends.items())
    return Plot(drawn, title, f"At the last layer {words}.")


def name_ends(drawn: Chart, ends: Mapping[str, tuple[float, float, str]], gap: float = 0.075) -> None:
    """Write each measure's name right of the plot, at its line's last value, moved apart where two would overlap.

    Args:
        drawn: a chart whose ends are as they are to stay, in any unit.
        ends: per name (place, value, colour).
        gap: of two names, of the height of the axes.
    """
    low, high = drawn.limits("y")
    ranked = sorted(ends.items(), key=lambda entry: entry[1][1])
    heights: list[float] = []
    for _, (_, value, _) in ranked:
        height = (value - low) / (high - low)
        heights.append(max(height, heights[-1] + gap) if heights else height)
    ceiling = _HIGHEST
    for index in range(len(heights) - 1, -1, -1):
        heights[index] = min(heights[index], ceiling)
        ceiling = heights[index] - gap
    for (name, (_, value, color)), height in zip(ranked, heights, strict=True):
        drawn.add(
            "annotate",
            f"{plain(name)} {with_minus(f'{value:.2f}' if abs(value) < 100 else f'{value:,.0f}')}",
            (1.015, height),
            xycoords="axes fraction",
            va="center",
            color=color,
            fontsize=9.5,
        )


def bars(values: Mapping[str, float], *, title: str, unit: str = "", limit: float | None = None) -> Plot:
    """Draw one horizontal bar for each name, in the given order, with its number behind it.

    Args:
        values: per name its number; negative ones reach to the left.
        title: what is shown.
        unit: written behind each number, for example " %".
        limit: the number at the axis' end; None takes the largest.
    """
    figure, drawn = axes(5.6, 0.5 + 0.27 * max(len(values), 1))
    numbers = np.array(list(values.values()), float)
    places = np.arange(len(numbers))
    drawn.barh(places, numbers, height=0.66, color=[SERIES[0] if number >= 0 else SERIES[1] for number in numbers])
    reach = limit or float(np.abs(numbers).max(initial=0)) or 1.0
    for place, number in zip(places, numbers, strict=True):
        drawn.text(
            max(float(number), 0) + reach * 0.012,
            float(place),
            f"{number:.4g}{unit}",
            va="center",
            fontsize=9,
            color=INK,
        )
    drawn.set(xlim=(min(0.0, float(numbers.min(initial=0)) * 1.05), reach * 1.16), ylim=(len(numbers) - 0.5, -0.5))
    drawn.set_yticks(places, [plain(name) for name in values], color=INK)
    drawn.set_xticks([])
    drawn.spines["bottom"].set_visible(False)
    listed = ", ".join(f"{name} {number:.4g}{unit}" for name, number in values.items())
    return Plot(figure, title, f"{listed}.")


def histogram(values: np.ndarray, *, title: str, label: str, bins: int = 30) -> Plot:
    """Draw how often which number comes.

    Args:
        values: float[N], finite.
        title: what is shown.
        label: the name of the number, with its unit.
        bins: number of bars over the whole range.
    """
    figure, drawn = axes(5.2, 2.6)
    drawn.hist(np.ravel(values), bins=bins, color=SERIES[0], alpha=0.85, rwidth=0.94)
    drawn.set(xlabel=label, ylabel="count")
    drawn.grid(axis="y", color=LINE, linewidth=0.6)
    middle = (
        f"median {np.median(values):.4g}, from {np.min(values):.4g} to {np.max(values):.4g}"
        if np.size(values)
        else "none"
    )
    return Plot(figure, title, f"{np.size(values)} values: {middle}.")
