"""Images that are read when they are looked at, so that memory does not grow with their number.

`LazyImages` reads as the array float32[B,H,W,C] does: `len`, `shape`, `images[3]`, `images[5:9]`, `images[[4, 2]]`,
`min`, `max`. What needs all of them at once gets them by `np.asarray`, at the cost of their memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

_BLOCK = 32 * 2**20  # bytes that are read at once where all images are gone through
_reading = threading.RLock()  # one file is one place to read at: a batch read ahead, and pictures looked at meanwhile
_SMALL = 64 * 2**20  # bytes of an array that are left as they are


class LazyImages:
    """An array of images that is read piece by piece.

    Args:
        read: int64[n] -> float32[n,H,W,C], those images in this order.
        count: How many there are.
        shape: (H, W, C).
    """

    dtype = np.dtype(np.float32)
    ndim = 4

    def __init__(self, read: Callable[[np.ndarray], np.ndarray], count: int, shape: tuple[int, ...]) -> None:
        self._read = read
        self.shape = (count, *shape)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """How many numbers all images have."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes that all images would take."""
        return self.size * self.dtype.itemsize

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        numbers = np.arange(len(self))[rows]  # slices, lists, masks and negative numbers as NumPy takes them
        with _reading:
            found = self._read(np.atleast_1d(numbers).ravel())
        if np.ndim(numbers) == 0:
            return found[0][rest] if rest else found[0]
        return found[(slice(None), *rest)] if rest else found

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self.blocks():
            yield from block

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError(
                "Expected a copy to be allowed. Received copy=False. Images on disk are read into a new array."
            )
        whole = np.empty(self.shape, np.float32 if dtype is None else dtype)
        start = 0
        for block in self.blocks():
            whole[start : start + len(block)] = block
            start += len(block)
        return whole

    def blocks(self) -> Iterator[np.ndarray]:
        """All images in order, float32[n,H,W,C] of some megabytes each."""
        at_once = max(1, _BLOCK // max(1, self.nbytes // max(1, len(self))))
        for start in range(0, len(self), at_once):
            yield self[start : start + at_once]

    @cached_property
    def _limits(self) -> tuple[float, float]:
        ends = [(float(block.min()), float(block.max())) for block in self.blocks()]
        return float(np.min([low for low, _ in ends])), float(np.max([high for _, high in ends]))  # NaN stays NaN

    def min(self) -> float:
        """The least number of all, NaN where there is one."""
        return self._limits[0]

    def max(self) -> float:
        """The largest number of all, NaN where there is one."""
        return self._limits[1]

    def taking(self, numbers: np.ndarray) -> LazyImages:
        """The images of these numbers, int64[n], still unread."""
        return LazyImages(lambda rows: self._read(numbers[rows]), len(numbers), self.shape[1:])

    def changed(self, change: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...] | None = None) -> LazyImages:
        """The images as `change` makes them, float32[n,H,W,C] -> float32[n,...], each time they are read."""
        return LazyImages(lambda rows: change(self._read(rows)), len(self), shape or self.shape[1:])


def lazily(images: Any) -> LazyImages:
    """Images that read as an array, such as an `ImageStore`, as `LazyImages`."""
    return images if isinstance(images, LazyImages) else LazyImages(images.__getitem__, len(images), images.shape[1:])


def in_bytes(images: Any, value_range: tuple[float, float]) -> Any:
    """Images whose values are bytes, exactly, kept as such: a quarter of the memory. All others are returned as they are.

    Args:
        images: float32[B,H,W,C]; what is no plain array, or small enough not to matter, stays as it is.
        value_range: (black, white), what the bytes 0 and 255 stand for.
    """
    if not isinstance(images, np.ndarray) or images.nbytes <= _SMALL:
        return images
    low, high = (np.float32(end) for end in value_range)
    kept = np.empty(images.shape, np.uint8)

    def values(stored: np.ndarray) -> np.ndarray:
        found = stored.astype(np.float32)
        if (low, high) == (0, 255):
            return found
        found /= np.float32(255)
        return found if (low, high) == (0, 1) else found * (high - low) + low

    rows = max(1, _BLOCK // (images.nbytes // len(images)))
    for start in range(0, len(images), rows):
        block = images[start : start + rows]
        with np.errstate(invalid="ignore"):  # NaN is no byte
            kept[start : start + rows] = np.clip(np.rint((block - low) * (255 / (high - low))), 0, 255)
        if not np.array_equal(values(kept[start : start + rows]), block):
            return images
    return LazyImages(lambda numbers: values(kept[numbers]), len(kept), kept.shape[1:])
