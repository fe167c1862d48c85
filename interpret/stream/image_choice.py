"""Which images stand for others: a stated sample where all would take too long, and the typical image of a class.

The typical image is the medoid of the correctly classified ones, in the space of the logits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import at_least
from ..methods.attribution import Method
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from .joint_maps import maps_of


@dataclass(frozen=True, eq=False)
class Sample:
    """The images drawn, and how to pick what belongs to them."""

    images: Any  # those drawn, in the form given: one array [n, ...], or a list or dict of such
    numbers: np.ndarray  # int64[n], ascending: which they are
    total: int  # of how many

    def classes(self, classes: Classes) -> Classes:
        """The classes of the images drawn, of None, one class, or a class for each of all images.

        Raises:
            ValueError: There is a class per image, but not for each of them.
        """
        if classes is None or np.ndim(classes) == 0:
            return classes
        if len(np.asarray(classes)) != self.total:
            raise ValueError(
                f"Expected classes to be one class number, or one for each of the {self.total} images. "
                f"Received {len(np.asarray(classes))}. Give an int or int[{self.total}]."
            )
        return np.asarray(classes)[self.numbers]

    def maps(self, methods: Mapping[str, np.ndarray | Method], classes: np.ndarray) -> dict[str, np.ndarray]:
        """The maps of the images drawn: {name: float32[n,h,w]}, made by each method or picked from all its maps.

        Raises:
            ValueError: There are not as many maps as images.
        """
        made = maps_of({name: given for name, given in methods.items() if callable(given)}, self.images, classes)
        found = {}
        for name, given in methods.items():
            if callable(given):
                found[name] = made[name]
                continue
            if len(given) != self.total:
                raise ValueError(
                    f"Expected a map of {name!r} for each of the {self.total} images. Received {len(given)}. "
                    f"Give the maps of all images, or the method itself, which then explains only those drawn."
                )
            found[name] = np.asarray(given)[self.numbers]
        return found

    @property
    def pixels(self) -> int:
        """Places in one image, without its channels; of the first input where there are several."""
        first = np.asarray(_first(self.images))
        return int(np.prod(first.shape[1:-1] if first.ndim in (3, 5) else first.shape[1:3]))

    def parts(self, most: int) -> list[Sample]:
        """The same in parts of nearly one size, of at most `most` images (at least 1)."""
        count = -(-len(self.numbers) // max(1, most))
        return [
            Sample(_rows_of(self.images, rows), self.numbers[rows], self.total)
            for rows in np.array_split(np.arange(len(self.numbers)), count)
        ]


def sample_of(images: Arrays, sample: int | None, seed: int) -> Sample:
    """`sample` of the images; all of them for None or where there are no more.

    Raises:
        ValueError: `sample` is not a whole number of at least 1.
    """
    total = _rows_in(images)
    numbers = sample_numbers(total, sample, seed)
    return Sample(_rows_of(images, numbers), numbers, total)


def sample_numbers(total: int, sample: int | None, seed: int) -> np.ndarray:
    """int64[n], ascending: the numbers of the images drawn; all of them for None or where there are no more.

    Raises:
        ValueError: `sample` is not a whole number of at least 1.
    """
    if sample is None or at_least("sample", sample, 1) >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).permutation(total)[:sample])


def _rows_of(arrays: Arrays, numbers: np.ndarray) -> Any:
    """These rows of one array, or of each array of a list or dict."""
    if isinstance(arrays, dict):
        return {name: np.asarray(array)[numbers] for name, array in arrays.items()}
    if isinstance(arrays, (list, tuple)):
        return [np.asarray(array)[numbers] for array in arrays]
    return arrays[numbers] if hasattr(arrays, "shape") else np.asarray(arrays)[numbers]


def _rows_in(arrays: Arrays) -> int:
    """How many images there are."""
    first = _first(arrays)
    return len(first if hasattr(first, "shape") else np.asarray(first))


def _first(arrays: Arrays) -> Any:
    """The only array, or the first of a list or dict."""
    first = next(iter(arrays.values())) if isinstance(arrays, dict) else arrays
    return first[0] if isinstance(first, (list, tuple)) else first


def typical_images(logits: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """For each class, the number of the image whose logits are nearest to the class's mean logits.

    Args:
        logits: float32[B,K].
        labels: int64[B], the true classes.

    Returns:
        {class: image number}, for the classes that occur. Only correctly classified images are taken, unless a class has
        none.
    """
    right = logits.argmax(axis=1) == labels
    chosen = {}
    for label in np.unique(labels):
        rows = np.flatnonzero((labels == label) & right)
        if not len(rows):
            rows = np.flatnonzero(labels == label)
        near = logits[rows].astype(np.float64)
        distance = np.square(near - near.mean(axis=0)).sum(axis=1)
        chosen[int(label)] = int(rows[distance.argmin()])
    return chosen
