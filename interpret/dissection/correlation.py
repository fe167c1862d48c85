"""How alike the channels of a layer are: Pearson's r over all places and images, from sums that one pass gathers.

Each batch gives its mean m[C] and its centred products P[C,C] = sum of (a - m)(a - m)'; two parts of n and n' rows are
joined, with d = m' - m, by

    m <- m + d n' / (n + n')        P <- P + P' + d d' n n' / (n + n')

(Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979), which loses
no digits where the mean is far from zero. Then r[c,d] = P[c,d] / sqrt(P[c,c] P[d,d]).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_CONSTANT = 1e-10  # of the mean's square: a smaller variance is rounding
_ROWS = 64  # of the products, joined at a time: half a megabyte of 1,280 channels, which a cache holds


@dataclass
class Comoments:
    """Mean and centred products of the rows seen so far."""

    rows: int = 0
    mean: Any = 0.0  # float64[C] after the first part
    products: Any = 0.0  # float64[C,C]

    def add(self, rows: int, mean: np.ndarray, products: np.ndarray) -> None:
        """Join a part of `rows` rows, its mean float[C] and centred products float[C,C]."""
        ahead = mean.astype(np.float64) - self.mean
        together = self.rows + rows
        joined = self.products if self.rows else np.zeros(products.shape)
        for start in range(0, len(joined), _ROWS):
            some = slice(start, start + _ROWS)
            joined[some] += products[some]
            joined[some] += np.outer(ahead[some] * (self.rows * rows / together), ahead)
        self.products = joined
        self.mean = self.mean + ahead * (rows / together)
        self.rows = together

    def join(self, later: Comoments) -> None:
        """Join the rows that another one saw."""
        if later.rows:
            self.add(later.rows, later.mean, later.products)

    def correlation(self) -> np.ndarray:
        """Pearson's r, float64[C,C], -1..1; NaN where a channel is constant."""
        variance = np.diag(self.products) / self.rows
        varies = variance > _CONSTANT * np.maximum(np.square(self.mean), 1e-20)
        spread = np.sqrt(np.where(varies, np.diag(self.products), np.nan))
        return np.clip(self.products / np.outer(spread, spread), -1, 1)


def comoments(values: Any) -> tuple[Any, Any]:
    """Mean float32[C] and centred products float32[C,C] of the rows of values [..., C]; inside of a graph."""
    import tensorflow as tf

    rows = tf.reshape(values, [-1, values.shape[-1]])
    mean = tf.reduce_mean(rows, axis=0)
    centred = rows - mean
    return mean, tf.matmul(centred, centred, transpose_a=True)


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
