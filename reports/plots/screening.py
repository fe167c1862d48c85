"""What refusing wins, and where the images lie between the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...models.screening.answer_sets import Refusals
from ...models.screening.data_map import DataMap
from ..drawing.wording import count, listed, percent
from .plot import INK, MUTED, SERIES, Chart, Plot, plain

_MOST_POINTS = 700  # drawn: a page holds no more than that of SVG
_MOST_NAMES = 40


def refusal_curve(curve: Refusals, threshold: float) -> Plot:
    """Draw the share of images answered against the share of these that is right, with one threshold marked."""
    drawn = Chart(4.6, 2.8)
    known = np.isfinite(curve.right)
    drawn.add("plot", 100 * curve.answered[known], 100 * curve.right[known], color=SERIES[0], linewidth=1.8)
    at = int(np.searchsorted(curve.thresholds, threshold))
    said = f"{percent(curve.answered[at])} answered, {percent(curve.right[at])} right"
    if known[at]:
        drawn.add("plot", [100 * curve.answered[at]], [100 * curve.right[at]], "o", color=SERIES[1])
        drawn.add(
            "annotate",
            f"below {percent(threshold, 0)} refused",
            (100 * curve.answered[at], 100 * curve.right[at]),
            xytext=(-8, -14),
            textcoords="offset points",
            ha="right",
            color=INK,
            fontsize=9,
        )
    level = np.ptp(curve.right[known]) < 0.01  # the axis would be stretched to hundredths of a percent
    drawn.x.update(label="answered, % of the images", lim=(0, 101), grid=True)
    drawn.y.update(label="right, % of those answered", grid=True, **({"lim": (-1, 101)} if level else {}))
    return Plot(drawn, "Answered against right", f"Refusing answers below {percent(threshold, 0)}: {said}.")


def class_circle(
    found: DataMap,
    labels: np.ndarray,
    right: np.ndarray,
    names: Sequence[str],
    seed: int = 0,
    word: str = "right answer",
) -> Plot:
    """Draw a sample of the images between the classes, the mistakes on top; `word` says what all others are."""
    drawn = Chart(5.2, 4.6, equal=True, bare=True)
    random = np.random.default_rng(seed)
    for kind, colour, size in ((right, MUTED, 3), (~right, SERIES[1], 5)):
        rows = random.permutation(np.flatnonzero(kind))[: _MOST_POINTS // 2]
        drawn.add("dots", found.points[rows], size, colour)
    for label in found.order[:_MOST_NAMES]:
        x, y = found.places[label]
        side = "left" if x > 0.1 else "right" if x < -0.1 else "center"
        drawn.add("text", 1.06 * x, 1.08 * y, plain(names[int(label)]), ha=side, va="center", color=INK, fontsize=9)
    drawn.x.update(lim=(-1.7, 1.7))
    drawn.y.update(lim=(-1.25, 1.25))
    shown = min(int(right.sum()), _MOST_POINTS // 2), min(int((~right).sum()), _MOST_POINTS // 2)
    drawn_of = zip(shown, ((word, "grey"), ("mistake", "colour")), strict=True)
    told = [f"{count(amount, kind)} in {colour}" for amount, (kind, colour) in drawn_of if amount]
    sampled = ", sampled," if sum(shown) < len(right) else ""
    text = f"{listed(told)}{sampled} between the classes that pull them."
    return Plot(drawn, "Map of the images between the classes", text)
