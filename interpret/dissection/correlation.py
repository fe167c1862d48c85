"""How alike the channels of a layer are: Pearson's r over all places and images, from sums that one pass gathers.

Each batch gives its mean m[C] and its centred products P[C,C] = sum of (a - m)(a - m)'; two parts of n and n' rows are
joined, with d = m' - m, by

    m <- m + d n' / (n + n')        P <- P + P' + d d' n n' / (n + n')

(Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979), which loses
no digits where the mean is far from zero. Then r[c,d] = P[c,d] / sqrt(P[c,c] P[d,d]).

P equals its mirror image, so of many channels only strips on and right of its diagonal are computed: of 1,280 channels 60 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_CONSTANT = 1e-10  # of the mean's square: a smaller variance is rounding
_ROWS = 64  # of the products, joined at a time: half a megabyte of 1,280 channels, which a cache holds
_STRIP = 256  # rows of the products that are computed together


@dataclass
class Comoments:
    """Mean and centred products of the rows seen so far."""

    rows: int = 0
    mean: Any = 0.0  # float64[C] after the first part
    products: Any = 0.0  # float64[C,C], on and right of the diagonal

    def add(self, rows: int, mean: np.ndarray, strips: Sequence[np.ndarray]) -> None:
        """Join a part of `rows` rows: its mean float[C], and its centred products in strips, see `comoments`."""
        ahead = mean.astype(np.float64) - self.mean
        together = self.rows + rows
        joined = self.products if self.rows else np.zeros((len(ahead), len(ahead)))
        for first, strip in zip(starts(len(ahead)), strips, strict=True):
            for start in range(0, len(strip), _ROWS):
                lines = slice(first + start, min(first + start + _ROWS, first + len(strip)))
                joined[lines, first:] += strip[start : start + _ROWS]
                joined[lines, first:] += np.outer(ahead[lines] * (self.rows * rows / together), ahead[first:])
        self.products = joined
        self.mean = self.mean + ahead * (rows / together)
        self.rows = together

    def join(self, later: Comoments) -> None:
        """Join the rows that another one saw."""
        if later.rows:
            strips = [later.products[start : start + _STRIP, start:] for start in starts(len(later.products))]
            self.add(later.rows, later.mean, strips)

    def correlation(self) -> np.ndarray:
        """Pearson's r, float64[C,C], -1..1; NaN where a channel is constant."""
        variance = np.diag(self.products) / self.rows
        varies = variance > _CONSTANT * np.maximum(np.square(self.mean), 1e-20)
        spread = np.sqrt(np.where(varies, np.diag(self.products), np.nan))
        right = np.triu(self.products)
        return np.clip((right + np.triu(right, 1).T) / np.outer(spread, spread), -1, 1)


def comoments(values: Any) -> tuple[Any, list[Any]]:
    """Mean float32[C] and centred products of the rows of values [..., C]; inside of a graph.

    The products are float32[n,C - start] each: rows from `start` on, by columns from `start` on.
    """
    import tensorflow as tf

    rows = tf.reshape(values, [-1, values.shape[-1]])
    mean = tf.reduce_mean(rows, axis=0)
    centred = rows - mean
    strips = [
        tf.matmul(centred[:, start : start + _STRIP], centred[:, start:], transpose_a=True)
        for start in starts(int(values.shape[-1]))
    ]
    return mean, strips


def starts(channels: int) -> range:
    """The first row of each strip."""
    return range(0, channels, _STRIP)


def most_alike(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each channel the other one of the largest |r|.

    Args:
        correlation: float64[C,C], NaN where a channel is constant.

    Returns:
        int64[C], the other channel, -1 where there is none; float64[C], r with it, NaN where there is none.
    """
    size = np.abs(correlation)
    np.fill_diagonal(size, np.nan)
    known = np.isfinite(size).any(axis=1)
    other = np.where(known, np.where(np.isfinite(size), size, -1).argmax(axis=1), -1)
    return other, np.where(known, correlation[np.arange(len(size)), other], np.nan)
