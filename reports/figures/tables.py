"""Confusions and the trust in the methods, drawn: `plot_confusion` and `plot_trust`."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...interpret.trust.record import Trust
from ...kinds import checks_kinds
from ...models.evaluation.metrics import Evaluation
from ..plots.performance import MOST_NUMBERS, most_confused
from .canvas import canvas, scale_beside, show_values

_COLORS = {"good": "#1a7a5c", "weak": "#b8860b", "failed": "#a83246", "unknown": "#777777"}
_MARKS = {"good": "o", "weak": "^", "failed": "X", "unknown": "s"}  # told apart without colours


@checks_kinds
def plot_confusion(
    evaluation: Evaluation,
    ax: Axes | None = None,
    *,
    normalize: bool = True,
    limits: tuple[float, float] | None = None,
    most: int = 20,
) -> Axes:
    """Draw which classes are taken for which, with the count of images in each cell.

    Args:
        evaluation: From `featurelens.models.evaluate`.
        ax: The axis to draw into; None: of a new figure.
        normalize: Shade by the share of the true class, else by the count.
        limits: (low, high) of the shades; None: 0 to 1 of shares, 0 to the largest count.
        most: Of more classes the most confused are drawn, and the title says so.

    Returns:
        The axis.

    Example:
        >>> from featurelens.models.evaluation.metrics import evaluation_from_probabilities
        >>> found = evaluation_from_probabilities(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]), ["a", "b"])
        >>> plot_confusion(found).get_images()[0].get_array().tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    chosen = most_confused(evaluation.confusion, most)
    counts = evaluation.confusion[np.ix_(chosen, chosen)]
    totals = np.maximum(evaluation.confusion.sum(axis=1)[chosen], 1)
    shades = counts / totals[:, np.newaxis] if normalize else counts.astype(float)
    between = limits or (0.0, 1.0 if normalize else max(1.0, float(counts.max())))
    side = 1.8 + 0.42 * len(chosen)
    ax = canvas(ax, side + 1, side)
    show_values(ax, shades, "saliency", between)
    names = [evaluation.class_names[label].replace("$", r"\$") for label in chosen]
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted", ylabel="true")
    if len(chosen) < len(evaluation.class_names):
        ax.set_title(f"{len(chosen)} of {len(evaluation.class_names)} classes, the most confused", fontsize=10)
    if len(chosen) <= MOST_NUMBERS:
        _number(ax, counts, shades > between[0] + 0.6 * (between[1] - between[0]))
    scale_beside(ax, "saliency", between, "share of the true class" if normalize else "images")
    return ax


def _number(ax: Axes, counts: np.ndarray, is_light: np.ndarray) -> None:
    """Write each count that is not zero, dark on light cells."""
    for row, column in np.argwhere(counts):
        color = "black" if is_light[row, column] else "white"
        ax.text(column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=8, color=color)


@checks_kinds
def plot_trust(trust: Trust, ax: Axes | None = None, *, limits: tuple[float, float] = (0.0, 1.02)) -> Axes:
    """Draw on which share of the images each method beats a random and a brightness order, with its verdict.

    Args:
        trust: From `featurelens.interpret.measure_trust`.
        ax: The axis to draw into; None: of a new figure.
        limits: (low, high) of the horizontal axis, a share.

    Returns:
        The axis; a method of which neither was measured has its verdict alone.

    Example:
        >>> few = Samples(curves=5, filled=0, noise=0, shuffled=2)
        >>> found = measure_trust(model, data, METHODS[:1], TrustPlan(few, few))
        >>> [each.get_text() for each in plot_trust(found).get_yticklabels()]
        ['Grad-CAM']
    """
    ax = canvas(ax, 6.4, 1.2 + 0.4 * max(len(trust.methods), 1))
    for row, found in enumerate(trust.methods.values()):
        level = found.verdict.level
        shares = [each.number for each in found.verdict.findings if each.question != "randomised weights"]
        for place, share in enumerate(shares):
            _draw(ax, share, row + 0.22 * (place - 0.5), level, hollow=place > 0)
        ax.text(1.01, row, level, va="center", fontsize=9, color=_COLORS[level], transform=ax.get_yaxis_transform())
    ax.axvline(0.5, color="0.5", linewidth=1, linestyle="--")
    ax.set_yticks(range(len(trust.methods)), [name.replace("$", r"\$") for name in trust.methods])
    ax.set(xlim=limits, ylim=(len(trust.methods) - 0.5, -0.5))
    ax.set_xlabel("share of the images on which it beats a random order (filled),\nthe order of brightness (hollow)")
    return ax


def _draw(ax: Axes, found: Any, height: float, level: str, *, hollow: bool) -> None:
    """A share with its interval."""
    if found is None or not np.isfinite(found.mean):
        return
    reach = np.abs(np.array([[found.low], [found.high]]) - found.mean)
    fill = "none" if hollow else _COLORS[level]
    style = {"fmt": _MARKS[level], "color": _COLORS[level], "markerfacecolor": fill, "linewidth": 1.2}
    ax.errorbar(found.mean, height, xerr=reach, **style)
