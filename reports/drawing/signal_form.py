"""Series and volumes before they are drawn: their lines, their slices, and the words for a place along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...interpret.maps.resampling import interpolation_matrix
from .wording import number


@dataclass(frozen=True)
class SignalForm:
    """How the values of a series [L,C] or a volume [D,H,W,C] are to be read."""

    has_channel: bool = True  # whether the last axis is the channel
    steps: tuple[float, ...] = ()  # from one place to the next along each axis, in `unit`; none: places are counted
    unit: str = ""  # such as 's' or 'mm'

    def with_channel(self, values: np.ndarray) -> np.ndarray:
        """The values with their channel last, [places..., C]."""
        return values if self.has_channel else values[..., np.newaxis]

    def sizes(self, values: np.ndarray) -> tuple[int, ...]:
        """How many places there are along each axis."""
        return self.with_channel(values).shape[:-1]

    def along(self, axis: int, places: np.ndarray) -> np.ndarray:
        """Where places lie along an axis, in the unit."""
        return places * (self.steps[axis] if self.steps else 1.0)

    def at_edge(self, axis: int, edge: int) -> str:
        """Where the edge before a place lies, counted from 0, in the unit: '0.125'; '6' where the step is not known."""
        return number(edge * self.steps[axis]) if self.steps else f"{edge}"

    def axis_words(self, axis: int) -> str:
        """Such as 'time (s)', 'place (mm)' or 'step'."""
        if not self.steps:
            return "step" if axis == 0 and len(self.steps) == 0 else "place"
        return f"{'time' if self.unit == 's' else 'place'} ({self.unit})"

    def slice_words(self, place: int, of: int) -> str:
        """Such as 'slice 12 of 32' (counted from 1), with its place where the step is known."""
        at = f", {number(float(self.along(0, np.array(place))))} {self.unit}" if self.steps else ""
        return f"slice {place + 1} of {of}{at}"


def along_axis(values: np.ndarray, size: int, axis: int = 0) -> np.ndarray:
    """A map with `size` places along an axis, interpolated linearly between the centres of its cells; the same unit.

    >>> along_axis(np.array([0.0, 1.0]), 4).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    if values.shape[axis] == size:
        return values
    turned = np.tensordot(interpolation_matrix(values.shape[axis], size), values, axes=(1, axis))
    return np.moveaxis(turned, 0, axis)


def thinned(places: np.ndarray, values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """A line of at most about `most` points that looks as the whole one does: the smallest and largest value of each part.

    Args:
        places: float[L].
        values: float[L].
        most: Points of the result.
    """
    if len(values) <= most:
        return places, values
    chosen = []
    for part in np.array_split(np.arange(len(values)), most // 2):
        low, high = part[values[part].argmin()], part[values[part].argmax()]
        chosen += sorted({int(low), int(high)})
    return places[chosen], values[chosen]


def shown_slices(strength: np.ndarray, most: int) -> list[int]:
    """Which slices of a volume are drawn: spread evenly, with the strongest in the place of the one nearest to it.

    Args:
        strength: float[D], how much evidence lies in each slice.
        most: How many, at most.

    >>> shown_slices(np.array([0, 0, 0, 9, 0, 0, 0, 0, 0.0]), 3)
    [1, 3, 7]
    """
    depth = len(strength)
    if depth <= most:
        return list(range(depth))
    chosen = ((np.arange(most) + 0.5) * depth / most).astype(int)
    if np.ptp(strength) > 0:
        strongest = int(strength.argmax())
        chosen[np.abs(chosen - strongest).argmin()] = strongest
    return [int(place) for place in chosen]
