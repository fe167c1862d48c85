"""The arrows between the blocks of a drawn network: who reads whom.

An arrow goes straight down where a layer reads the one before it. What it reads from further back, such as the shortcut
of a residual network, goes around the blocks between them, on the left of the column.
"""

from __future__ import annotations

from collections.abc import Sequence

from .figures import MUTED

WIDTH, HEIGHT, GAP = 3.75, 0.5, 0.17  # of a block, and the space below it, inches
GUTTER = 0.42  # on the left of each column, inches
_MOST_LANES = 4  # that fit into it; of more, some lie on each other
Place = tuple[float, float]  # of a block's upper left corner, inches


def arrows(drawn, places: list[tuple[float, float]], connections: Sequence[tuple[int, int]]) -> None:
    """From each block to those that read it: straight down to the next one, else around the blocks between them."""
    style = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    around = []
    for source, target in connections:
        (x, y), (next_x, next_y) = places[source], places[target]
        if target - source == 1 and next_x == x:
            drawn.annotate("", (next_x + 0.5, next_y), (x + 0.5, y - HEIGHT), arrowprops=style)
        else:
            around.append((places[source], places[target]))
    for (start, end), lane in _lanes(around).items():
        path = _way_around(start, end, 0.1 + 0.07 * (lane % _MOST_LANES))
        drawn.plot(*zip(*path, strict=True), color=MUTED, linewidth=0.9)
        drawn.annotate("", (end[0], path[-1][1]), path[-1], arrowprops=style)


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
