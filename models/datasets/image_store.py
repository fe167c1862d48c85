"""The pixels of many pictures without filling the memory: in a temporary file, read back by their numbers.

A folder of photos is decoded once, picture by picture, and what the model takes (its size, exact to the last bit) goes into
an unnamed temporary file: as bytes where the values are bytes, else as float32. An `ImageStore` stands where an array
float32[B,H,W,C] would, and gives one for the rows that are asked for. The file has no name, so nothing is left of it after
an interruption or a crash. `TMPDIR` says where it lies.
"""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

IN_MEMORY = 64 * 2**20  # bytes of float32 that are kept as a plain array
_AT_ONCE = 64  # images read at a time where all are gone through


class ImageStore:
    """Pixels float32[B,H,W,C] that lie in a temporary file; indexed by rows like an array.

    Args:
        shape: (H, W, C).
        dtype: How they are stored: uint8, where 0 is black and 255 is white, or float32 in 0..1.
    """

    dtype = np.dtype(np.float32)  # of what indexing gives
    ndim = 4

    def __init__(self, shape: tuple[int, int, int], dtype: Any = np.uint8) -> None:
        self.stored = np.dtype(dtype)
        self._file = _UnnamedFile()  # shared with the views of this store
        self._image = shape
        self._count = 0
        self._ends = (math.inf, -math.inf)  # lowest and highest value stored
        self._range = (0.0, 1.0)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, W, C)."""
        return (self._count, *self._image)

    @property
    def size(self) -> int:
        """Numbers in all."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self._count

    def append(self, pixels: np.ndarray) -> None:
        """Add one picture [H,W,C] of the stored type.

        Raises:
            ValueError: The disk is full.
        """
        if pixels.shape != self._image or pixels.dtype != self.stored:
            raise ValueError(
                f"Expected a picture {self.stored}{list(self._image)}. Received {pixels.dtype}{list(pixels.shape)}. "
                f"Bring it to that form first."
            )
        try:
            self._file.write(np.ascontiguousarray(pixels).tobytes())
        except OSError as error:
            raise ValueError(
                f"Expected room for {(self._count + 1) * self._bytes / 2**20:,.0f} MiB of pictures in '{tempfile.gettempdir()}'. "
                f"Received '{error.strerror}'. Make room there, or name another folder with TMPDIR=FOLDER."
            ) from error
        self._count += 1
        self._ends = min(self._ends[0], float(pixels.min())), max(self._ends[1], float(pixels.max()))

    def scaled(self, low: float, high: float) -> ImageStore:
        """The same pictures with `low` for black and `high` for white; the file is shared."""
        view = object.__new__(ImageStore)
        view.__dict__.update(self.__dict__)
        view._range = (low, high)
        return view

    def min(self) -> float:
        """The lowest value."""
        return float(self._in_range(np.array([self._ends[0]], self.stored))[0])

    def max(self) -> float:
        """The highest value."""
        return float(self._in_range(np.array([self._ends[1]], self.stored))[0])

    def __getitem__(self, rows: Any) -> np.ndarray:
        """The pictures of some rows, float32; a second index is taken of these."""
        if isinstance(rows, tuple):
            return self[rows[0]][rows[1:]]
        if isinstance(rows, (int, np.integer)):
            return self._read(np.array([rows]))[0]
        return self._read(np.arange(self._count)[rows])

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in range(0, self._count, _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or np.float32, copy=False)

    def levels(self, numbers: np.ndarray) -> np.ndarray:
        """The pictures int64[n] as float32 from 0 to 255, of those that are stored as bytes: these numbers themselves."""
        return self._stored(numbers).astype(np.float32)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        return self._in_range(self._stored(numbers))

    def _stored(self, numbers: np.ndarray) -> np.ndarray:
        numbers = np.where(numbers < 0, numbers + self._count, numbers)
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < self._count):
            raise IndexError(f"Expected rows from 0 to {self._count - 1}. Received {numbers.min()} to {numbers.max()}.")
        found = np.empty((len(numbers), *self._image), self.stored)
        for start, stop in _runs(numbers):
            data = os.pread(self._file.descriptor, (stop - start) * self._bytes, int(numbers[start]) * self._bytes)
            found[start:stop] = np.frombuffer(data, self.stored).reshape(-1, *self._image)
        return found

    def _in_range(self, stored: np.ndarray) -> np.ndarray:
        unit = stored.astype(np.float32)
        if self.stored == np.uint8:
            unit /= np.float32(255)
        low, high = self._range
        if (low, high) == (0.0, 1.0):
            return unit
        unit *= np.float32(high - low)
        unit += np.float32(low)
        return unit

    @property
    def _bytes(self) -> int:
        return math.prod(self._image) * self.stored.itemsize


class _UnnamedFile:
    """A temporary file without a name, gone as the last store that shares it goes.

    It is held by its bare descriptor: a file object in a circle of references, such as that of an exception, might be
    collected before whatever is to close it.
    """

    def __init__(self) -> None:
        try:
            with tempfile.TemporaryFile() as opened:
                self.descriptor = os.dup(opened.fileno())
        except OSError as error:  # such as where no folder for temporary files has room for a single byte
            raise ValueError(
                f"Expected a folder for temporary files, where pictures are kept off the memory. Received '{error.strerror}'. "
                f"Make room, or name a folder with TMPDIR=FOLDER."
            ) from error
        weakref.finalize(self, os.close, self.descriptor)

    def write(self, data: bytes) -> None:
        """Add all of `data` at the end."""
        left = memoryview(data)
        while left:
            left = left[os.write(self.descriptor, left) :]


def _runs(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where rows follow each other: (first, last + 1) of each run."""
    ends = np.flatnonzero(np.diff(numbers) != 1) + 1
    return zip([0, *ends.tolist()], [*ends.tolist(), len(numbers)], strict=True) if len(numbers) else iter(())


def parts_of(images: Any, size: int = _AT_ONCE) -> Iterator[np.ndarray]:
    """Images, an array or a store, as arrays of up to `size` at a time."""
    for start in range(0, len(images), size):
        yield images[start : start + size]
