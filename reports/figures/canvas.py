"""The axis that a picture is drawn into, and the scale beside it; nothing is shown or saved."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from ..drawing.colors import ColorScale, Limits, color_table


def canvas(ax: Axes | None, width: float = 3.6, height: float = 3.2) -> Axes:
    """The axis given, or that of a new figure of width x height inches."""
    return grid(1, width, height)[0] if ax is None else ax


def grid(cells: int, width: float, height: float, columns: int = 5) -> list[Axes]:
    """As many axes of width x height inches as there are cells, up to `columns` side by side, in one new figure."""
    across = max(1, min(cells, columns))
    down = -(-cells // across)
    made = np.atleast_1d(_figure(width * across, height * down).subplots(down, across)).ravel()
    for unused in made[cells:]:
        unused.set_axis_off()
    return list(made[:cells])


def _figure(width: float, height: float) -> Any:
    """A figure that a notebook shows by itself where `matplotlib.pyplot` is in use; else one that belongs to nobody."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    size = {"figsize": (width, height), "layout": "constrained"}
    return Figure(**size) if pyplot is None else pyplot.figure(**size)  # type: ignore[arg-type]


def colored(scale: ColorScale, limits: Limits) -> Any:
    """The colours of a scale between two limits; those of equal limits are never seen, since nothing lies between."""
    low, high = ends(limits)
    table = color_table(scale)[1 if scale == "signed" else 0 :] / 255
    return ScalarMappable(Normalize(low, high if high > low else low + 1), ListedColormap(table))


def ends(limits: Limits) -> tuple[float, float]:
    """The limits as two numbers."""
    return float(np.min(limits[0])), float(np.max(limits[1]))


def show_values(ax: Axes, values: np.ndarray, scale: ColorScale, limits: Limits) -> None:
    """Draw numbers float[h,w] in the colours of a scale, a cell for each."""
    colors = colored(scale, limits)
    ax.imshow(values, cmap=colors.cmap, norm=colors.norm, interpolation="nearest")


def bare(ax: Axes, title: str = "") -> Axes:
    """An axis of a picture: no ticks, no frame."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_title(title.replace("$", r"\$"), fontsize=10)
    return ax


def scale_beside(ax: Axes, scale: ColorScale, limits: Limits, label: str) -> None:
    """A colour bar between the limits, with the unit beside it; of equal limits the one number in words."""
    low, high = ends(limits)
    bar: Any = ax.figure.colorbar(colored(scale, limits), ax=ax, fraction=0.046, pad=0.03)  # type: ignore[union-attr]
    ticks = [low, 0.0, high] if low < 0 < high else [low, high]
    bar.set_ticks(ticks if high > low else [])
    bar.set_ticklabels([f"{tick:.3g}" for tick in ticks] if high > low else [], fontsize=8)
    bar.outline.set_visible(False)
    bar.set_label(label if high > low else f"{low:.3g} everywhere, {label}", fontsize=8)
