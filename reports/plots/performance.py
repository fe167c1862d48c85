"""How well the classifier does, drawn: confusions, training curves, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...models.evaluation.metrics import Evaluation, thinned
from ..drawing.wording import percent
from .plot import INK, LINE, MUTED, ON_ACCENT, SERIES, Chart, Plot, axes, plain, series_style

MOST_NUMBERS = 15  # classes; beyond, the numbers in the cells would be too small to read


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str], *, chosen: Sequence[int] | None = None) -> Plot:
    """Draw which classes go where: the shade is the share of the true class, the number the count of images.

    Args:
        counts: int[K,K], rows the true class, columns the predicted one.
        class_names: K names.
        chosen: the classes to draw where all would be too many, those of the most frequent confusions; None for all.
    """
    classes = len(class_names)
    if counts.shape != (classes, classes):
        raise ValueError(
            f"Expected counts [{classes},{classes}] for {classes} class names. Received {counts.shape}. Pass the name of each "
            "class, and the classes to draw as chosen."
        )
    places = list(range(classes)) if chosen is None else list(chosen)
    size, whole = len(places), counts
    counts, totals = whole[np.ix_(places, places)], whole.sum(axis=1)[places]
    shares = counts / np.maximum(totals[:, np.newaxis], 1)
    side = 1.6 + max(0.42 if size <= MOST_NUMBERS else 0.2, 2.2 / size) * size
    figure, drawn = axes(side + 0.4, side)
    shade_cells(drawn, shares)
    if size <= MOST_NUMBERS:
        number_cells(drawn, counts, shares)
    names = [plain(class_names[place]) for place in places]
    drawn.set(xlim=(0, size), ylim=(size, 0), aspect="equal", xlabel="predicted", ylabel="true")
    drawn.set_xticks(np.arange(size) + 0.5, names, rotation=45, ha="right", rotation_mode="anchor", color=INK)
    drawn.set_yticks(np.arange(size) + 0.5, names, color=INK)
    drawn.spines[:].set_visible(False)
    read = "Rows are true classes, columns predicted ones."
    right = np.trace(whole) / max(whole.sum(), 1)
    if size == classes:
        return Plot(figure, "Confusion matrix", f"{read} {percent(right)} lie on the diagonal.")
    cut = f"{size} of {classes} classes, those of the most frequent confusions"
    figure.suptitle(cut, fontsize=10, color=INK)
    said = f"Of the images of these classes {percent(np.trace(counts) / max(totals.sum(), 1))} lie on the diagonal, of all images"
    return Plot(figure, f"Confusion matrix: {cut}", f"{read} {said} {percent(right)}.")


def shade_cells(drawn, shares: np.ndarray) -> None:
    """Fill each cell: right answers and confusions in a colour each, more opaque with the share."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    cells = [(row, column) for row, column in np.ndindex(shares.shape)]
    drawn.add_patch(Rectangle((0, 0), *shares.shape, facecolor=LINE, alpha=0.25))
    for right, color in ((True, SERIES[0]), (False, SERIES[1])):
        chosen = [cell for cell in cells if (cell[0] == cell[1]) == right and shares[cell] > 0]
        patches = [Rectangle((column + 0.02, row + 0.02), 0.96, 0.96) for row, column in chosen]
        opacities = [0.06 + 0.94 * shares[cell] if right else min(1, 0.05 + 1.8 * shares[cell]) for cell in chosen]
        drawn.add_collection(PatchCollection(patches, facecolor=color, edgecolor="none", alpha=opacities or None))


def number_cells(drawn, counts: np.ndarray, shares: np.ndarray) -> None:
    """Write each count that is not zero."""
    for row, column in np.argwhere(counts):
        dark = shares[row, column] > (0.5 if row == column else 0.3)
        text = f"{counts[row, column]:d}"
        color = ON_ACCENT if dark else INK
        place = (column + 0.5, row + 0.5)
        drawn.text(*place, text, ha="center", va="center", fontsize=9, color=color, in_layout=False)


def values_of(curves: Mapping[str, np.ndarray], epochs: int, kept: int | None) -> str:
    """The values of the epoch whose weights were kept, and those of the last one."""

    def values(epoch: int) -> str:
        return ", ".join(f"{kind} {curve[epoch - 1]:.4g}" for kind, curve in curves.items())

    if kept is None:
        return f"After the last epoch: {values(epochs)}."
    if kept == epochs:
        return f"After the last epoch, whose weights were kept: {values(epochs)}."
    return f"After epoch {kept}, whose weights were kept: {values(kept)}; after the last, {epochs}: {values(epochs)}."


