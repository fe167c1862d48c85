"""What is counted over a data set, one batch after another: the images' side, the statistic's side, and their law.

A `Statistic` says which tensors it needs of a traced model, is updated with each batch, and gives a frozen record. It
follows one law, to rounding: a statistic that saw two parts of the images, in any order, and two statistics that saw a
part each and were merged, give the same result. So the images may come in batches of any size, and from several places.

An `ImageSource` gives the images: a data set in memory is one, a folder that is read batch by batch is another. The
records of this file are matched by their form; a source needs to import nothing from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from ..tracing.batched_graph import Computed
from ..tracing.inputs import Arrays
from ..tracing.traced_model import Taps

R_co = TypeVar("R_co", covariant=True)


class LabelledImages(Protocol):
    """Some images with their labels."""

    @property
    def images(self) -> Any:
        """float32[n,H,W,C] in the source's range, or uint8 where 0 stands for its black and 255 for its white."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """int64[n]."""
        ...


class Pictures(LabelledImages, Protocol):
    """Some images of a source, with their numbers."""

    @property
    def numbers(self) -> np.ndarray:
        """int64[n], of the images in their source."""
        ...


class ImageSource(Protocol):
    """Labelled images that are read one batch after another."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """K names, by label."""
        ...

    @property
    def value_range(self) -> tuple[float, float]:
        """(black, white): what uint8 pixels stand for."""
        ...

    def __len__(self) -> int:
        """How many images there are; at most, where some may turn out to be unreadable."""
        ...

    def batches(self, size: int) -> Iterator[Pictures]:
        """All images, up to `size` at a time, each once, numbered from 0 in this order."""
        ...

    def take(self, numbers: np.ndarray, /) -> LabelledImages:
        """The images of these numbers, in this order, as float32 in the range of the source."""
        ...


@dataclass(frozen=True, eq=False)
class Batch:
    """Some images with what a statistic's own taps gave for them."""

    numbers: np.ndarray  # int64[n], of the images in their source
    images: Arrays  # [n,H,W,C], as the source gives them
    labels: np.ndarray  # int64[n]
    values: Mapping[str, np.ndarray] = field(default_factory=dict)  # of the taps; read-only views, gone with the batch
    facts: Mapping[str, Any] = field(default_factory=dict)  # of the trace; with 'head' and 'logit_error' of the model


class Statistic(Protocol[R_co]):
    """Something counted over images; see the law above.

    One whose parts are counted in several places tells by `state` the names of the members that an update changes; they
    hold numbers, texts, arrays, lists, mappings and records (`reports.store.states` writes them).
    """

    @property
    def key(self) -> str:
        """What is counted, with all that it depends on: statistics with equal keys are computed once."""
        ...

    def taps(self, taps: Taps, scores: Any) -> Mapping[str, Any] | Computed | None:
        """The tensors that it needs, inside of the graph; None where the images themselves are enough."""
        ...

    def update(self, batch: Batch) -> None:
        """See some more images."""
        ...

    def merge(self, later: Self) -> None:
        """Take over what another one of the same key saw, of images that this one has not seen."""
        ...

    def result(self) -> R_co:
        """The record of all that was seen."""
        ...


class ArraySource:
    """Arrays in memory as a source of images.

    Args:
        images: [B,H,W,C], or the list or dict of arrays that a model takes, in the range that it takes.
        labels: int64[B]; None where they are not known: all -1.
        class_names: By label.
    """

    value_range = (0.0, 255.0)  # uint8 arrays mean what they say: no scaling

    def __init__(self, images: Arrays, labels: np.ndarray | None = None, class_names: Sequence[str] = ()) -> None:
        self._images = images
        self._count = len(_parts(images)[0])
        self._labels = np.full(self._count, -1, np.int64) if labels is None else np.asarray(labels)
        self.class_names = tuple(class_names)

    def __len__(self) -> int:
        return self._count

    def batches(self, size: int) -> Iterator[Batch]:
        """The images in order."""
        for start in range(0, len(self), size):
            yield self._rows(slice(start, start + size))

    def take(self, numbers: np.ndarray) -> Batch:
        """The images of these numbers."""
        return self._rows(np.asarray(numbers))

    def _rows(self, rows: Any) -> Batch:
        return Batch(np.arange(len(self))[rows], _rows_of(self._images, rows), self._labels[rows])


def _parts(images: Arrays) -> list[np.ndarray]:
    """The arrays behind images in any form."""
    if isinstance(images, dict):
        return [np.asarray(array) for array in images.values()]
    arrays = images if isinstance(images, (list, tuple)) else [images]
    return [array if hasattr(array, "shape") else np.asarray(array) for array in arrays]


def _rows_of(images: Arrays, rows: Any) -> Arrays:
    if isinstance(images, dict):
        return {name: np.asarray(array)[rows] for name, array in images.items()}
    if isinstance(images, (list, tuple)):
        return [np.asarray(array)[rows] for array in images]
    return images[rows] if hasattr(images, "shape") else np.asarray(images)[rows]
