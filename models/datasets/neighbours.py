"""How near the classes come to each other in pixel space: each image's nearest image of every class.

Distances are Euclidean over all pixels and channels. They come from matrix products of blocks,
``|x - y|^2 = |x|^2 + |y|^2 - 2 x.y``, with the mean image taken off first so that little cancels; memory is that of a
block and of one number per image and class. The distances of the pairs that are returned are computed again, directly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import Dataset
from .resizing import resize_images

_READ = 256  # images read at a time
_BLOCK = 1024  # images in a block of rows or columns
_MOST_SIDE = 32  # pixels; larger images are averaged down to it before they are compared


@dataclass(frozen=True, eq=False)
class ClassNeighbours:
    """Nearest images of the own and of other classes, the image itself left out."""

    compared: np.ndarray  # int64[N], numbers of the images that were compared with each other, rising
    side: int  # pixels of the longer side at which they were compared
    own: np.ndarray  # float32[N], distance to the nearest other image of the same class; inf where there is none
    other: np.ndarray  # float32[N], distance to the nearest image of another class; inf where there is none
    other_class: np.ndarray  # int64[N], the class of that image; -1 where there is none
    pairs: (
        np.ndarray
    )  # int64[M,2], numbers of the images nearest to one of another class and of that one, nearest first
    distances: np.ndarray  # float32[M], of the pairs

    @property
    def nearest_is_other(self) -> np.ndarray:
        """bool[N]: whether the nearest image of all is of another class."""
        return self.other < self.own


def class_neighbours(dataset: Dataset, *, pairs: int = 24, most: int = 20_000, seed: int = 0) -> ClassNeighbours:
    """Find the nearest image of the own class and of another class for each image.

    Args:
        dataset: the images.
        pairs: how many of the nearest pairs across classes to return; each pair once.
        most: images to compare; of more, that many are drawn.
        seed: of that draw.

    Example:
        Images of one pixel, 0.0 and 0.5 of class a, 0.6 of class b: the nearest pair across is (1, 2), at 0.1.
    """
    numbers = compared_numbers(len(dataset), most, seed)
    parts = np.array_split(numbers, -(-len(numbers) // _READ))
    images = np.concatenate([reduced(dataset.shown[some]) for some in parts])
    return neighbours_among(numbers, images, dataset.labels[numbers], pairs=pairs)


def compared_numbers(images: int, most: int = 20_000, seed: int = 0) -> np.ndarray:
    """Numbers of the images that are compared, rising: all, or of more than `most` that many, drawn."""
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def neighbours_among(
    numbers: np.ndarray, images: np.ndarray, labels: np.ndarray, *, pairs: int = 24
) -> ClassNeighbours:
    """The neighbours as `class_neighbours` finds them, among images that are `reduced`.

    Args:
        numbers: int64[N], of the images in their data set, rising.
        images: float32[N,h,w,C], reduced.
        labels: int64[N].
        pairs: how many of the nearest pairs across classes to return; each pair once.
    """
    pixels, side = _around_the_mean(images), max(images.shape[1:3])
    present, places = np.unique(labels, return_inverse=True)
    squares = _nearest_of_each_class(pixels, places, len(present))
    every = np.arange(len(numbers))
    own = squares[every, places].copy()
    squares[every, places] = np.inf
    nearest = squares.argmin(axis=1)
    other = squares[every, nearest]
    found = _pairs(pixels, labels, other, pairs)
    distances = np.sqrt(np.square(pixels[found[:, 0]] - pixels[found[:, 1]]).sum(axis=1))
    order = np.argsort(distances, kind="stable")
    return ClassNeighbours(
        compared=numbers,
        side=side,
        own=np.sqrt(own),
        other=np.sqrt(other),
        other_class=np.where(np.isfinite(other), present[nearest], -1),
        pairs=numbers[found[order]],
        distances=distances[order].astype(np.float32),
    )


def none_compared() -> ClassNeighbours:
    """What is known where no image was compared."""
    none, far = np.zeros(0, np.int64), np.zeros(0, np.float32)
    return ClassNeighbours(none, 0, far, far, none, np.zeros((0, 2), np.int64), far)


def reduced(images: np.ndarray) -> np.ndarray:
    """The images averaged down to at most 32 pixels on the longer side."""
    height, width = images.shape[1:3]
    shrink = min(1.0, _MOST_SIDE / max(height, width))
    if shrink < 1:
        return resize_images(images, max(1, round(height * shrink)), max(1, round(width * shrink)))
    return images


def _around_the_mean(images: np.ndarray) -> np.ndarray:
    """The images as rows of numbers around their mean, float32[N,D]."""
    rows = images.reshape(len(images), -1)
    return rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)


def _nearest_of_each_class(pixels: np.ndarray, places: np.ndarray, classes: int) -> np.ndarray:
    """Squared distance from each image to the nearest other image of each class, float32[N,classes]."""
    order = np.argsort(places, kind="stable")
    pixels, places = pixels[order], places[order]
    norms = np.einsum("nd,nd->n", pixels, pixels)
    nearest = np.full((len(pixels), classes), np.inf, np.float32)
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(pixels), _BLOCK)]
    for number, rows in enumerate(blocks):
        for columns in blocks[number:]:
            squares = pixels[rows] @ pixels[columns].T
            squares *= -2
            squares += norms[rows, np.newaxis]
            squares += norms[columns]
            np.maximum(squares, 0, out=squares)
            if rows == columns:
                np.fill_diagonal(squares, np.inf)
            _lower(nearest[rows], squares, places[columns])
            _lower(nearest[columns], squares.T, places[rows])
    unsorted = np.empty_like(nearest)
    unsorted[order] = nearest
    return unsorted


def _lower(nearest: np.ndarray, squares: np.ndarray, places: np.ndarray) -> None:
    """Take the smallest of each class's run of columns into `nearest`."""
    starts = np.flatnonzero(np.r_[True, np.diff(places) > 0])
    held = places[starts]
    nearest[:, held] = np.minimum(nearest[:, held], np.minimum.reduceat(squares, starts, axis=1))


def _pairs(pixels: np.ndarray, labels: np.ndarray, other: np.ndarray, most: int) -> np.ndarray:
    """The nearest pairs across classes, int64[M,2], each once, found again from the images that lie nearest."""
    norms = np.einsum("nd,nd->n", pixels, pixels)
    found: dict[tuple[int, int], None] = {}
    for row in np.argsort(other, kind="stable"):
        if len(found) == most or not np.isfinite(other[row]):
            break
        squares = norms - 2 * (pixels @ pixels[row])  # less |pixels[row]|^2, the same for all
        nearest = np.where(labels == labels[row], np.inf, squares).argmin()
        found[(min(int(row), int(nearest)), max(int(row), int(nearest)))] = None
    return np.array(list(found), np.int64).reshape(-1, 2)
