"""What refusing wins, and where the images lie between the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ...models.screening.answer_sets import Refusals
from ...models.screening.data_map import DataMap
from ..drawing.wording import count, listed, percent
from .plot import INK, LINE, MUTED, SERIES, Plot, axes, plain

_MOST_POINTS = 700  # drawn: a page holds no more than that of SVG
_MOST_NAMES = 40


def refusal_curve(curve: Refusals, threshold: float) -> Plot:
    """Draw the share of images answered against the share of these that is right, with one threshold marked."""
    figure, drawn = axes(4.6, 2.8)
    known = np.isfinite(curve.right)
    drawn.plot(100 * curve.answered[known], 100 * curve.right[known], color=SERIES[0], linewidth=1.8)
    at = int(np.searchsorted(curve.thresholds, threshold))
    said = f"{percent(curve.answered[at])} answered, {percent(curve.right[at])} right"
    if known[at]:
        drawn.plot(100 * curve.answered[at], 100 * curve.right[at], "o", color=SERIES[1])
        drawn.annotate(
            f"below {percent(threshold, 0)} refused",
            (100 * curve.answered[at], 100 * curve.right[at]),
            xytext=(-8, -14),
            textcoords="offset points",
            ha="right",
            color=INK,
            fontsize=9,
        )
    drawn.set(xlabel="answered, % of the images", ylabel="right, % of those answered", xlim=(0, 101))
    if np.ptp(curve.right[known]) < 0.01:  # a level line: the axis would be stretched to hundredths of a percent
        drawn.set_ylim(-1, 101)
    drawn.grid(color=LINE, linewidth=0.6)
    return Plot(figure, "Answered against right", f"Refusing answers below {percent(threshold, 0)}: {said}.")


def _dots(drawn: Axes, points: np.ndarray, size: float, colour: str) -> None:
    """Dots as one path of lines without length and with round ends: a tenth of the letters of a mark for each."""
    ends = np.repeat(points, 2, axis=0)
    ends[1::2, 0] += 1e-6  # a line of no length at all is left out by matplotlib
    codes = np.tile([Path.MOVETO, Path.LINETO], len(points))
    style: dict[str, Any] = {"edgecolor": colour, "facecolor": "none", "alpha": 0.7}
    drawn.add_patch(PathPatch(Path(ends, codes), linewidth=np.sqrt(size), capstyle="round", **style))


def class_circle(
    found: DataMap,
    labels: np.ndarray,
    right: np.ndarray,
    names: Sequence[str],
    seed: int = 0,
    word: str = "right answer",
) -> Plot:
    """Draw a sample of the images between the classes, the mistakes on top; `word` says what all others are."""
    figure, drawn = axes(5.2, 4.6)
    random = np.random.default_rng(seed)
    for kind, colour, size in ((right, MUTED, 3), (~right, SERIES[1], 5)):
        rows = random.permutation(np.flatnonzero(kind))[: _MOST_POINTS // 2]
        _dots(drawn, found.points[rows], size, colour)
    for label in found.order[:_MOST_NAMES]:
        x, y = found.places[label]
        side = "left" if x > 0.1 else "right" if x < -0.1 else "center"
        drawn.text(1.06 * x, 1.08 * y, plain(names[int(label)]), ha=side, va="center", color=INK, fontsize=9)
    drawn.set(xlim=(-1.7, 1.7), ylim=(-1.25, 1.25), aspect="equal")
    drawn.axis("off")
    shown = min(int(right.sum()), _MOST_POINTS // 2), min(int((~right).sum()), _MOST_POINTS // 2)
    drawn_of = zip(shown, ((word, "grey"), ("mistake", "colour")), strict=True)
    told = [f"{count(amount, kind)} in {colour}" for amount, (kind, colour) in drawn_of if amount]
    sampled = ", sampled," if sum(shown) < len(right) else ""
    text = f"{listed(told)}{sampled} between the classes that pull them."
    return Plot(figure, "Map of the images between the classes", text)
