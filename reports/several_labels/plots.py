"""Labels that come together: how many images bear both, and how many more, or fewer, are answered both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..drawing.wording import count
from ..plots.plot import INK, ON_ACCENT, SERIES, Plot, axes, plain

MOST_NUMBERS = 15  # labels; beyond, the numbers in the cells would be too small to read


def together_matrix(counts: np.ndarray, names: Sequence[str], title: str) -> Plot:
    """Draw how many images have both labels: the shade is the share of the row's label, on the diagonal the label alone.

    Args:
        counts: int[K,K], symmetric.
        names: K.
        title: What it is.
    """
    shares = counts / np.maximum(counts.diagonal()[:, np.newaxis], 1)
    plot = _matrix(counts, 0.06 + 0.94 * shares, np.zeros(counts.shape, bool), names, title)
    off = counts - np.diag(np.diag(counts))
    i, j = divmod(int(off.argmax()), len(names))
    said = f"Most often together: {names[i]} and {names[j]}, on {count(int(off[i, j]), 'image')}." if off.any() else ""
    return Plot(plot, title, f"Rows and columns are labels; on the diagonal a label by itself. {said}".strip())


def difference_matrix(differences: np.ndarray, true: np.ndarray, names: Sequence[str], title: str) -> Plot:
    """Draw answered less true, int[K,K]: in the one colour where both are answered too often, in the other too rarely."""
    size = np.abs(differences) / np.maximum(np.maximum(true, np.abs(differences)), 1)
    figure = _matrix(differences, np.where(differences, 0.15 + 0.85 * size, 0), differences < 0, names, title)
    most = int(np.abs(differences).max(initial=0))
    return Plot(
        figure,
        title,
        f"Blue: answered more often than borne, the other colour: less often; by {count(most, 'image')} at most.",
    )


def _matrix(numbers: np.ndarray, opacity: np.ndarray, second: np.ndarray, names: Sequence[str], title: str):
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    size = len(names)
    side = 1.6 + max(0.42 if size <= MOST_NUMBERS else 0.2, 2.2 / size) * size
    figure, drawn = axes(side + 0.4, side)
    for chosen, color in ((~second, SERIES[0]), (second, SERIES[1])):
        cells = np.argwhere(chosen & (numbers != 0))
        patches = [Rectangle((int(column) + 0.02, int(row) + 0.02), 0.96, 0.96) for row, column in cells]
        alpha = [float(min(1.0, opacity[row, column])) for row, column in cells]
        drawn.add_collection(PatchCollection(patches, facecolor=color, edgecolor="none", alpha=alpha or None))
    for row, column in np.argwhere(numbers) if size <= MOST_NUMBERS else ():
        color = ON_ACCENT if opacity[row, column] > 0.6 else INK
        text = f"{numbers[row, column]:d}".replace("-", "\N{MINUS SIGN}")
        drawn.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9, color=color, in_layout=False)
    shown = [plain(name) for name in names]
    drawn.set(xlim=(0, size), ylim=(size, 0), aspect="equal")
    drawn.set_title(title, fontsize=10, color=INK, loc="left")
    drawn.set_xticks(np.arange(size) + 0.5, shown, rotation=45, ha="right", rotation_mode="anchor", color=INK)
    drawn.set_yticks(np.arange(size) + 0.5, shown, color=INK)
    drawn.spines[:].set_visible(False)
    return figure
