"""One series or volume explained at a glance: its curve with the evidence along it, or its slices with the maps over them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing.colors import as_rgb
from ..drawing.signal_form import SignalForm, along_axis, shown_slices, thinned
from ..drawing.wording import count
from .explanation import ExplainedImage, MapPanel, drawn_map, explanation_figure, likeliest, wrapped
from .plot import INK, LINE, MUTED, SERIES, Plot, axes, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _ROW = 7.2, 1.25  # inches, of the curves, and of each of them
_BARS = 2.6  # inches, of the likeliest classes
_FRAME = 0.7  # inches, of the heading and the line below
_POINTS = 1600  # of a curve
_LINES = 4  # channels that are drawn
_SLICES = 5
_CELL, _GAP = 1.5, 0.2  # inches, of a slice's width, and between the rows of slices
_WORDS = 2.1  # inches, of what stands before a row of slices
_NOTE = 32  # letters of a line of it


def story_figure(shown: ExplainedImage) -> Plot:
    """Draw what was explained: a picture, a series or a volume."""
    if shown.signal is None:
        return explanation_figure(shown)
    drawn = _curves if len(shown.signal.sizes(shown.image)) == 1 else _slices
    figure = drawn(shown, shown.signal)
    figure.suptitle(plain(f"Why {shown.target}"), fontsize=13, color=INK)
    figure.supxlabel(plain(shown.faded), fontsize=9, color=MUTED)
    return Plot(figure, f"Why {shown.target}", shown.description)


def _curves(shown: ExplainedImage, form: SignalForm) -> Figure:
    """The series, and under it a curve of evidence for each method."""
    rows = len(shown.panels) + 1
    figure, first = axes(_WIDTH + _BARS, _ROW * 1.3 * rows + _FRAME)
    first.remove()
    grid = figure.add_gridspec(rows, 2, width_ratios=(_WIDTH, _BARS))
    lines = form.with_channel(shown.image)
    at = form.along(0, np.arange(len(lines)))
    top = figure.add_subplot(grid[0, 0])
    _draw_lines(top, at, lines)
    true = "" if shown.true is None else f", true class: {shown.class_names[shown.true]}"
    top.set_title(plain(f"signal{_channels(lines)}{true}"), fontsize=10, color=INK, loc="left")
    for row, panel in enumerate(shown.panels, start=1):
        cell = figure.add_subplot(grid[row, 0], sharex=top)
        _draw_evidence(cell, at, lines, panel)
        if row == rows - 1:
            cell.set_xlabel(form.axis_words(0), fontsize=8.5, color=MUTED)
        else:
            cell.tick_params(labelbottom=False)
    top.tick_params(labelbottom=False)
    likeliest(figure.add_subplot(grid[0, 1]), shown)
    return figure


def _channels(lines: np.ndarray) -> str:
    channels = lines.shape[1]
    if channels == 1:
        return ""
    return f", {count(channels, 'channel')}" + (f", of which the first {_LINES} are drawn" if channels > _LINES else "")


def _draw_lines(cell: Any, at: np.ndarray, lines: np.ndarray) -> None:
    for channel in range(min(lines.shape[1], _LINES)):
        cell.plot(*thinned(at, lines[:, channel], _POINTS), color=SERIES[channel], linewidth=0.9)
    _plain_axes(cell)


def _draw_evidence(cell: Any, at: np.ndarray, lines: np.ndarray, panel: MapPanel) -> None:
    """The evidence as areas for and against, in its own unit, the first line of the signal faintly behind it."""
    values = along_axis(panel.values, len(lines))
    behind = cell.twinx()
    behind.plot(*thinned(at, lines[:, 0], _POINTS), color=LINE, linewidth=0.9)
    behind.axis("off")
    cell.set_zorder(behind.get_zorder() + 1)
    cell.patch.set_visible(False)
    ground = (
        0.0 if panel.scale == "signed" else float(panel.limits[0])
    )  # of expected scores the lowest: they have no zero
    for part, color in ((np.maximum(values, ground), SERIES[4]), (np.minimum(values, ground), SERIES[0])):
        if (part != ground).any():
            places, heights = thinned(at, part, _POINTS)
            cell.fill_between(places, ground, heights, color=color, alpha=0.75, linewidth=0)
    cell.axhline(ground, color=MUTED, linewidth=0.7)
    low, high = (float(limit) for limit in panel.limits)
    if high > low:
        cell.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    _plain_axes(cell)
    cell.set_title(plain(panel.title), fontsize=10, color=INK, loc="left")
    cell.set_title(plain(panel.note.replace("\n", "; ")), fontsize=8, color=MUTED, loc="right")


def _plain_axes(cell: Any) -> None:
    cell.tick_params(length=0, labelsize=8, labelcolor=MUTED)
    cell.spines[["top", "right"]].set_visible(False)
    cell.spines[["left", "bottom"]].set_color(LINE)
    cell.margins(x=0.01)


def _slices(shown: ExplainedImage, form: SignalForm) -> Figure:
    """Slices of the volume in a row, and under them the same slices of each method's map."""
    volume = form.with_channel(shown.image)
    chosen = shown_slices(strength_of(shown.panels[0].values, len(volume)), _SLICES)
    rows = len(shown.panels) + 1
    tall = _CELL * float(np.clip(volume.shape[1] / volume.shape[2], 0.5, 1.5))
    figure, first = axes(_CELL * len(chosen) + _WORDS + _BARS, (tall + _GAP) * rows + _FRAME)
    first.remove()
    ratios = (_WORDS, *[_CELL] * len(chosen), _BARS)
    grid = figure.add_gridspec(rows, len(chosen) + 2, width_ratios=ratios)
    pictures = grey_slices(volume[chosen])
    true = "" if shown.true is None else f"true class: {shown.class_names[shown.true]}"
    _say(figure.add_subplot(grid[0, 0]), "volume", "\n".join(line for line in (true, _of_channels(volume)) if line))
    for column, place in enumerate(chosen, start=1):
        cell = figure.add_subplot(grid[0, column])
        _show(cell, pictures[column - 1])
        cell.set_title(plain(form.slice_words(place, len(volume))), fontsize=8, color=MUTED)
    for row, panel in enumerate(shown.panels, start=1):
        _say(figure.add_subplot(grid[row, 0]), panel.title, panel.note)
        values = along_axis(panel.values, len(volume))
        for column, place in enumerate(chosen, start=1):
            one = replace(panel, values=values[place])
            _show(figure.add_subplot(grid[row, column]), drawn_map(one, pictures[column - 1 : column]))
    likeliest(figure.add_subplot(grid[0, -1]), shown)
    return figure


