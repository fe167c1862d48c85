"""The one pass: every image decoded once, run through the model once, and seen by every statistic.

The model is traced once with the union of what all statistics need of it; statistics of equal keys are computed once. If
none needs the model, none is run. Memory is that of a batch and of the statistics, however many images there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..arguments import at_least
from ..progress import Progress, shown
from ..tracing.batched_graph import Computed, Program
from ..tracing.inputs import Arrays
from ..tracing.traced_model import Taps, TracedModel
from .statistic import Batch, ImageSource, Pictures, Statistic

_BATCH_VALUES = 2_500_000  # numbers of a batch's images: 16 of 224 x 224 x 3
_MOST_AT_ONCE = 256


def one_pass(
    model: Any,
    source: ImageSource,
    statistics: Sequence[Statistic[Any]],
    *,
    batch_size: int | None = None,
    progress: Progress = False,
    output: str | None = None,
    wrt: str | None = None,
) -> dict[str, Any]:
    """Compute statistics over all images of a source.

    Args:
        model: A Keras model; None where no statistic needs one.
        source: The images, in the range that the model takes.
        statistics: What to compute; of those with equal keys the first one.
        batch_size: Images at a time; None: as many as fit a few megabytes, 16 of 224 x 224 x 3, at most 256.
        progress: True for a bar with the time left, or a function called with (done, total).
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Returns:
        {key: result} of each statistic.

    Raises:
        ValueError: A layer is unknown, images do not fit the model or are not finite, or there are none.
    """
    once = {each.key: each for each in reversed(statistics)}
    stream = Stream(model, list(once.values()), output=output, wrt=wrt)
    for _ in shown(stream.run(source, batch_size), len(source), progress):
        pass
    return {each.key: once[each.key].result() for each in statistics}


class Stream:
    """A model traced once with all that some statistics need of it.

    Args:
        model: A Keras model; None where no statistic needs one.
        statistics: Each of another key.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
    """

    def __init__(
        self,
        model: Any,
        statistics: Sequence[Statistic[Any]],
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self._statistics = list(statistics)
        self._needing: set[int] = set()  # the statistics that look into the model
        self._program = None if model is None else Program(TracedModel(model, output=output, wrt=wrt), self._union)

    def run(self, source: ImageSource, batch_size: int | None = None) -> Iterator[int]:
        """Update the statistics with all images; yields how many were seen after each batch."""
        size = batch_size
        seen = 0
        for pictures in source.batches(at_least("batch_size", size, 1) if size is not None else images_at_once(source)):
            _refuse_not_finite(pictures)
            images = as_pixels(pictures.images, source.value_range)
            outcome = self._outcome(images, pictures.labels)
            for place, statistic in enumerate(self._statistics):
                statistic.update(self._batch(place, Batch(pictures.numbers, images, pictures.labels), outcome))
            seen += len(pictures.labels)
            yield seen
        if not seen:
            raise ValueError("Expected at least one image. Received a source without any. Give some images.")

    def _outcome(self, images: Arrays, labels: np.ndarray) -> Mapping[str, np.ndarray]:
        """What the model says of some images; nothing where no statistic needs it."""
        if self._program is None:
            return {}
        if self._program.proof is None:
            self._program.prepare(images)
        return self._program.labelled(images, labels) if self._needing else {}

    def _union(self, taps: Taps, scores: Any) -> Computed:
        """The tensors and facts of all statistics, each under the number of its own."""
        union = _Union()
        self._needing.clear()
        for place, statistic in enumerate(self._statistics):
            made = statistic.taps(taps, scores)
            if made is not None:
                self._needing.add(place)
                union.add(place, made if isinstance(made, Computed) else Computed(made))
        return Computed(union.tensors, union.facts)

    @property
    def tracings(self) -> int:
        """How often the model was traced."""
        return 0 if self._program is None else self._program.tracings

    def _batch(self, place: int, pictures: Batch, outcome: Mapping[str, np.ndarray]) -> Batch:
        """The images with what one statistic's own taps gave, and the logits."""
        if place not in self._needing or self._program is None:
            return pictures
        own = _own(place, outcome)
        own["logits"] = outcome["logits"]
        facts = {**_own(place, self._program.facts), "head": self._program.head}
        facts["logit_error"] = float(self._program.logit_error or 0.0)
        return replace(pictures, values=own, facts=facts)


@dataclass
class _Union:
    tensors: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, place: int, made: Computed) -> None:
        self.tensors |= {f"{place}|{name}": tensor for name, tensor in made.tensors.items()}
        self.facts |= {f"{place}|{name}": fact for name, fact in made.facts.items()}


def _own(place: int, named: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{place}|"
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def images_at_once(source: ImageSource) -> int:
    """Images of a batch of a few megabytes: 16 of 224 x 224 x 3, at most 256."""
    return batch_of(source.take(np.arange(1)).images) if len(source) else 1


def batch_of(images: Arrays) -> int:
    """As many images as fit a few megabytes, by the first of those given."""
    arrays = list(images.values()) if isinstance(images, dict) else images
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    values = sum(int(np.prod(np.shape(array)[1:])) for array in arrays)
    return int(np.clip(_BATCH_VALUES // max(values, 1), 1, _MOST_AT_ONCE))


def as_pixels(images: Arrays, value_range: tuple[float, float]) -> Arrays:
    """Pixels of uint8, 0 for black and 255 for white, as float32 in a range; others as they are."""
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        return images
    low, high = value_range
    return (np.arange(256, dtype=np.float32) / np.float32(255) * np.float32(high - low) + np.float32(low))[images]


def _refuse_not_finite(pictures: Pictures) -> None:
    images = pictures.images
    if not isinstance(images, np.ndarray) or images.dtype.kind != "f" or np.isfinite(images.sum(dtype=np.float64)):
        return  # a NaN or an infinity anywhere is one in the sum
    finite = np.isfinite(images.reshape(len(images), -1)).all(axis=1)
    if not finite.all():
        bad = pictures.numbers[~finite]
        raise ValueError(
            f"Expected finite pixels. Received NaN or infinity in {len(bad)} of {len(images)} images, first in image "
            f"{bad[0]}. Remove or mend these images."
        )
