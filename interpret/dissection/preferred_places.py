"""Where each channel fires the strongest, over a whole data set, and what the picture shows there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..layers.receptive_field import WHOLE, ReceptiveField


@dataclass(frozen=True, eq=False)
class PreferredPlaces:
    """The places that each channel of a layer likes most: at most one per image, the strongest first."""

    images: np.ndarray  # int64[C,N], image number; -1 where the channel fires on fewer than N images
    rows: np.ndarray  # int64[C,N], on the layer's grid; -1 likewise
    columns: np.ndarray  # int64[C,N]
    activations: np.ndarray  # float32[C,N], above 0; NaN likewise
    field: ReceptiveField | None  # of the layer; None where an operation is not known: boxes are the whole picture

    def box(self, channel: int, rank: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The pixels seen from a place, of a height x width picture: top, left, bottom, right (exclusive)."""
        row, column = int(self.rows[channel, rank]), int(self.columns[channel, rank])
        return (self.field or WHOLE).box(row, column, height, width)

    def patches(self, pictures: np.ndarray, channel: int, *, outside: float = 0.0) -> np.ndarray:
        """What the pictures show at the places of one channel, the strongest first.

        Args:
            pictures: [B,H,W,C], the images of the data set, or pictures made of them at the same size.
            channel: The channel.
            outside: The value of pixels that the channel sees beyond the picture's border.

        Returns:
            [n,h,w,C] of the pictures' dtype: the receptive field's size, at most the picture's; n up to N.
        """
        size = pictures.shape[1:3]
        shown = np.flatnonzero(self.images[channel] >= 0)
        sides = [min(side, length) for side, length in zip(self._sides(size), size, strict=True)]
        patches = np.full((len(shown), *sides, pictures.shape[3]), outside, dtype=pictures.dtype)
        for patch, rank in zip(patches, shown, strict=True):
            top, left, bottom, right = self.box(channel, int(rank), *size)
            down, across = _start(top, bottom, sides[0]), _start(left, right, sides[1])
            seen = pictures[self.images[channel, rank], top:bottom, left:right]
            patch[down : down + bottom - top, across : across + right - left] = seen
        return patches

    def _sides(self, size: tuple[int, ...]) -> tuple[int, ...]:
        if self.field is None or self.field.whole:
            return size
        return int(self.field.rows.size + 1e-6), int(self.field.columns.size + 1e-6)


def _start(first: int, last: int, side: int) -> int:
    """Where the visible part begins in a patch of `side` pixels: at its end where the picture's top or left cuts it."""
    return side - (last - first) if first == 0 else 0


class PreferredTally:
    """The strongest places of the images seen so far.

    Args:
        count: How many to keep for each channel.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: list[np.ndarray] = []  # activations, images, places, each [N,C]

    def add(self, numbers: np.ndarray, largest: np.ndarray, maps: np.ndarray) -> None:
        """Look at images int64[B]: each channel's largest value float32[B,C], and the maps [B,h,w,C] that it is of.

        Where it lies is looked up only of those that are kept, few after the first images.
        """
        order = np.argsort(-largest, axis=0, kind="stable")[: self._count]
        self._keep([[np.take_along_axis(largest, order, axis=0), numbers[order], -1 - order]])
        places = self._kept[2]  # of a new one -1 - its row, until here
        ranks, channels = np.nonzero(places < 0)
        lines = maps.reshape(len(maps), -1, maps.shape[3])[-1 - places[ranks, channels], :, channels]
        places[ranks, channels] = lines.argmax(axis=1)

    def merge(self, later: PreferredTally) -> None:
        """Take over what another one kept of other images."""
        self._keep([later._kept] if later._kept else [])

    def _keep(self, more: list[list[np.ndarray]]) -> None:
        """The strongest of what is kept and of more; of equally strong ones the image of the smaller number."""
        parts = [*([self._kept] if self._kept else []), *more]
        values, images, places = (np.concatenate(column) for column in zip(*parts, strict=True))
        best = np.lexsort((images, -values), axis=0)[: self._count]
        self._kept = [np.take_along_axis(column, best, axis=0) for column in (values, images, places)]

    def result(self, width: int, field: ReceptiveField | None) -> PreferredPlaces:
        """The places found, on a grid of `width` columns; `field` is the layer's receptive field."""
        activations, images, places = (values.T for values in self._kept)
        fires = activations > 0
        return PreferredPlaces(
            images=np.where(fires, images, -1),
            rows=np.where(fires, places // width, -1),
            columns=np.where(fires, places % width, -1),
            activations=np.where(fires, activations, np.float32(np.nan)),
            field=field,
        )
