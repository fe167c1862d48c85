"""Images in one array, in memory or on disk: which axis is which, which value is white, and what an odd one tells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...datasets.resizing import convert_channels

_CHANNELS = (1, 3, 4)
_BLOCK = 64 * 2**20  # bytes read at once where all values are looked at


class ArrayPixels:
    """Images of an array in the units of its values.

    Args:
        array: [B, H, W] or [B, H, W, C], or in another order that `images_first` made so: anything that has `shape`,
            `dtype` and gives rows for a slice or rising numbers (NumPy, a memory map, HDF5).
        source: for people.
        depth: bits of a value, where it is not known from the type.
    """

    def __init__(self, array: Any, source: str = "", depth: int | None = None) -> None:
        self._array = array
        if array.dtype.kind not in "buif" or len(array.shape) not in (3, 4):
            raise ValueError(
                f"Expected images as numbers [B, H, W] or [B, H, W, C] in '{source}'. Received {array.dtype}"
                f"{list(array.shape)}. Store the images as one array, channels last; name it with --images-key where the "
                "file has several."
            )
        if math.prod(array.shape) == 0:
            raise ValueError(
                f"Expected at least one image in '{source}'. Received an empty set {list(array.shape)}. Store some images in it."
            )
        self.channels = 1 if len(array.shape) == 3 else int(array.shape[3])
        self.alpha = self.channels == 4
        self.whole = array.dtype.kind in "ui"
        self._limits: tuple[float, float] | None = None
        self.white = self._white(source, depth)

    def __len__(self) -> int:
        return int(self._array.shape[0])

    def sizes(self) -> set[tuple[int, int]]:
        """The one size of all."""
        return {(int(self._array.shape[1]), int(self._array.shape[2]))}

    def size_of_each(self) -> np.ndarray:
        """The same for each, int64[B,2]."""
        return np.tile(np.array(self._array.shape[1:3], np.int64), (len(self), 1))

    def limits(self) -> tuple[float, float]:
        """The least and largest value, in one walk over all, some megabytes at a time."""
        if self._limits is None:
            ends = [(float(block.min()), float(block.max())) for block in self._blocks()]
            self._limits = float(np.min([low for low, _ in ends])), float(np.max([high for _, high in ends]))
        return self._limits

    def ready(self, shape: tuple[int, int, int]) -> None:
        """Nothing is kept beside the array."""

    def read(self, numbers: np.ndarray, channels: int) -> np.ndarray:
        """float32[n,H,W,channels] in the units of the array."""
        images = rows_of(self._array, numbers).astype(np.float32)
        if images.ndim == 3:
            images = images[..., np.newaxis]
        if images.shape[3] == 4 and channels in (1, 3):
            images = images[..., :3]
        return convert_channels(images, channels)

    def _white(self, source: str, depth: int | None) -> float:
        if depth is not None:
            return self._of_depth(depth, source)
        kind = self._array.dtype
        if kind == np.uint8 and self._reaches_above_one():
            return 255.0
        low, high = self.limits()
        if not np.isfinite([low, high]).all():
            raise self._not_finite()
        if low < 0 or high > 255:
            return math.nan
        if self.whole != (high > 1):  # floats that look like bytes, or bytes that look like fractions
            warnings.warn(
                f"Pixels of type {kind} from {low:g} to {high:g} in '{source}' are taken as 0 to 255 (white). "
                "Store bytes as uint8 from 0 to 255, fractions as float32 from 0 to 1.",
                stacklevel=6,
            )
        return 255.0 if self.whole or high > 1 else 1.0

    def _of_depth(self, depth: int, source: str) -> float:
        white = float(2**depth - 1)
        if self.limits()[1] > white:
            raise ValueError(
                f"Expected values up to {white:g} in '{source}' by --depth {depth}. Received {self.limits()[1]:g}. Pass the "
                "bits that they were measured with."
            )
        return white

    def _not_finite(self) -> ValueError:
        axes = tuple(range(1, len(self._array.shape)))
        bad = np.flatnonzero(np.concatenate([~np.isfinite(block).all(axis=axes) for block in self._blocks()]))
        return ValueError(
            f"Expected finite pixels. Received NaN or Inf in {bad.size} of {len(self)}, first at index {bad[0]}. "
            "Remove those images, or mend what computed them."
        )

    def _reaches_above_one(self) -> bool:
        """Whether some byte is above 1; most often the first images tell, and the rest is not read."""
        return any(bool((block > 1).any()) for block in self._blocks())

    def _blocks(self) -> Iterator[np.ndarray]:
        row = self._array.dtype.itemsize * math.prod(self._array.shape[1:])
        at_once = max(1, _BLOCK // max(1, row))
        for start in range(0, len(self), at_once):
            yield np.asarray(self._array[start : start + at_once])


class UnitPixels(ArrayPixels):
    """Images float32[B,H,W,C] that are known to be in [0, 1]."""

    def _white(self, source: str, depth: int | None) -> float:
        return 1.0


def rows_of(array: Any, numbers: np.ndarray) -> np.ndarray:
    """Rows of an array on disk or in memory; a run of them as a slice, others in rising order, as HDF5 wants them."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1 and (np.diff(numbers) == 1).all():
        return np.asarray(array[int(numbers[0]) : int(numbers[-1]) + 1])
    if isinstance(array, np.ndarray):
        return array[numbers]
    wanted, places = np.unique(numbers, return_inverse=True)
    return np.asarray(array[wanted])[places]