def strength_of(values: np.ndarray, depth: int) -> np.ndarray:
    """How much evidence, of either sign, lies in each slice."""
    return along_axis(np.abs(values).sum(axis=(1, 2)), depth)


def _of_channels(volume: np.ndarray) -> str:
    channels = volume.shape[-1]
    return "" if channels == 1 else f"mean of its {count(channels, 'channel')}"


def grey_slices(slices: np.ndarray) -> np.ndarray:
    """uint8[n,H,W,3] of slices float32[n,H,W,C], from the smallest value among them to the largest."""
    values = slices.mean(axis=-1, keepdims=True)
    return as_rgb(values, (float(values.min()), float(values.max())))


def _show(cell: Any, picture: np.ndarray) -> None:
    cell.imshow(picture, interpolation="nearest")
    cell.set_xticks([])
    cell.set_yticks([])
    cell.spines[:].set_visible(False)


def _say(cell: Any, title: str, note: str) -> None:
    cell.axis("off")
    lines = "\n".join(wrapped(line, _NOTE) for line in note.split("\n"))
    cell.text(0, 0.62, plain(title), va="bottom", fontsize=10, color=INK, transform=cell.transAxes)
    cell.text(0, 0.56, plain(lines), va="top", fontsize=8, color=MUTED, transform=cell.transAxes)