def precision_recall(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]], *, classes: int | None = None, of: str = "class"
) -> Plot:
    """Draw a precision-recall curve for each class, as steps; the area under them is the average precision.

    Args:
        curves: per class name its recall float[N], falling, precision float[N] (each 0 to 1) and average precision.
        classes: of how many classes these are the ones with the lowest average precision; None: they are all.
        of: what they are.
    """
    drawn = Chart(6.4, 3.8)
    ranked = sorted(curves.items(), key=lambda entry: -entry[1][2])
    for number, (name, (recall, precision, average)) in enumerate(ranked):
        label = f"{average:.3f}  {plain(name)}"
        drawn.add("step", recall, precision, where="post", linewidth=1.3, label=label, **series_style(number))
    drawn.x.update(label="recall", lim=(0, 1.005), grid=True)
    drawn.y.update(label="precision", lim=(0, 1.02), grid=True)
    legend = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "fontsize": 9}
    drawn.legend = {**legend, "title": "average precision", "title_fontsize": 9}
    title, best = f"Precision and recall per {of}", "Best"
    if classes is not None and classes > len(curves):
        cut = f"{len(curves)} of {classes} classes, those with the lowest average precision"
        drawn.title = cut
        title, best = f"{title}: {cut}", "Best of these"
    words = f"{best}: {ranked[0][0]}. Worst: {ranked[-1][0]}." if ranked else f"No {of}."
    return Plot(drawn, title, words)


def reliability(confidence: np.ndarray, accuracy: np.ndarray, counts: np.ndarray, error: float) -> Plot:
    """Draw how often the classifier is right beside how sure it says it is; bins without images are left out.

    Args:
        confidence: float[N], mean probability in each bin.
        accuracy: float[N], share of right answers in each bin.
        counts: int[N], images in each bin; the size of its dot.
        error: the expected calibration error.
    """
    drawn = Chart(3.8, 3.6, equal=True)
    seen = np.asarray(counts) > 0
    x, y, sizes = np.asarray(confidence)[seen], np.asarray(accuracy)[seen], np.asarray(counts)[seen]
    drawn.add("plot", [0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
    drawn.add("vlines", x, x, y, color=SERIES[1], linewidth=2, alpha=0.6)
    drawn.add("plot", x, y, color=SERIES[0], linewidth=1.2)
    areas = 12 + 110 * np.sqrt(sizes / max(sizes.max(initial=0), 1))
    drawn.add("scatter", x, y, s=areas, color=SERIES[0], alpha=0.85, zorder=3)
    words = f"expected calibration error {error:.3f}"  # where no curve is that is right more often than it says
    drawn.add("text", 1.0, 0.04, words, ha="right", va="bottom", fontsize=9, color=INK)
    drawn.x.update(label="confidence", lim=(0, 1.03), grid=True)
    drawn.y.update(label="share right", lim=(0, 1.03), grid=True)
    return Plot(
        drawn, "Reliability diagram", f"The expected calibration error is {error:.3f}; on the diagonal it is 0."
    )


MOST_CURVES = 18  # classes in the precision-recall figure; more could not be told apart
MOST_CLASSES = 20  # of a confusion matrix; of more classes the most confused are shown


def most_confused(counts: np.ndarray, most: int = MOST_CLASSES) -> list[int]:
    """The classes to draw: all, or those of the most frequent confusions, up to `most`, in their own order."""
    if len(counts) <= most:
        return list(range(len(counts)))
    off = counts.copy()
    np.fill_diagonal(off, 0)
    chosen: list[int] = []
    for cell in np.argsort(-off, axis=None, kind="stable"):
        both = dict.fromkeys(
            int(label) for label in np.unravel_index(cell, off.shape)
        )  # one, where nothing is confused
        new = [label for label in both if label not in chosen]
        if len(chosen) + len(new) > most:
            break
        chosen.extend(new)
    return sorted(chosen)


def class_curves(evaluation: Evaluation) -> Plot:
    """Precision and recall of each class that has images, drawn: of many classes, of those ranked worst."""
    known = np.flatnonzero(evaluation.support > 0)
    worst = known[np.argsort(evaluation.average_precision[known], kind="stable")][:MOST_CURVES]
    curves = {}
    for label in sorted(int(label) for label in worst):
        curve = thinned(evaluation.curves[label])
        average = float(evaluation.average_precision[label])
        curves[evaluation.class_names[label]] = (curve.recall, curve.precision, average)
    return precision_recall(curves, classes=len(known))
