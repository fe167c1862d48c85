"""A network drawn: each layer a block with its name, its output and its parameters, in order of execution.

Blocks follow each other as the layers run, down one column and on into the next. The small box on the right of a block is
its output: higher for a larger map, wider for more channels, both on a logarithmic scale. Arrows say which layers each one
reads: one goes straight down where a layer reads the layer before it; what it reads from further back, such as the
shortcut of a residual network, goes around the blocks between them, on the left of the column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...interpret import LayerInformation, ModelInformation
from ...interpret.layers.connections import INPUT
from ..drawing.wording import count, shape
from .plot import INK, MUTED, SERIES, Chart, Plot, plain

_ROWS = 16  # blocks in a column; more columns are added up to four, then the columns grow longer
_COLUMNS = 4
_TEXT, _BOX = 3.02, 3.4  # where a block's right-hand text ends, and the middle of its box
_TITLE = 0.62  # height of the title's two lines above the first block, inches
_LETTERS = 22  # of a name that fit into a block
FAMILIES = {  # what a layer does: (its kinds, or a part of their names; its colour)
    "convolution": (("Conv",), SERIES[0]),
    "dense": (("Dense", "EinsumDense", "Embedding"), SERIES[1]),
    "pooling": (("Pool",), SERIES[2]),
    "normalisation": (("Normalization",), SERIES[3]),
    "dropout, augmentation": (("Dropout", "Noise", "Random"), SERIES[4]),
    "activation": (("Activation", "ReLU", "ELU", "Softmax", "Swish", "GELU"), SERIES[5]),
    "other": (("",), MUTED),
}


def architecture_diagram(information: ModelInformation) -> Plot:
    """Draw the layers of a model; see the module's text for how to read it."""
    layers = information.layers
    columns = min(_COLUMNS, math.ceil((len(layers) + 1) / _ROWS))
    rows = math.ceil((len(layers) + 1) / columns)  # the input is a block too
    step, across = HEIGHT + GAP, WIDTH + GUTTER
    drawn = Chart(columns * across + 0.1, rows * step + _TITLE + 0.65, equal=True, bare=True)
    places = [(number // rows * across, -(number % rows) * step) for number in range(len(layers) + 1)]
    _block(drawn, places[0], ("input", "", shape(information.input_shape), ""), INK, information.input_shape)
    for place, layer in zip(places[1:], layers, strict=True):
        weights = count(layer.parameters, "parameter") if layer.parameters else ""
        _block(
            drawn,
            place,
            (layer.name, layer.kind, shape(layer.output_shape), weights),
            _color(layer),
            layer.output_shape,
        )
    arrows(drawn, places, _connections(layers))
    drawn.x.update(lim=(-GUTTER, columns * across - GUTTER + 0.1))
    drawn.y.update(lim=(-(rows - 1) * step - HEIGHT - 0.1, _TITLE))
    total = count(information.parameters, "parameter")
    title = f"{plain(information.name)}\n{count(len(layers), 'layer')}, {total}"
    drawn.add("text", 0, _TITLE - 0.05, title, va="top", fontsize=11, color=INK)
    drawn.legend = _legend({family(layer) for layer in layers}, across=2 if columns == 1 else 4)
    kinds = ", ".join(f"{layer.name} ({layer.kind}, {shape(layer.output_shape)})" for layer in layers[:40])
    rest = f" and {len(layers) - 40} more" if len(layers) > 40 else ""
    return Plot(drawn, f"Architecture of {information.name}", f"In order of execution: {kinds}{rest}.")


def family(layer: LayerInformation) -> str:
    """What kind of work the layer does, a key of `FAMILIES`."""
    return next(name for name, (parts, _) in FAMILIES.items() if any(part in layer.kind for part in parts))


def _color(layer: LayerInformation) -> str:
    return FAMILIES[family(layer)][1]


def _block(
    drawn: Chart, place: tuple[float, float], texts: tuple[str, str, str, str], color: str, output: Sequence[int | None]
) -> None:
    """One block with its upper left corner at `place`: name and kind on the left, output and parameters beside them."""
    x, y = place
    name, kind, output_text, weights = texts
    middle = y - HEIGHT / 2
    drawn.add("rounded_block", x, y - HEIGHT, WIDTH, HEIGHT, 0.05, color=color, alpha=0.1)
    drawn.add("block", x, y - HEIGHT, 0.055, HEIGHT, color=color)
    first = middle + 0.11 if kind or weights else middle
    drawn.add("text", x + 0.14, first, plain(_short(name)), va="center", fontsize=9, color=INK, fontweight="bold")
    drawn.add("text", x + _TEXT, first, output_text, va="center", ha="right", fontsize=8.5, color=INK)
    drawn.add("text", x + 0.14, middle - 0.11, plain(kind), va="center", fontsize=8, color=MUTED)
    drawn.add("text", x + _TEXT, middle - 0.11, weights, va="center", ha="right", fontsize=8, color=MUTED)
    width, height = _box(output)
    center = x + _BOX
    drawn.add("block", center - width / 2, middle - height / 2, width, height, color=color, alpha=0.75)


def _short(name: str) -> str:
    """A long name with its middle left out: its end tells it from its neighbours."""
    return name if len(name) <= _LETTERS else f"{name[:9]}…{name[-(_LETTERS - 10) :]}"


def _box(output: Sequence[int | None]) -> tuple[float, float]:
    """Width and height in inches of the box that stands for an output; a size left open counts as 64."""
    sizes = [64 if size is None else size for size in output] or [1]
    side = max(sizes[:-1], default=1)
    return (min(0.56, 0.045 + 0.047 * math.log2(max(sizes[-1], 1))), min(0.44, 0.04 + 0.05 * math.log2(max(side, 1))))


def _connections(layers: Sequence[LayerInformation]) -> list[tuple[int, int]]:
    """(block read, block that reads it), the input being block 0; where a layer's inputs are not known, the one before it."""
    number = {layer.name: place for place, layer in enumerate(layers, start=1)} | {INPUT: 0}
    return [
        (number.get(name, place - 1), place)
        for place, layer in enumerate(layers, start=1)
        for name in layer.inputs or ("",)
    ]


def _legend(shown: set[str], across: int) -> dict[str, Any]:
    """The families that are drawn, each with its colour."""
    entries = [(name, color) for name, (_, color) in FAMILIES.items() if name in shown]
    columns = min(across, len(entries))
    place = {"loc": "outside lower left", "ncols": columns, "fontsize": 8.5}
    return {**place, "entries": entries, "handlelength": 0.9, "handleheight": 0.9}


WIDTH, HEIGHT, GAP = 3.75, 0.5, 0.17  # of a block, and the space below it, inches
GUTTER = 0.42  # on the left of each column, inches
_MOST_LANES = 4  # that fit into it; of more, some lie on each other
Place = tuple[float, float]  # of a block's upper left corner, inches


def arrows(drawn: Chart, places: list[tuple[float, float]], connections: Sequence[tuple[int, int]]) -> None:
    """From each block to those that read it: straight down to the next one, else around the blocks between them."""
    style = {"color": MUTED, "linewidth": 0.9}
    around = []
    for source, target in connections:
        (x, y), (next_x, next_y) = places[source], places[target]
        if target - source == 1 and next_x == x:
            drawn.add("arrow", (x + 0.5, y - HEIGHT), (next_x + 0.5, next_y), **style)
        else:
            around.append((places[source], places[target]))
    for (start, end), lane in _lanes(around).items():
        path = _way_around(start, end, 0.1 + 0.07 * (lane % _MOST_LANES))
        drawn.add("plot", *zip(*path, strict=True), **style)
        drawn.add("arrow", path[-1], (end[0], path[-1][1]), **style)


def _way_around(start: Place, end: Place, aside: float) -> list[Place]:
    """From the side of one block to the left of another, at a distance from its column."""
    (x, y), (next_x, next_y) = start, end
    middle, arrival, into = y - HEIGHT / 2, next_y - HEIGHT / 2, next_x - aside
    if next_x <= x + WIDTH + GUTTER:  # in the same column, or in the next
        return [(x if next_x == x else x + WIDTH, middle), (into, middle), (into, arrival)]
    out, below = x + WIDTH + GUTTER - aside, y - HEIGHT - GAP / 2
    return [(x + WIDTH, middle), (out, middle), (out, below), (into, below), (into, arrival)]


def _lanes(around: Sequence[tuple[Place, Place]]) -> dict[tuple[Place, Place], int]:
    """A lane for each connection around blocks, short ones nearest; those beside each other get different ones."""
    lanes: dict[tuple[Place, Place], int] = {}
    for start, end in sorted(around, key=lambda pair: abs(pair[0][1] - pair[1][1])):
        low, high = sorted((start[1], end[1]))
        taken = {
            lane
            for (one, other), lane in lanes.items()
            if other[0] == end[0] and min(one[1], other[1]) <= high and low <= max(one[1], other[1])
        }
        lanes[start, end] = next(lane for lane in range(len(taken) + 1) if lane not in taken)
    return lanes
