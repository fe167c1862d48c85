"""Images from Python: a `tf.data.Dataset`, a Keras iterator or a generator of (images, labels), single or in batches.

They are gone through once. What they give is written to a temporary file, from which single images are read again, so that
memory does not grow with their number.
"""

from __future__ import annotations

import itertools
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import LIMITS, Limits
from ..array_files import stored_arrays
from ..reading import Reading
from ..stored_images import StoredImages
from .npy_rows import NpyRows


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
    spill = _Spill(limits)
    labels = [spill.add(*_parts(item)) for item in _items(source)]
    if not labels:
        raise ValueError(
            "Expected images from the source. Received none. Give a generator that was not gone through before."
        )
    kind = type(source).__name__
    rows = spill.rows()
    stored = np.concatenate(labels)
    names = _names_of(source, stored)
    return stored_arrays(rows, stored, f"Python's {kind}", reading, class_names=names)


class _Spill:
    """A temporary file that images are written to, one after another; it is gone with the last that reads it."""

    def __init__(self, limits: Limits) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="featurelens-")
        self._path = Path(self._folder.name) / "images"
        self._limits, self._count, self._bytes = limits, 0, 0
        self._shape: tuple[int, ...] | None = None
        self._dtype: np.dtype | None = None

    def add(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Write a batch; return its labels."""
        shape, dtype = images.shape[1:], images.dtype
        if self._shape is None:
            self._shape, self._dtype = shape, dtype
        if (shape, dtype) != (self._shape, self._dtype):
            raise ValueError(
                f"Expected images of one size and type, {list(self._shape)} {self._dtype}. Received {list(shape)} {dtype}. "
                "Resize them in the source."
            )
        self._count += len(images)
        self._bytes += images.nbytes
        if self._bytes > self._limits.file_bytes:
            raise ValueError(
                f"Expected a source that ends. Received {self._count:,} images so far. Give a finite one, as in "
                "dataset.take(100) or itertools.islice(generator, 100)."
            )
        with self._path.open("ab") as file:
            np.ascontiguousarray(images).tofile(file)
        return labels

    def rows(self) -> NpyRows:
        """All images, to be read one by one."""
        rows = NpyRows(self._path, 0, (self._count, *(self._shape or ())), self._dtype or np.dtype(np.uint8))
        weakref.finalize(rows, self._folder.cleanup)
        return rows


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
        sorted(indices, key=indices.get) if isinstance(indices, dict) else None
    )
    if names is None or labels.dtype.kind not in "iuf":
        return None
    return tuple(str(name) for name in names)
