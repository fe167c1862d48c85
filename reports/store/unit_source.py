"""The images of a unit as a source of the stream: as they are, or with a last batch that is filled up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...models.datasets.dataset import Dataset, Pictures
from .files.units import Unit

PADDING = -1  # in the place of an image's number


class UnitSource:
    """The images of a unit, numbered as in the whole.

    Args:
        dataset: The whole.
        unit: Which of its images.
        padded: Whether all batches are of one size: the last one is filled up with its last image, numbered -1.
    """

    def __init__(self, dataset: Dataset, unit: Unit, *, padded: bool = False) -> None:
        self._dataset, self._unit, self._padded = dataset, unit, padded
        self.class_names, self.value_range = dataset.class_names, dataset.value_range

    def __len__(self) -> int:
        return len(self._unit)

    def batches(self, size: int) -> Iterator[Pictures]:
        """The images in order."""
        for start in range(self._unit.start, self._unit.stop, size):
            numbers = np.arange(start, min(start + size, self._unit.stop))
            images = np.asarray(self._dataset.images[numbers[0] : numbers[-1] + 1])
            batch = Pictures(numbers, images, self._dataset.labels[numbers])
            yield _filled_up(batch, size) if self._padded and len(numbers) < size else batch

    def take(self, numbers: np.ndarray, /) -> Dataset:
        """The images of these numbers, counted from the unit's first."""
        return self._dataset.take(np.asarray(numbers) + self._unit.start)


def _filled_up(batch: Pictures, size: int) -> Pictures:
    known = len(batch.numbers)
    rows = np.minimum(np.arange(size), known - 1)
    numbers = np.concatenate([batch.numbers, np.full(size - known, PADDING)])
    return Pictures(numbers, batch.images[rows], batch.labels[rows])
