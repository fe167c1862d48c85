"""Counts, means and deviations of pixels, gathered over any number of batches in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..opencv import opencv

_LARGE = 10_000  # numbers of an image, from which on a look pays off whether they are bytes
_BYTES_TOGETHER = 65_000  # images of bytes whose squares a number of 32 bits holds
_TOGETHER = 200_000  # numbers that are worked on at a time, so that what is made of them stays in the processor's cache
_COUNTED_TOGETHER = (
    16_000  # of 8 bytes: below 128 KB memory is used again, above it new pages cost more than the counting
)


def _some_at_a_time(images: np.ndarray, numbers: int) -> Iterator[np.ndarray]:
    """The images, as many at a time as have so many numbers, at least one."""
    rows = max(1, numbers // max(1, math.prod(images.shape[1:])))
    return (images[start : start + rows] for start in range(0, len(images), rows))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Large images of whole numbers from 0 to 255, as photos are, as uint8, which is counted faster; others as they are."""
    if images.dtype == np.uint8 or images[:1].size < _LARGE or not _are_bytes(images[:1]):
        return images
    stored = _rounded(images)
    return stored if np.array_equal(stored, images) else images


def _are_bytes(images: np.ndarray) -> bool:
    return np.array_equal(_rounded(images), images)


def _rounded(images: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # what is no byte differs from what is made of it
        return images.astype(np.uint8)


def _value_by_value(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of bytes, float32[n], and how often each occurs, float32[n]: exact, as fewer than 2^24 are counted at a time."""
    counted = opencv().calcHist([images.reshape(-1, 1)], [0], None, [256], [0, 256]).ravel()
    values = np.flatnonzero(counted)
    return values.astype(np.float32), counted[values]


def _number(which: np.ndarray, times: np.ndarray | None) -> int:
    return int(np.count_nonzero(which) if times is None else times[which].sum(dtype=np.float64))


class PixelCounts:
    """How many pixel values lie in each of `bins` equal steps of a range; values outside count in the end bins."""

    def __init__(self, value_range: tuple[float, float], bins: int) -> None:
        self._range = value_range
        self.counts = np.zeros(bins, np.int64)
        self.black = self.white = self.values = 0
        self.lowest, self.highest = math.inf, -math.inf

    def add(self, images: np.ndarray) -> None:
        """Count some more: float32 in the range, or uint8 of these values."""
        for some in _some_at_a_time(images, _TOGETHER if images.dtype == np.uint8 else _COUNTED_TOGETHER):
            self.values += some.size
            if some.dtype == np.uint8:
                self._count(*_value_by_value(some))
            else:
                self._count(some)

    def _count(self, values: np.ndarray, times: np.ndarray | None = None) -> None:
        """Count values, each once or `times`."""
        low, high = self._range
        places = (values - low) * (len(self.counts) / (high - low))
        np.clip(places, 0, len(self.counts) - 1, out=places)
        found = np.bincount(places.astype(np.uint16).ravel(), times, minlength=len(self.counts))
        self.counts += found.astype(np.int64)
        self.black += _number(values == low, times)
        self.white += _number(values == high, times)
        self.lowest = min(self.lowest, float(values.min()))
        self.highest = max(self.highest, float(values.max()))

    def merge(self, later: PixelCounts) -> None:
        """Add the counts of another one."""
        self.counts += later.counts
        self.black += later.black
        self.white += later.white
        self.values += later.values
        self.lowest, self.highest = min(self.lowest, later.lowest), max(self.highest, later.highest)


def _moments_of_bytes(images: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """How many images there are, their mean, and their summed squared deviations: sums of whole numbers, without rounding."""
    count = len(images)
    sums = images.sum(axis=0, dtype=np.uint32).astype(np.float64)
    squares = np.square(images, dtype=np.uint16).sum(axis=0, dtype=np.uint32).astype(np.float64)
    return count, sums / count, (squares * count - np.square(sums)) / count


class Moments:
    """Mean and squared deviations of the images of one class, joined part by part.

    Two parts of n and n' images, of means m and m' and summed squared deviations S and S', are joined, with d = m' - m,
    by m + d n' / (n + n') and S + S' + d d n n' / (n + n') (Chan, Golub, LeVeque, 1979).
    """

    def __init__(self) -> None:
        self.images = 0
        self.mean = np.zeros(0)  # float64[H,W,C] after the first part
        self._squares = np.zeros(0)  # likewise

    def add(self, images: np.ndarray) -> None:
        """Join some images [n,H,W,C], at least one: of float32, or of uint8."""
        if images.dtype == np.uint8:
            for start in range(0, len(images), _BYTES_TOGETHER):
                self._join(*_moments_of_bytes(images[start : start + _BYTES_TOGETHER]))
            return
        mean = images.mean(axis=0, dtype=np.float64)
        squares = np.zeros(mean.shape)
        for some in _some_at_a_time(images, _TOGETHER):
            squares += np.square(some - mean).sum(axis=0)
        self._join(len(images), mean, squares)

    def merge(self, later: Moments) -> None:
        """Join what another one saw."""
        if later.images:
            self._join(later.images, later.mean, later._squares)

    def means(self, shape: tuple[int, ...]) -> np.ndarray:
        """float32[H,W,C]; NaN without images."""
        return self.mean.astype(np.float32) if self.images else np.full(shape, np.nan, np.float32)

    def deviations(self, shape: tuple[int, ...]) -> np.ndarray:
        """float32[H,W,C]; NaN without images."""
        if not self.images:
            return np.full(shape, np.nan, np.float32)
        return np.sqrt(self._squares / self.images).astype(np.float32)

    def _join(self, images: int, mean: np.ndarray, squares: np.ndarray) -> None:
        if not self.images:
            self.images, self.mean, self._squares = images, mean.copy(), squares.copy()
            return
        ahead, together = mean - self.mean, self.images + images
        self._squares += squares + np.square(ahead) * (self.images * images / together)
        self.mean += ahead * (images / together)
        self.images = together
