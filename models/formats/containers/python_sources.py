"""Images from Python: a `tf.data.Dataset`, a Keras iterator or a generator of (images, labels), single or in batches.

They are gone through once. What they give is written to a temporary file, from which single images are read again, so that
memory does not grow with their number.
"""

from __future__ import annotations

import itertools
import math
import os
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import LIMITS, Limits
from ..array_files import stored_arrays
from ..reading import Reading
from ..stored_images import StoredImages
from .npy_rows import runs


def is_python_source(source: Any) -> bool:
    """Whether images can be gone through in Python, rather than read from a path."""
    return not isinstance(source, (str, bytes, Path)) and (
        hasattr(source, "__iter__") or hasattr(source, "__getitem__")
    )


def stored_source(source: Any, reading: Reading, limits: Limits = LIMITS) -> StoredImages:
    """The images and labels of all that a source gives, in its order.

    Args:
        source: of (images, labels): images [H,W,C] or [B,H,W,C]; labels a number, [B], [B, 1] or one-hot.
        reading: how the pixels and labels are taken.
        limits: the most bytes that are taken, so that a generator without end is refused.
    """
    if isinstance(source, Mapping):
        raise ValueError(
            f"Expected images with their labels, one after another. Received a dict of {', '.join(map(str, source))}. "
            f"Give (images, labels), or Dataset.from_arrays(images, labels)."
        )
    spill = _Spill(limits)
    labels = [spill.add(*_parts(item)) for item in _items(source)]
    if not labels:
        raise ValueError(
            "Expected images from the source. Received none. Give a generator that was not gone through before."
        )
    kind = type(source).__name__
    stored = np.concatenate(labels)
    names = _names_of(source, stored)
    return stored_arrays(spill, stored, f"Python's {kind}", reading, class_names=names)


class _Spill:
    """A temporary file without a name that images are written to, one after another, and read from by rows."""

    def __init__(self, limits: Limits) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the images are looked at
        weakref.finalize(self, self._file.close)
        self._limits, self._count, self._bytes = limits, 0, 0
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: Any) -> np.ndarray:
        numbers = np.arange(self._count)[rows]
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        row = math.prod(self.shape[1:]) * self.dtype.itemsize
        for first, last in runs(numbers):
            data = os.pread(self._file.fileno(), (last - first) * row, int(numbers[first]) * row)
            found[first:last] = np.frombuffer(data, self.dtype).reshape(-1, *self.shape[1:])
        return found

    def add(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Write a batch; return its labels."""
        shape, dtype = images.shape[1:], images.dtype
        if not self._count:
            self.shape, self.dtype = (0, *shape), dtype
        if (shape, dtype) != (self.shape[1:], self.dtype):
            raise ValueError(
                f"Expected images of one size and type, {list(self.shape[1:])} {self.dtype}. Received {list(shape)} {dtype}. "
                "Resize them in the source."
            )
        self._count += len(images)
        self._bytes += images.nbytes
        self.shape = (self._count, *shape)
        if self._bytes > self._limits.file_bytes:
            raise ValueError(
                f"Expected a source that ends. Received {self._count:,} images so far. Give a finite one, as in "
                "dataset.take(100) or itertools.islice(generator, 100)."
            )
        self._file.write(np.ascontiguousarray(images).data)
        self._file.flush()
        return labels


def _items(source: Any) -> Iterable[Any]:
    """What a source gives; of a Keras iterator, which has no end, one round."""
    if hasattr(source, "__len__") and hasattr(source, "__getitem__"):
        return (source[number] for number in range(len(source)))
    return (
        itertools.islice(source, len(source))
        if hasattr(source, "class_indices") and hasattr(source, "__len__")
        else source
    )


def _parts(item: Any) -> tuple[np.ndarray, np.ndarray]:
    """A batch of images [B,H,W,C] and its labels."""
    if not isinstance(item, (tuple, list)) or len(item) < 2:
        raise ValueError(
            f"Expected (images, labels) from the source. Received a {type(item).__name__}. Give images with labels."
        )
    images, labels = np.asarray(item[0]), np.asarray(item[1])
    if images.ndim in (2, 3) and (images.ndim == 2 or labels.ndim == 0 or len(labels) != len(images)):
        images, labels = images[np.newaxis], labels[np.newaxis]
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or len(labels) != len(images):
        raise ValueError(
            f"Expected images [B, H, W, C] with a label each from the source. Received {list(images.shape)} and "
            f"{list(labels.shape)}. Give (images, labels)."
        )
    return images, labels


def _names_of(source: Any, labels: np.ndarray) -> tuple[str, ...] | None:
    """The class names that Keras's loaders keep with what they give."""
    indices = getattr(source, "class_indices", None)
    names = getattr(source, "class_names", None) or (
        sorted(indices, key=lambda name: indices[name]) if isinstance(indices, dict) else None
    )
    if names is None or labels.dtype.kind not in "iuf":
        return None
    return tuple(str(name) for name in names)
