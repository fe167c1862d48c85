"""Models beside each other, drawn: figures with their intervals, and how alike layers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .plot import INK, LINE, ON_ACCENT, SERIES, Plot, axes, plain

MOST_NUMBERS = 12  # layers; beyond, numbers in the cells would be too small to read


def intervals(values: Mapping[str, tuple[float, float, float]], *, title: str, form: str = "{:.3f}") -> Plot:
    """Draw a value and its interval for each name, one below the other on one axis.

    Args:
        values: per name (value, low, high).
        title: what is shown; the axis' name too.
        form: how a value is written.
    """
    figure, drawn = axes(5.4, 0.8 + 0.36 * len(values))
    for place, (middle, low, high) in enumerate(values.values()):
        drawn.plot([low, high], [place, place], color=SERIES[0], linewidth=5, alpha=0.3, solid_capstyle="butt")
        drawn.plot([middle], [place], "o", color=SERIES[0], markersize=6)
        drawn.annotate(
            form.format(middle), (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=9, color=INK
        )
    drawn.set_yticks(np.arange(len(values)), [plain(name) for name in values], color=INK)
    drawn.set(ylim=(len(values) - 0.5, -0.5), xlabel=title)
    drawn.margins(x=0.06)
    drawn.locator_params(axis="x", nbins=5)
    drawn.grid(axis="x", color=LINE, linewidth=0.6)
    drawn.spines["left"].set_visible(False)
    said = ", ".join(
        f"{name} {form.format(middle)}" + (f" ({form.format(low)} to {form.format(high)})" if np.isfinite(low) else "")
        for name, (middle, low, high) in values.items()
    )
    return Plot(figure, title, f"{said}.")


def similarity_map(
    values: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, row_title: str, column_title: str
) -> Plot:
    """Draw how alike each two layers are: the fuller the colour, the more; NaN is left empty.

    Args:
        values: float[R,C], about 0 to 1.
        rows: R names of layers, first to last.
        columns: C names of layers.
        row_title: the model that the rows are of.
        column_title: likewise of the columns.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"Expected values [{len(rows)},{len(columns)}] for the layers. Received {values.shape}. Pass one for each pair."
        )
    figure, drawn = axes(2.0 + 0.44 * len(columns), 1.7 + 0.36 * len(rows))
    drawn.add_patch(Rectangle((0, 0), len(columns), len(rows), facecolor=LINE, alpha=0.25))
    known = np.argwhere(np.isfinite(values))
    patches = [Rectangle((column + 0.02, row + 0.02), 0.96, 0.96) for row, column in known]
    opacities = [float(np.clip(values[row, column], 0.02, 1)) for row, column in known]
    drawn.add_collection(PatchCollection(patches, facecolor=SERIES[0], edgecolor="none", alpha=opacities or None))
    if max(values.shape) <= MOST_NUMBERS:
        for row, column in known:
            value = float(values[row, column])
            color = ON_ACCENT if value > 0.5 else INK
            place = (column + 0.5, row + 0.5)
            drawn.text(
                *place,
                f"{value:.2f}".lstrip("0") if 0 < value < 0.995 else f"{value:.1f}",
                ha="center",
                va="center",
                fontsize=8.5,
                color=color,
                in_layout=False,
            )
    drawn.set(xlim=(0, len(columns)), ylim=(len(rows), 0), xlabel=plain(column_title), ylabel=plain(row_title))
    names = [plain(name) for name in columns]
    drawn.set_xticks(np.arange(len(columns)) + 0.5, names, rotation=45, ha="right", rotation_mode="anchor", color=INK)
    drawn.set_yticks(np.arange(len(rows)) + 0.5, [plain(name) for name in rows], color=INK)
    drawn.spines[:].set_visible(False)
    return Plot(figure, f"{row_title} and {column_title}", _most_alike(values, rows, columns))


def _most_alike(values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> str:
    if not np.isfinite(values).any():
        return "No similarity is known."
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    return f"Most alike: {rows[int(row)]} and {columns[int(column)]}, {values[row, column]:.2f}."
