"""The small pictures that are compared with each other, counted in the one pass that shows every image to every statistic.

So no image is read once more for them. Called without such a pass, the functions of this folder make one over the images that
they compare, and over no others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ..stream.one_pass import one_pass
from ..stream.statistic import Batch
from .pixels.grid import at_once, small

_LARGE = 32_000_000  # bytes of small pictures that are worth a file
_HELD = 128_000_000  # bytes of small pictures, where nothing says how many are compared


@dataclass(frozen=True, eq=False)
class Compared:
    """Small pictures in their colours."""

    numbers: np.ndarray  # int64[n], of the images, rising
    pictures: np.ndarray  # float32[n,h,w,C], see `grid.small`

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """float32[m,h,w,C], of these images, in this order.

        Raises:
            ValueError: One of them was not compared.
        """
        if np.array_equal(numbers, self.numbers):
            return self.pictures
        places, known = _places(self.numbers, numbers)
        if not known.all():
            raise ValueError(
                f"Expected small pictures of {len(numbers)} images. Received none of {int((~known).sum())} of them, first of "
                f"image {numbers[~known][0]}. Count them with the same seed and sizes, or leave `compared` out."
            )
        return self.pictures[places]


class ComparedPictures:
    """Small pictures of chosen images, as a statistic of the stream.

    Args:
        numbers: int64[n], of the images, in any order.
        value_range: (black, white): what bytes stand for.
    """

    state = ("_seen",)

    def __init__(self, numbers: np.ndarray, value_range: tuple[float, float] = (0.0, 255.0)) -> None:
        self._numbers = np.unique(np.asarray(numbers, np.int64))
        told = blake2b(self._numbers.astype("<i8").tobytes(), digest_size=12).hexdigest()
        self.key = f"compared pictures|{len(self._numbers)}|{told}"
        self._range = value_range
        self._seen: list[tuple[np.ndarray, np.ndarray]] = []

    def taps(self, taps: Any, scores: Any) -> None:
        """Nothing of a model."""
        return None

    def update(self, batch: Batch) -> None:
        """See some more images."""
        rows = np.flatnonzero(_places(self._numbers, batch.numbers)[1])
        if len(rows):
            self._seen.append((batch.numbers[rows], small(self._ranged(np.asarray(batch.images)[rows]))))

    def _ranged(self, images: np.ndarray) -> np.ndarray:
        if images.dtype != np.uint8:
            return images
        low, high = self._range
        return images * np.float32((high - low) / 255) + np.float32(low)

    def merge(self, later: ComparedPictures) -> None:
        """Take over what another one saw."""
        self._seen += later._seen

    def result(self) -> Compared:
        """The pictures of all that was seen."""
        if not self._seen:
            return Compared(np.zeros(0, np.int64), np.zeros((0, 1, 1, 1), np.float32))
        numbers, pictures = (np.concatenate(column) for column in zip(*self._seen, strict=True))
        order = np.argsort(numbers, kind="stable")
        if not np.array_equal(order, np.arange(len(order))):
            numbers, pictures = numbers[order], pictures[order]
        return Compared(numbers, _off_the_memory(pictures))


def _off_the_memory(pictures: np.ndarray) -> np.ndarray:
    """Many pictures in a temporary file without a name, until they are looked at; a full disk leaves them where they are."""
    if pictures.nbytes < _LARGE:
        return pictures
    try:
        with tempfile.TemporaryFile() as file:
            pictures.tofile(file)
            return np.asarray(np.memmap(file, pictures.dtype, "r", shape=pictures.shape))
    except OSError:
        return pictures


def compared_in(images: Any, numbers: np.ndarray) -> Compared:
    """The small pictures of chosen images, in one pass over these; no model is needed.

    Args:
        images: [B,H,W,C], as an array reads.
        numbers: int64[n].
    """
    statistic = ComparedPictures(numbers)
    if not len(numbers):
        return statistic.result()
    source = _Chosen(images, np.sort(numbers))
    return one_pass(None, source, [statistic], batch_size=at_once(images.shape))[statistic.key]


def most_held(shape: tuple[int, ...]) -> int:
    """How many small pictures of images of a shape [B,H,W,C] fit 128 MB, at most 10,000: as many as near copies are compared.

    Example:
        >>> most_held((1, 28, 28, 1)), most_held((1, 224, 224, 3))
        (10000, 7791)
    """
    one = small(np.zeros((1, *shape[1:]), np.float32))
    return min(10_000, max(1, _HELD // max(1, one.nbytes)))


def _places(rising: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where numbers are in a rising list, and bool: whether they are in it at all."""
    if not len(rising):
        return np.zeros(len(numbers), np.int64), np.zeros(len(numbers), bool)
    places = np.minimum(np.searchsorted(rising, numbers), len(rising) - 1)
    return places, rising[places] == numbers


class _Chosen:
    """Chosen images as a source, numbered as in the whole."""

    value_range, class_names = (0.0, 255.0), ()

    def __init__(self, images: Any, numbers: np.ndarray) -> None:
        self.images, self._numbers = images, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def batches(self, size: int) -> Iterator[Batch]:
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def take(self, numbers: np.ndarray, /) -> Batch:
        chosen = self._numbers[numbers]
        return Batch(chosen, self.images[chosen], np.full(len(chosen), -1))
