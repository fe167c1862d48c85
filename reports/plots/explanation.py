"""One image explained at a glance: the picture, a panel for each method's map, and the likeliest classes."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..drawing.colors import ColorScale, Limits, colorize, overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.signal_form import SignalForm
from ..drawing.wording import listed, percent
from .plot import INK, LINE, MUTED, SERIES, Plot, axes, plain

_SIDE = 224  # pixels of a picture in the figure, at most; a smaller one is repeated up to it
_PER_ROW = 5  # pictures
_CELL = 2.4, 3.1  # inches, of a picture with its title and note
_FRAME = 0.6  # inches, of the heading and the line below
_LINE, _TITLE, _NAME = 42, 28, 16  # letters of a line under a picture, above it, and beside a bar
_OPACITY: dict[ColorScale, float] = {"evidence": 0.85, "signed": 0.9}


@dataclass(frozen=True, eq=False)
class MapPanel:
    """One method's map, and what is said of it."""

    title: str
    values: np.ndarray  # float32[h,w], at its own resolution, in the unit that `note` tells
    scale: ColorScale
    limits: Limits  # that the colours run between
    over_image: bool  # laid over the picture, else shown alone
    note: str  # stands under it


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """What `explain` shows of one image."""

    image: np.ndarray  # float32[H,W,C]
    value_range: tuple[float, float]  # (black, white)
    probabilities: np.ndarray  # float32[K]; NaN where the answer stands for none
    class_names: tuple[str, ...]  # K
    explained: int  # the class that the maps are of
    versus: int | None  # the class it is held against
    true: int | None  # None where it is not known
    panels: tuple[MapPanel, ...]  # in the order of the figure
    faded: str  # how much of the gradient is left after the head, a sentence; or ''
    headed: bool  # the class stands above the whole figure, and `faded` below it; else in the title of each panel
    unit: str = "logit"  # of the scores that the maps explain: 'logit', 'probability' or 'answer'
    answers: tuple[str, ...] = ()  # lines that stand for the bars where there are no probabilities
    signal: SignalForm | None = None  # where `image` is a series or a volume, and the maps have its places

    @property
    def target(self) -> str:
        """What the maps are of: 'Shirt', or 'Shirt rather than T-shirt/top'."""
        against = "" if self.versus is None else f" rather than {self.class_names[self.versus]}"
        return self.class_names[self.explained] + against

    @property
    def description(self) -> str:
        """For those who cannot see the figure."""
        titles = listed([panel.title for panel in self.panels], most=len(self.panels))
        return f"{titles} of the {self.unit} of {self.target}. {self.faded}".strip()


def explanation_figure(shown: ExplainedImage) -> Plot:
    """Draw it: picture, maps and bars side by side; beyond five pictures in several rows."""
    figure, cells = _cells(len(shown.panels) + 1, extra=_FRAME if shown.headed else 0.0)
    picture = pictures(shown.image[np.newaxis], shown.value_range, _SIDE)
    true = "" if shown.true is None else f"true class: {shown.class_names[shown.true]}"
    _place(figure.add_subplot(cells[0]), "image", true, picture[0])
    for cell, panel in zip(cells[1:], shown.panels, strict=False):
        title = panel.title if shown.headed else f"{panel.title}, {shown.target}"
        _place(figure.add_subplot(cell), title, panel.note, drawn_map(panel, picture))
    if len(cells) <= _PER_ROW + 1:
        likeliest(figure.add_subplot(cells[-1]), shown)
    else:
        likeliest(_inside(figure.add_subplot(cells[-1])), shown, room=0.6)
    if shown.headed:
        figure.suptitle(plain(f"Why {shown.target}"), fontsize=13, color=INK)
        figure.supxlabel(plain(shown.faded), fontsize=9, color=MUTED)
    return Plot(figure, f"Why {shown.target}", shown.description)


