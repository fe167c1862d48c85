"""Which part of the picture a unit of a layer can see.

After Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
doi:10.23915/distill.00021. Per axis, a kernel of effective size k = dilation * (taps - 1) + 1, stride s and left padding
p turns (size r, stride j, centre c of the first unit) into

    r' = r + (k - 1) * j        j' = j * s        c' = c + ((k - 1) / 2 - p) * j        (eqs. 2, 3, 4 read forwards)

Departures: where a layer enlarges the map, units differ in what they see by a fraction of a pixel, and the size is that
of a field that holds all of them; where paths meet (a residual connection), the field holds those of both. The field is
what a unit can see, not what it uses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """The field along one axis, in input pixels."""

    size: float  # pixels seen by one unit
    stride: float  # pixels from one unit to the next
    centre: float  # pixel position of the first unit's centre; 0 is the middle of the first pixel

    def windowed(self, taps: int, stride: int, dilation: int, padding: float) -> Axis:
        """Past a window of `taps` places, such as a convolution's kernel."""
        reach = dilation * (taps - 1)
        centre = self.centre + (reach / 2 - padding) * self.stride
        return Axis(self.size + reach * self.stride, self.stride * stride, centre)

    def transposed(self, taps: int, stride: int, padding: float) -> Axis:
        """Past a transposed window: output o sees the inputs i with o = i * stride - padding + tap."""
        size = self.size + (taps - 1) / stride * self.stride
        centre = self.centre + (padding - (taps - 1) / 2) / stride * self.stride
        return Axis(size, self.stride / stride, centre)

    def resized(self, factor: float, neighbours: int) -> Axis:
        """Past a resize by `factor` that reads so many places for each new one (1 nearest, 2 bilinear, 4 bicubic)."""
        reach = neighbours - (1 / factor if factor >= 1 else 0)
        stride = self.stride / factor
        return Axis(self.size + reach * self.stride, stride, self.centre + (stride - self.stride) / 2)

    def shifted(self, places: float) -> Axis:
        """Past a crop of so many places at the start (negative: padding)."""
        return Axis(self.size, self.stride, self.centre + places * self.stride)

    def strided(self, factor: float) -> Axis:
        """Past a choice of every `factor`-th place."""
        return Axis(self.size, self.stride * factor, self.centre)

    def joined(self, other: Axis) -> Axis:
        """The field that holds both; the larger one where the strides differ."""
        if self.stride != other.stride:
            return max(self, other, key=lambda axis: axis.size)
        first = min(self.centre - self.size / 2, other.centre - other.size / 2)
        last = max(self.centre + self.size / 2, other.centre + other.size / 2)
        return Axis(last - first, self.stride, (first + last) / 2)

    def span(self, index: int, length: int) -> tuple[int, int]:
        """First pixel that unit `index` sees of `length`, and the one after the last."""
        middle = self.centre + index * self.stride
        first = math.ceil(middle - (self.size - 1) / 2 - 1e-6)
        last = math.floor(middle + (self.size - 1) / 2 + 1e-6)
        return max(first, 0), min(last + 1, length)


@dataclass(frozen=True)
class ReceptiveField:
    """What one unit of a layer can see."""

    rows: Axis
    columns: Axis
    whole: bool = False  # sees the whole picture: past a flatten, a dense layer or a global pooling

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Of the rows, of the columns."""
        return self.rows, self.columns

    def of(self, axes: Sequence[Axis]) -> ReceptiveField:
        """The field with other axes."""
        rows, columns = axes
        return ReceptiveField(rows, columns)

    def box(self, row: int, column: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The pixels that unit (row, column) sees of a height x width picture: top, left, bottom, right (exclusive)."""
        if self.whole:
            return 0, 0, height, width
        top, bottom = self.rows.span(row, height)
        left, right = self.columns.span(column, width)
        return top, left, bottom, right

    def joined(self, other: ReceptiveField) -> ReceptiveField:
        """The field that holds both."""
        return ReceptiveField(
            self.rows.joined(other.rows), self.columns.joined(other.columns), self.whole or other.whole
        )


@dataclass(frozen=True)
class PlacesField:
    """What one unit of a layer of series or volumes can see."""

    axes: tuple[Axis, ...]  # one of a series; of a volume slices, rows and columns
    whole: bool = False  # sees all of it

    def of(self, axes: Sequence[Axis]) -> PlacesField:
        """The field with other axes."""
        return PlacesField(tuple(axes))

    def joined(self, other: PlacesField) -> PlacesField:
        """The field that holds both."""
        both = zip(self.axes, other.axes, strict=True)
        return PlacesField(tuple(one.joined(two) for one, two in both), self.whole or other.whole)


PIXEL = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0))
WHOLE = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0), whole=True)
