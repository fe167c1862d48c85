"""Trust, drawn: what the score does while pixels go or come, and how alike maps stay while weights are randomised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...interpret.intervals import Interval
from ..drawing.wording import percent, with_minus
from .layers import name_ends
from .plot import INK, LINE, MUTED, SERIES, Chart, Plot, plain, series_style

PROBABILITY = "probability of the class"  # what the curves of a classifier follow


def perturbation_curves(
    shares: np.ndarray, curves: Mapping[str, np.ndarray], *, title: str, label: str, score: str = PROBABILITY
) -> Plot:
    """Draw mean scores over the share of pixels changed; the controls, named last, in grey dashes.

    Args:
        shares: float[S+1], 0 to 1.
        curves: per order of the pixels float[S+1], mean probability; the last two are the controls.
        title: what is shown.
        label: of the horizontal axis.
        score: what is followed; another than the probability has no ends of its own.
    """
    drawn = Chart(5.4, 3.4)
    ends = {}
    for number, (name, values) in enumerate(curves.items()):
        control = number >= len(curves) - 2
        style = {"color": MUTED, "linestyle": ("--", ":")[number % 2]} if control else series_style(number)
        drawn.add("plot", shares, values, marker="" if control else "o", markersize=3, **style)
        middle = len(values) // 2
        ends[name] = (float(shares[middle]), float(values.mean()), style["color"])
    drawn.x.update(label=label, lim=(0, 1))
    drawn.y.update(label=score, lim=(-0.02, 1.02) if score.startswith("probability") else None, grid=True)
    name_ends(drawn, ends)
    words = "; ".join(f"{name}: {with_minus(f'{value:.2f}')}" for name, (_, value, _) in ends.items())
    return Plot(drawn, title, f"Mean height of each curve: {words}.")


def randomization_curves(layers: Sequence[str], methods: Mapping[str, np.ndarray]) -> Plot:
    """Draw the mean rank correlation with the trained model's maps while layer upon layer is randomised.

    Args:
        layers: S names, in the order of the cascade.
        methods: per method float[S], -1 to 1.
    """
    drawn = Chart(5.4, 3.4)
    places = np.arange(len(layers) + 1)
    ends = {}
    for number, (name, values) in enumerate(methods.items()):
        line = np.concatenate([[1.0], values])
        drawn.add("plot", places, line, marker="o", markersize=3.5, **series_style(number))
        if np.isfinite(line[-1]):
            ends[name] = (float(places[-1]), float(line[-1]), series_style(number)["color"])
    drawn.add("axhline", 0, color=LINE)
    lowest = min(-0.2, *(end[1] - 0.1 for end in ends.values()), 0)
    drawn.y.update(label="rank correlation", lim=(lowest, 1.05), grid=True)
    names = ["trained", *(plain(layer) for layer in layers)]
    drawn.set_ticks("x", places, names, rotation=40, color=INK)
    name_ends(drawn, ends)
    words = "; ".join(f"{name}: {with_minus(f'{value:.2f}')}" for name, (_, value, _) in ends.items())
    return Plot(drawn, "Maps while weights are randomised", f"With all weights randomised: {words}.")


def control_shares(methods: Mapping[str, tuple[Interval, ...]]) -> Plot:
    """Draw on how many images each method beats the random and the brightness order, one row a method.

    Args:
        methods: {name: (share of the images beside the random order, beside the brightness order), 0 to 1 each}.
    """
    drawn = Chart(5.4, 0.9 + 0.32 * len(methods))
    rows = np.arange(len(methods))[::-1]
    for place, control in enumerate(("random order", "brightness order")):
        shares = [found[place] for found in methods.values()]
        means = np.array([share.mean for share in shares])
        ends = np.abs(np.array([[share.low, share.high] for share in shares]).T - means)
        drawn.add(
            "errorbar",
            means,
            rows + (0.13, -0.13)[place],
            xerr=ends,
            fmt="so"[place],
            color=SERIES[place],
            markersize=5,
            linewidth=1.4,
            label=control,
        )
    drawn.add("axvline", 0.5, color=MUTED, linewidth=1, linestyle="--")
    drawn.x.update(label="share of the images", lim=(0, 1.02), grid=True)
    drawn.y.update(lim=(-0.6, len(methods) - 0.4))
    drawn.set_ticks("x", [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    drawn.set_ticks("y", rows, [plain(name) for name in methods], color=INK)
    drawn.legend = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 2}
    words = "; ".join(
        f"{name}: {percent(random.mean, 0)} and {percent(bright.mean, 0)}" for name, (random, bright) in methods.items()
    )
    return Plot(drawn, "Methods beside the controls", f"Beats the random order, and the brightness order: {words}.")
