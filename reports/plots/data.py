"""The data drawn: how many images each class has in each split, and how often which pixel value comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..drawing.wording import count, percent
from .plot import INK, SERIES, Chart, Plot, plain

MOST_CLASSES = 40  # bars; of more classes the largest and the smallest are drawn


def class_distribution(splits: Mapping[str, np.ndarray], class_names: Sequence[str]) -> Plot:
    """Draw how many images of each class there are, a bar for each split.

    Args:
        splits: {name of the split: int64[K], images of each class}, at least one split.
        class_names: K names; of more than 40 the 20 largest and the 20 smallest of the first split are drawn.
    """
    first = next(iter(splits.values()))
    cut = len(class_names) > MOST_CLASSES
    chosen = _largest_and_smallest(first) if cut else np.arange(len(class_names))
    drawn = Chart(5.8, 0.6 + len(chosen) * (0.11 + 0.17 * len(splits)))
    height = 0.8 / len(splits)
    reach = max(int(counts.max()) for counts in splits.values()) or 1
    for number, counts in enumerate(splits.values()):
        places = np.arange(len(chosen)) + (number - (len(splits) - 1) / 2) * height
        drawn.add("barh", places, counts[chosen], height * 0.86, color=SERIES[number % len(SERIES)])
        for place, amount in zip(places, counts[chosen], strict=True):
            style = {"va": "center", "fontsize": 8.5, "color": INK}
            drawn.add("text", amount + reach * 0.012, place, f"{amount:,}", **style)
    drawn.set_ticks("y", np.arange(len(chosen)), [plain(class_names[int(label)]) for label in chosen], color=INK)
    drawn.set_ticks("x", [], [])
    drawn.x.update(lim=(0, reach * 1.15), spine=False)
    drawn.y.update(lim=(len(chosen) - 0.4, -0.6))
    if len(splits) > 1:
        entries = [(plain(name), SERIES[number % len(SERIES)]) for number, name in enumerate(splits)]
        drawn.legend = {"loc": "outside upper left", "ncols": len(splits), "fontsize": 9, "entries": entries}
    title = "Images of each class"
    if cut:
        part = f"{MOST_CLASSES} of {len(class_names)} classes, the largest and the smallest"
        drawn.title = part
        title = f"{title}: {part}"
    said = [
        f"{name}: {count(int(counts.sum()), 'image')}, {counts.min():,} to {counts.max():,} a class"
        for name, counts in splits.items()
    ]
    return Plot(drawn, title, f"{'; '.join(said)}.")


def _largest_and_smallest(counts: np.ndarray) -> np.ndarray:
    ranked = np.argsort(-counts, kind="stable")
    half = MOST_CLASSES // 2
    return np.concatenate([ranked[:half], ranked[-half:]])


def pixel_histogram(edges: np.ndarray, counts: np.ndarray) -> Plot:
    """Draw how often which pixel value comes, on a logarithmic axis, since plain backgrounds outweigh all else.

    Args:
        edges: float64[N+1], from black to white.
        counts: int64[N], pixel values in each step.
    """
    drawn = Chart(5.4, 2.8)
    shares = counts / max(int(counts.sum()), 1)
    drawn.add("bar", edges[:-1], shares, np.diff(edges) * 0.92, align="edge", color=SERIES[0], alpha=0.9)
    drawn.x.update(label="pixel value", lim=(edges[0], edges[-1]))
    drawn.y.update(label="share of all pixel values", grid=True)
    if shares.any():
        lowest = np.floor(np.log10(shares[shares > 0].min()))
        drawn.y.update(log=True, lim=(10.0 ** (lowest if lowest < 0 else -1), 1.5))
        ticks = 10.0 ** np.arange(max(lowest, -6), 1)
        drawn.set_ticks("y", ticks, [percent(share, max(0, round(-np.log10(share)) - 2)) for share in ticks])
    else:
        drawn.y.update(lim=(0, 1))
    most = int(shares.argmax())
    return Plot(
        drawn,
        "Pixel values",
        f"{percent(shares[most])} of all lie from {edges[most]:.3g} to {edges[most + 1]:.3g}, more than in any other step.",
    )
