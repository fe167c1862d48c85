"""Counts, means and deviations of pixels, gathered over any number of batches in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

_TOGETHER = 200_000  # numbers that are worked on at a time, so that what is made of them stays in the processor's cache


def _some_at_a_time(images: np.ndarray) -> Iterator[np.ndarray]:
    """The images, as many at a time as a cache holds, at least one."""
    rows = max(1, _TOGETHER // max(1, math.prod(images.shape[1:])))
    return (images[start : start + rows] for start in range(0, len(images), rows))


class PixelCounts:
    """How many pixel values lie in each of `bins` equal steps of a range; values outside count in the end bins."""

    def __init__(self, value_range: tuple[float, float], bins: int) -> None:
        self._range = value_range
        self.counts = np.zeros(bins, np.int64)
        self.black = self.white = self.values = 0
        self.lowest, self.highest = math.inf, -math.inf

    def add(self, images: np.ndarray) -> None:
        """Count some more."""
        for some in _some_at_a_time(images):
            self._count(some)

    def _count(self, images: np.ndarray) -> None:
        low, high = self._range
        bins = len(self.counts)
        places = (images - low) * (bins / (high - low))
        np.clip(places, 0, bins - 1, out=places)
        self.counts += np.bincount(places.astype(np.uint16).ravel(), minlength=bins)
        self.black += int(np.count_nonzero(images == low))
        self.white += int(np.count_nonzero(images == high))
        self.values += images.size
        self.lowest = min(self.lowest, float(images.min()))
        self.highest = max(self.highest, float(images.max()))

    def merge(self, later: PixelCounts) -> None:
        """Add the counts of another one."""
        self.counts += later.counts
        self.black += later.black
        self.white += later.white
        self.values += later.values
        self.lowest, self.highest = min(self.lowest, later.lowest), max(self.highest, later.highest)


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
        """Join some images [n,H,W,C], at least one."""
        mean = images.mean(axis=0, dtype=np.float64)
        squares = np.zeros(mean.shape)
        for some in _some_at_a_time(images):
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