class MovedAxes:
    """A view of an array on disk or in memory whose images stand in another order of axes."""

    def __init__(self, array: Any, order: tuple[int, ...]) -> None:
        self._array, self._order = array, order
        self.dtype = array.dtype
        self.shape = tuple(array.shape[axis] for axis in order)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        first = self._order[0]
        taken = np.asarray(self._array[(*[slice(None)] * first, rows)])
        return taken.transpose(self._order)


def images_first(array: Any, count: int | None, source: str) -> tuple[Any, tuple[str, ...]]:
    """The array as [B, H, W] or [B, H, W, C], and what was recognised.

    Args:
        array: [B,H,W], [B,H,W,C], [B,C,H,W], [H,W,C,B], [H,W,B] or rows of pixels [B,D].
        count: of labels, which tells the axis of the images; None: the first.
        source: for people.
    """
    shape = tuple(int(length) for length in array.shape)
    if len(shape) == 2:
        return _from_rows(array, source)
    if len(shape) not in (3, 4):
        return array, ()
    moved: list[int] = list(range(len(shape)))
    notes: list[str] = []
    if count is not None and shape[0] != count and shape[-1] == count:
        moved = [moved[-1], *moved[:-1]]
        notes.append("the images along the last axis")
    order = [shape[axis] for axis in moved]
    if len(order) == 4 and order[1] in _CHANNELS and order[3] not in _CHANNELS:
        moved = [moved[0], moved[2], moved[3], moved[1]]
        notes.append("the channels before height and width")
    if not notes:
        return array, ()
    note = f"The array {list(shape)} of '{source}' has {' and '.join(notes)}: it is read as {[shape[axis] for axis in moved]}."
    return MovedAxes(array, tuple(moved)), (note,)


def _from_rows(array: Any, source: str) -> tuple[Any, tuple[str, ...]]:
    """Rows of pixels as square images, grey or in colour; in colour as the values tell, channels last or first."""
    columns = int(array.shape[1])
    side = math.isqrt(columns)
    if side > 1 and side * side == columns:
        note = f"The rows of {columns} values of '{source}' are read as grey images of {side}x{side}."
        return np.asarray(array).reshape(-1, side, side), (note,)
    side = math.isqrt(columns // 3)
    if side < 2 or side * side * 3 != columns:
        raise ValueError(
            f"Expected images [B, H, W] or [B, H, W, C] in '{source}', or rows that make square ones. Received rows of "
            f"{columns} values. Store the images with their height and width, as in x.reshape(-1, 20, 30)."
        )
    rows = np.asarray(array)
    last = rows.reshape(-1, side, side, 3)
    first = rows.reshape(-1, 3, side, side).transpose(0, 2, 3, 1)
    plain = _roughness(last[:256]) <= _roughness(first[:256])
    words = "one pixel after another (channels last)" if plain else "one colour after another (channels first)"
    note = f"The rows of {columns} values of '{source}' are read as {side}x{side} in colour, {words}: so neighbours differ least."
    return (last if plain else first), (note,)


def _roughness(images: np.ndarray) -> float:
    """Mean difference between neighbours across and down."""
    images = images.astype(np.float32)
    return float(np.abs(np.diff(images, axis=1)).mean() + np.abs(np.diff(images, axis=2)).mean())
