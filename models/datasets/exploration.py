"""What there is to know about labelled images before any model sees them: counts, pixel values, means, examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .dataset import Dataset
from .duplicates import contents, equal_contents
from .neighbours import ClassNeighbours, compared_numbers, neighbours_among, none_compared, reduced
from .pixel_tallies import Moments, PixelCounts, as_bytes

_VALUES_AT_ONCE = 4_000_000


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
    found = DataStatistic(dataset, samples=samples, bins=bins, most_compared=most_compared, seed=seed)
    for batch in dataset.batches(at_once(dataset.images)):
        found.update(batch)
    return found.result()


def at_once(images: np.ndarray) -> int:
    """How many images are looked at together: 16 MB of them."""
    return max(1, _VALUES_AT_ONCE // int(np.prod(images.shape[1:])))


class Described(Protocol):
    """What is known of images before they are seen."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """By label."""
        ...

    @property
    def shown_range(self) -> tuple[float, float]:
        """(black, white) of what people see."""
        ...

    @property
    def pictures(self) -> Any:
        """What people see, [B,H,W,C] as an array reads; None: the images themselves."""
        ...

    def __len__(self) -> int:
        """How many images there are."""
        ...


class Images(Protocol):
    """Some images of a source."""

    @property
    def numbers(self) -> np.ndarray:
        """int64[n], of the images in their source."""
        ...

    @property
    def images(self) -> np.ndarray:
        """float32[n,H,W,C]."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """int64[n]."""
        ...


class DataStatistic:
    """What there is to know about images before any model sees them: a statistic, that no model is needed for.

    It keeps two images for each class, small pictures of those that are compared, and a few bytes for each image.

    Args:
        source: what is known of the images.
        samples, bins, most_compared, seed: as for `explore`.
    """

    state = ("_pixels", "_moments", "_labels", "_contents", "_reduced")

    def __init__(
        self, source: Described, *, samples: int = 12, bins: int = 64, most_compared: int = 20_000, seed: int = 0
    ) -> None:
        self.key = f"data|{samples}|{bins}|{most_compared}|{seed}"
        self._pictures = source.pictures  # what people see, where a preprocessing made the images unlike it
        self._range, self._classes = source.shown_range, len(source.class_names)
        self._samples, self._seed = samples, seed
        self._compared = compared_numbers(len(source), most_compared, seed)
        self._pixels = PixelCounts(self._range, bins)
        self._moments = [Moments() for _ in source.class_names]
        self._labels: dict[int, int] = {}
        self._contents: dict[int, bytes] = {}
        self._reduced: dict[int, np.ndarray] = {}

    def taps(self, taps: Any, scores: Any) -> None:
        """Nothing of a model."""
        return None

    def update(self, batch: Images) -> None:
        """Look at some more images."""
        images = batch.images if self._pictures is None else self._pictures[batch.numbers]
        stored = as_bytes(images)
        self._pixels.add(stored)
        for label in np.unique(batch.labels):
            self._moments[label].add(_rows(stored, np.flatnonzero(batch.labels == label)))
        numbers = batch.numbers.tolist()
        self._labels.update(zip(numbers, batch.labels.tolist(), strict=True))
        self._contents.update(zip(numbers, contents(stored), strict=True))
        rows = np.flatnonzero(np.isin(batch.numbers, self._compared))
        if len(rows):
            self._reduced.update(zip(batch.numbers[rows].tolist(), reduced(_rows(images, rows)), strict=True))

    def merge(self, later: DataStatistic) -> None:
        """Take over what another one saw."""
        self._pixels.merge(later._pixels)
        for own, other in zip(self._moments, later._moments, strict=True):
            own.merge(other)
        self._labels |= later._labels
        self._contents |= later._contents
        self._reduced |= later._reduced

    def result(self) -> Exploration:
        """The description of all images seen."""
        random = np.random.default_rng(self._seed)
        numbers = np.array(sorted(self._labels))
        labels = np.array([self._labels[number] for number in numbers.tolist()])
        shape = next(each.mean.shape for each in self._moments if each.images)
        groups = equal_contents(self._contents[number] for number in numbers.tolist())
        of_class = [numbers[labels == label] for label in range(self._classes)]
        return Exploration(
            counts=np.bincount(labels, minlength=self._classes).astype(np.int64),
            pixel_edges=np.linspace(*self._range, len(self._pixels.counts) + 1),
            pixel_counts=self._pixels.counts,
            lowest=self._pixels.lowest,
            highest=self._pixels.highest,
            black_share=self._pixels.black / self._pixels.values,
            white_share=self._pixels.white / self._pixels.values,
            means=np.stack([each.means(shape) for each in self._moments]),
            deviations=np.stack([each.deviations(shape) for each in self._moments]),
            samples=tuple(_drawn(rows, self._samples, random) for rows in of_class),
            duplicates=tuple(numbers[group] for group in groups),
            neighbours=self._neighbours(),
        )

    def _neighbours(self) -> ClassNeighbours:
        compared = np.array(sorted(self._reduced), np.int64)
        if not len(compared):  # a part without any of the images that are compared
            return none_compared()
        images = np.stack([self._reduced[number] for number in compared.tolist()])
        return neighbours_among(compared, images, np.array([self._labels[number] for number in compared.tolist()]))


def pixel_counts(dataset: Dataset, bins: int) -> np.ndarray:
    """How many pixel values lie in each of `bins` equal steps from black to white, int64[bins]; outside: the end bins."""
    found = PixelCounts(dataset.shown_range, bins)
    for batch in dataset.batches(at_once(dataset.images)):
        found.add(batch.images if dataset.pictures is None else dataset.pictures[batch.numbers])
    return found.counts


def _rows(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Those of the images; not a copy where it is all of them, in their order."""
    return images if len(rows) == len(images) else images[rows]


def _drawn(rows: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(rows, min(most, len(rows)), replace=False)) if len(rows) else rows
