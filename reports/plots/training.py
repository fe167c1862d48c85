"""A training, drawn: accuracy and loss over its epochs, with the epoch whose weights were kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...models.model_files.cards import ModelCard
from .performance import values_of
from .plot import INK, Chart, Plot, series_style


def curves_of(card: ModelCard, measure: str, *, without: tuple[str, ...] = ()) -> Plot:
    """A measure over the epochs of a training, drawn.

    Args:
        card: of the model.
        measure: 'accuracy' or 'loss'.
        without: columns of the card's history to leave out.
    """
    history = {column: values for column, values in card.history.items() if column not in without}
    return training_curves(history, measure, kept=card.best_epoch, smoothing=label_smoothing(card))


def label_smoothing(card: ModelCard) -> float:
    """The share of each label that the training spread over all classes; its losses are measured with it."""
    return float(card.recipe.get("label_smoothing") or 0.0)


def training_curves(
    history: Mapping[str, Sequence[float]],
    measure: str = "accuracy",
    *,
    kept: int | None = None,
    smoothing: float = 0.0,
) -> Plot:
    """Draw one measure over the epochs: the training split, and the validation and test splits where there are any.

    Args:
        history: Keras's history: `accuracy`, `val_accuracy`, `loss`, `val_loss`, and `test_loss`: one number an epoch.
        measure: 'accuracy' or 'loss'.
        kept: the epoch, from 1, whose weights were kept; it is marked where it is not the last. None: not known.
        smoothing: the label smoothing that a loss was measured with; 0 for none. The axis says so.
    """
    kinds = {"training": measure, "validation": f"val_{measure}"}
    if measure == "loss":
        kinds["test"] = "test_loss"
    curves = {kind: np.asarray(history[key], float) for kind, key in kinds.items() if key in history}
    styles = {kind: series_style(number) for number, kind in enumerate(kinds)}  # one colour for a split everywhere
    if not curves:
        raise ValueError(
            f"Expected a history of '{measure}'. Received {', '.join(history)}. Name one of these measures."
        )
    drawn = Chart(5.2, 3.0)
    for kind, values in curves.items():
        label = "test (decided nothing)" if kind == "test" else kind
        epochs = np.arange(1, len(values) + 1)
        drawn.add("plot", epochs, values, marker="o", markersize=3.5, label=label, **styles[kind])
    last = max(map(len, curves.values()))
    if kept is not None and kept < last:
        values, label = [curve[kept - 1] for curve in curves.values()], f"kept: epoch {kept}"
        ring = {"s": 80, "facecolors": "none", "edgecolors": INK, "zorder": 3}
        drawn.add("scatter", [kept] * len(values), values, label=label, **ring)
    what = f"loss, with label smoothing {smoothing:g}" if measure == "loss" and smoothing else measure
    drawn.x.update(label="epoch", whole=True)
    drawn.y.update(label=what, grid=True)
    drawn.legend = {"loc": "best", "fontsize": 9}
    title = f"{measure.capitalize()} over the epochs{what.removeprefix(measure)}"
    return Plot(drawn, title, values_of(curves, last, kept))