def drawn_map(panel: MapPanel, picture: np.ndarray) -> np.ndarray:
    """The map as colours, uint8[h,w,3]: over the picture at 224 pixels, where its peaks keep their height; else as it is.

    Args:
        panel: The map.
        picture: uint8[1,H,W,3], of its image.
    """
    height, width = picture.shape[1:3]
    if not panel.over_image:
        return colorize(enlarge(panel.values[np.newaxis], (height, width)), panel.scale, panel.limits)[0]
    times = max(1, _SIDE // max(height, width))
    large = picture.repeat(times, axis=1).repeat(times, axis=2)
    values = enlarge(panel.values[np.newaxis], large.shape[1:3])
    return overlay(large, values, panel.scale, panel.limits, opacity=_OPACITY[panel.scale])[0]


def _cells(pictures: int, *, extra: float) -> tuple[Any, list[Any]]:
    """A figure, `extra` inches higher than its rows, and its places: one for each picture, and one for the bars."""
    rows = 1 if pictures <= _PER_ROW else -(-(pictures + 1) // _PER_ROW)
    columns = -(-(pictures + 1) // rows)
    width = _CELL[0] * columns + (1 if rows == 1 else 0)
    figure, first = axes(width, _CELL[1] * rows + extra)
    first.remove()
    ratios = [*[1.0] * (columns - 1), 1.1 if rows == 1 else 1.0]
    grid = figure.add_gridspec(rows, columns, width_ratios=ratios)
    return figure, [grid[place] for place in range(pictures + 1)]


def _place(drawn: Any, title: str, note: str, picture: np.ndarray) -> None:
    drawn.imshow(picture, interpolation="nearest")
    drawn.set_title(plain(wrapped(title, _TITLE)), fontsize=10, color=INK)
    drawn.set_xlabel(plain("\n".join(wrapped(line, _LINE) for line in note.split("\n"))), fontsize=8)
    drawn.set_xticks([])
    drawn.set_yticks([])
    drawn.spines[:].set_visible(False)


def wrapped(text: str, most: int) -> str:
    """The text in as few lines of at most `most` letters as it takes, of about one length.

    >>> wrapped("three words only", 12)
    'three\\nwords only'
    """
    lines = textwrap.wrap(text, most, break_on_hyphens=False)
    longest = max((len(word) for word in text.split()), default=most)
    even = (textwrap.wrap(text, width, break_on_hyphens=False) for width in range(longest, most))
    return "\n".join(next((found for found in even if len(found) == len(lines)), lines))


def _inside(cell: Any) -> Any:
    """Axes inside of a cell, with room for the names of the bars, which so push no column of pictures aside."""
    cell.axis("off")
    return cell.inset_axes((0.48, 0.05, 0.52, 0.9))


def likeliest(drawn: Any, shown: ExplainedImage, *, room: float = 0.25) -> None:
    """The likeliest classes; `room` beside a full bar is for its number, as a part of the bar."""
    if not np.isfinite(shown.probabilities).all():
        drawn.axis("off")
        drawn.text(0, 0.5, plain("\n".join(shown.answers)), va="center", fontsize=10, color=INK)
        return
    ranked = np.argsort(-shown.probabilities, kind="stable")[:5][::-1]
    marked = [SERIES[1] if label == shown.explained else SERIES[0] for label in ranked]
    names = [plain(wrapped(shown.class_names[label], _NAME)) for label in ranked]
    drawn.barh(np.arange(len(ranked)), shown.probabilities[ranked], color=marked, height=0.6)
    drawn.set_yticks(np.arange(len(ranked)), names, color=INK, fontsize=8.5)
    drawn.set(xlim=(0, 1 + room), xticks=[])
    drawn.spines[:].set_visible(False)
    for place, label in enumerate(ranked):
        share = float(shown.probabilities[label])
        drawn.text(share + 0.02, place, percent(share), va="center", fontsize=9)
    drawn.axvline(0, color=LINE)
