"""What there is to know about labelled images before any model sees them: counts, pixel values, means, examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .dataset import Dataset
from .duplicates import equal_images
from .image_store import parts_of
from .neighbours import ClassNeighbours, class_neighbours

_AT_ONCE = 256  # images that are looked at a time


@dataclass(frozen=True, eq=False)
class Exploration:
    """One split of the data, described; the classes are those of its `class_names`."""

    counts: np.ndarray  # int64[K], images of each class
    pixel_edges: np.ndarray  # float64[N+1], from black to white
    pixel_counts: np.ndarray  # int64[N], pixels whose value lies in [edge, next edge), the last one with its end
    lowest: float  # pixel value seen
    highest: float
    black_share: float  # 0..1, of all pixel values that are exactly black
    white_share: float  # 0..1, likewise white
    means: np.ndarray  # float32[K,H,W,C], mean image of each class; NaN for a class without images
    deviations: np.ndarray  # float32[K,H,W,C], standard deviation over the class's images, likewise
    samples: tuple[np.ndarray, ...]  # K times int64[...], images drawn of each class, in their order in the data
    duplicates: tuple[np.ndarray, ...]  # int64[2 or more] each: images that equal each other in every pixel
    neighbours: ClassNeighbours


def explore(
    dataset: Dataset, *, samples: int = 12, bins: int = 64, most_compared: int = 20_000, seed: int = 0
) -> Exploration:
    """Describe labelled images.

    Args:
        dataset: the images.
        samples: images to draw of each class, at most.
        bins: of the histogram of pixel values.
        most_compared: images to compare with each other for the nearest of another class; of more, a sample is drawn.
        seed: of both draws.

    Example:
        >>> explore(Dataset(np.ones((3, 2, 2, 1), np.float32), np.array([0, 1, 1]), ("a", "b"), "made")).duplicates
        (array([0, 1, 2]),)
    """
    random = np.random.default_rng(seed)
    means, deviations = _means_and_deviations(dataset)
    counts = pixel_counts(dataset, bins)
    black, white = (
        sum(int(np.count_nonzero(part == end)) for part in parts_of(dataset.shown, _AT_ONCE)) / dataset.shown.size
        for end in dataset.shown_range
    )
    return Exploration(
        counts=np.bincount(dataset.labels, minlength=len(dataset.class_names)).astype(np.int64),
        pixel_edges=np.linspace(*dataset.shown_range, bins + 1),
        pixel_counts=counts,
        lowest=float(dataset.shown.min()),
        highest=float(dataset.shown.max()),
        black_share=black,
        white_share=white,
        means=means,
        deviations=deviations,
        samples=tuple(_drawn(rows, samples, random) for rows in _rows_of_classes(dataset)),
        duplicates=equal_images(dataset.shown),
        neighbours=class_neighbours(dataset, most=most_compared, seed=seed),
    )


def pixel_counts(dataset: Dataset, bins: int) -> np.ndarray:
    """How many pixel values lie in each of `bins` equal steps from black to white, int64[bins]; outside: the end bins."""
    low, high = dataset.shown_range
    counts = np.zeros(bins, np.int64)
    for part in parts_of(dataset.shown, _AT_ONCE):
        places = (part - low) * (bins / (high - low))
        np.clip(places, 0, bins - 1, out=places)
        counts += np.bincount(places.astype(np.uint16).ravel(), minlength=bins)
    return counts


def _means_and_deviations(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(dataset.class_names), *dataset.shown.shape[1:])
    means, deviations = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    for label, rows in enumerate(_rows_of_classes(dataset)):
        if len(rows):
            means[label] = _sum(dataset.shown, rows) / len(rows)
            deviations[label] = np.sqrt(_sum(dataset.shown, rows, means[label]) / len(rows))
    return means, deviations


def _sum(images: Any, rows: np.ndarray, centre: np.ndarray | None = None) -> np.ndarray:
    """The sum of some images, or of their squared distances from `centre`; float64[H,W,C]."""
    total = np.zeros(images.shape[1:], np.float64)
    for numbers in np.array_split(rows, -(-len(rows) // _AT_ONCE)):
        part = images[numbers]
        if centre is not None:
            part -= centre
            np.square(part, out=part)
        total += part.sum(axis=0, dtype=np.float64)
    return total


def _rows_of_classes(dataset: Dataset) -> list[np.ndarray]:
    return [np.flatnonzero(dataset.labels == label) for label in range(len(dataset.class_names))]


def _drawn(rows: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(rows, min(most, len(rows)), replace=False)) if len(rows) else rows
