"""The images that are looked at: those asked about, and behind them, where given, those trained on; numbered through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..stream.image_choice import sample_numbers


@dataclass(frozen=True, eq=False)
class Pool:
    """Images with their classes; numbers from `first_training` on are training images."""

    asked: Any  # [N,H,W,C], as an array reads
    training: Any  # [M,H,W,C], or None
    labels: np.ndarray  # int64[N+M]

    @property
    def first_training(self) -> int:
        """N, how many images are asked about."""
        return len(self.asked)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N+M, H, W, C)."""
        return (len(self.labels), *self.asked.shape[1:])

    @property
    def whole_numbers(self) -> np.dtype[Any] | None:
        """The type of images of whole numbers, which the model takes; None for others."""
        dtype = getattr(self.asked, "dtype", None)
        return dtype if dtype is not None and np.issubdtype(dtype, np.integer) else None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, numbers: np.ndarray) -> np.ndarray:
        """float32[n,H,W,C], in this order."""
        numbers = np.asarray(numbers)
        if self.training is None:
            return np.asarray(self.asked[numbers], np.float32)
        made = np.empty((len(numbers), *self.shape[1:]), np.float32)
        own = numbers < self.first_training
        made[own] = self.asked[numbers[own]]
        made[~own] = self.training[numbers[~own] - self.first_training]
        return made

    def sample(self, each: int, seed: int) -> np.ndarray:
        """int64[n], rising: up to `each` images of every class among those asked about, and among those trained on."""
        asked = self.first_training
        trained = asked + sampled(self.labels[asked:], each, seed)
        return np.concatenate([sampled(self.labels[:asked], each, seed), trained])


def sampled(labels: np.ndarray, each: int, seed: int) -> np.ndarray:
    """int64[n], rising: up to `each` images of every class."""
    classes = (np.flatnonzero(labels == label) for label in np.unique(labels))
    drawn = [rows[sample_numbers(len(rows), each, seed)] for rows in classes]
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)
