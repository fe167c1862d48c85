"""A series as a drawing of the page: its lines over a band that is warm where the values speak for a class, cold against it.

It is drawn as SVG by hand: a page shows dozens of them, and a band is a path for each strength that it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ...interpret.layers.coarse_grid import cell_weights
from ..drawing.signal_form import SignalForm, thinned
from ..drawing.wording import number
from ..html.components import EMPTY, joined

WIDTH, HEIGHT = 600, 96  # units of the drawing, which is stretched to its place
_PAD = 6  # units above and below the lines
_CELLS = 150  # of a band
_LEVELS = 8  # strengths of a band
_POINTS = 700  # of a line
LINES = 4  # channels that are drawn
_COLORS = ("ink", "series-3", "series-4", "series-6")
_TICKS = 5


def curve(
    values: np.ndarray,
    evidence: np.ndarray | None,
    form: SignalForm,
    label: str,
    *,
    limits: tuple[float, float] | None = None,
    ticks: bool = True,
) -> Markup:
    """The drawing with its axis below.

    Args:
        values: float[L,C]; of more than four channels the first four are drawn.
        evidence: float[L], above 0 for a class and below it against; None for no band.
        form: For the axis.
        label: For those who cannot see it.
        limits: The values at the lower and the upper end; None: those of the lines.
        ticks: Whether the axis stands below.
    """
    shown = values[:, :LINES]
    low, high = limits or (float(shown.min()), float(shown.max()))
    band = EMPTY if evidence is None else _band(evidence)
    lines = joined(_line(line, low, high, color) for line, color in zip(shown.T, _COLORS, strict=False))
    drawn = Markup(
        '<svg class="curve" viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" aria-label="{2}">{3}{4}</svg>'
    ).format(WIDTH, HEIGHT, label, band, lines)
    return drawn + (_axis(len(values), form) if ticks else EMPTY)


def _line(values: np.ndarray, low: float, high: float, color: str) -> Markup:
    at, heights = thinned((np.arange(len(values)) + 0.5) * WIDTH / len(values), values, _POINTS)
    span = high - low
    share = (heights - low) / span if span > 0 else np.full(len(heights), 0.5)
    y = HEIGHT - _PAD - share * (HEIGHT - 2 * _PAD)
    points = " ".join(f"{a:.4g},{b:.4g}" for a, b in zip(at, y, strict=True))
    return Markup(
        '<polyline points="{}" fill="none" style="stroke:var(--{})" stroke-width="1.4" vector-effect="non-scaling-stroke"/>'
    ).format(points, color)


def _band(evidence: np.ndarray) -> Markup:
    cells = _cells(evidence)
    largest = float(np.abs(cells).max(initial=0))
    if not largest > 0:
        return EMPTY
    levels = np.rint(cells / largest * _LEVELS).astype(int)
    edges = np.linspace(0, WIDTH, len(cells) + 1)
    paths = []
    for level in (level for level in np.unique(levels) if level):
        spans = "".join(f"M{edges[a]:.4g} 0H{edges[b]:.4g}V{HEIGHT}H{edges[a]:.4g}z" for a, b in _runs(levels == level))
        color = "series-5" if level > 0 else "series-1"
        opacity = 0.62 * (abs(level) / _LEVELS) ** 0.8
        paths.append(
            Markup('<path d="{}" style="fill:var(--{})" fill-opacity="{:.2f}"/>').format(spans, color, opacity)
        )
    return joined(paths)


def _cells(evidence: np.ndarray) -> np.ndarray:
    """The evidence in at most so many cells, each the mean of its places."""
    if len(evidence) <= _CELLS:
        return np.asarray(evidence, np.float64)
    return cell_weights(len(evidence), _CELLS).astype(np.float64) @ evidence


def _runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """First cell of each run of chosen ones, and the one after its last."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in steps.reshape(-1, 2)]


def _axis(length: int, form: SignalForm) -> Markup:
    edges = np.linspace(0, length, _TICKS)
    step = form.steps[0] if form.steps else 1.0
    said = [number(float(edge * step)) for edge in edges]
    said[-1] += f" {form.unit}" if form.steps else ""
    return Markup('<div class="curve-axis" aria-hidden="true">{}</div>').format(
        Markup("").join(Markup("<span>{}</span>").format(text) for text in said)
    )


def bars(shares: np.ndarray, form: SignalForm, label: str) -> Markup:
    """Shares along an axis as a filled line from 0, with the axis below: float[L], at least 0."""
    cells = _cells(shares)
    top = float(cells.max(initial=0)) or 1.0
    edges = np.linspace(0, WIDTH, len(cells) + 1)
    steps = "".join(
        f"V{HEIGHT - share / top * (HEIGHT - _PAD):.4g}H{edge:.4g}"
        for share, edge in zip(cells, edges[1:], strict=True)
    )
    drawn = Markup(
        '<svg class="curve low" viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" aria-label="{2}">'
        '<path d="M0 {1}{3}V{1}z" style="fill:var(--series-5)" fill-opacity=".62"/></svg>'
    ).format(WIDTH, HEIGHT, label, steps)
    return drawn + _axis(len(shares), form)


def key(names: Sequence[str]) -> str:
    """Which line is which channel, where there are several."""
    if len(names) < 2:
        return ""
    return f"Lines: {', '.join(names[:LINES])}" + (
        f"; {len(names) - LINES} more are not drawn." if len(names) > LINES else "."
    )
