"""The one pass: every image decoded once, run through the model once, and seen by every statistic.

The model is traced once with the union of what all statistics need of it; statistics of equal keys are computed once. If
none needs the model, none is run. Images that lie on a disk are read in a background thread, up to two batches ahead.
Memory is that of a batch and of the statistics, however many images there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arguments import at_least
from ..progress import Progress, shown
from ..tracing.batched_graph import Computed, LayerProgram, Program
from ..tracing.traced_model import Taps, TracedModel
from ..tracing.variants import rows_at_once
from .ahead import ahead
from .statistic import Batch, ImageSource, Pictures, Statistic


def one_pass(
    model: Any,
    source: ImageSource,
    statistics: Sequence[Statistic[Any]],
    *,
    batch_size: int | None = None,
    progress: Progress = False,
    output: str | None = None,
    wrt: str | None = None,
    fold: Collection[str] | None = None,
) -> dict[str, Any]:
    """Compute statistics over all images of a source.

    Args:
        model: A Keras model; None where no statistic needs one.
        source: The images, in the range that the model takes.
        statistics: What to compute; of those with equal keys the first one.
        batch_size: Images at a time; None: as many as fit a few megabytes, 8 of 224 x 224 x 3, at most 256.
        progress: True for a bar with the time left, or a function called with (what, done, total).
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        fold: Not None: batch normalisation is folded into the convolutions before it, except into these layers, of which
            gradients are asked (see `tracing.folding`). The proof of the logits is then that of the folded graph.

    Returns:
        {key: result} of each statistic.

    Raises:
        ValueError: A layer is unknown, images do not fit the model or are not finite, or there are none.
    """
    once: dict[str, Statistic[Any]] = {}
    for each in statistics:
        once.setdefault(each.key, each)
    stream = Stream(model, list(once.values()), output=output, wrt=wrt, fold=fold)
    for _ in shown(stream.run(source, batch_size), len(source), progress):
        pass
    return {key: statistic.result() for key, statistic in once.items()}


class Stream:
    """A model traced once with all that some statistics need of it.

    Args:
        model: A Keras model; None where no statistic needs one.
        statistics: Each of another key.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        fold: Layers that batch normalisation is not folded into; None: it is not folded at all.
    """

    def __init__(
        self,
        model: Any,
        statistics: Sequence[Statistic[Any]],
        *,
        output: str | None = None,
        wrt: str | None = None,
        fold: Collection[str] | None = None,
    ) -> None:
        self._statistics = list(statistics)
        self._traced = None if model is None else TracedModel(model, output=output, wrt=wrt, fold=fold)
        self._program: Program | None = None
        self._needing: set[int] = set()  # the statistics that look into the model

    def run(self, source: ImageSource, batch_size: int | None = None) -> Iterator[int]:
        """Update the statistics with all images; yields how many were seen after each batch."""
        size = images_at_once(source) if batch_size is None else at_least("batch_size", batch_size, 1)
        in_memory = isinstance(getattr(source, "images", None), np.ndarray) or len(source) <= size
        batches, seen = source.batches(size), 0
        for pictures in batches if in_memory else ahead(batches):
            _refuse_not_finite(pictures)
            outcome = self._outcome(pictures, source.value_range)
            for place, statistic in enumerate(self._statistics):
                statistic.update(self._batch(place, pictures, outcome))
            seen += len(pictures.labels)
            yield seen
        if not seen:
            raise ValueError("Expected at least one image. Received a source without any. Give some images.")

    def _outcome(self, pictures: Pictures, value_range: tuple[float, float]) -> Mapping[str, np.ndarray]:
        """What the model says of some images; nothing where no statistic needs it."""
        if self._traced is None:
            return {}
        if self._program is None:
            stored = value_range if getattr(pictures.images, "dtype", None) == np.uint8 else None
            self._program = LayerProgram(self._traced, self._union, stored=stored)
            self._program.prepare(pictures.images)
        return self._program.labelled(pictures.images, pictures.labels) if self._needing else {}

    def _union(self, taps: Taps, scores: Any) -> Computed:
        """The tensors and facts of all statistics, each under the number of its own."""
        union = _Union()
        for place, statistic in enumerate(self._statistics):
            made = statistic.taps(taps, scores)
            if made is not None:
                self._needing.add(place)
                union.add(place, made if isinstance(made, Computed) else Computed(made))
        return Computed(union.tensors, union.facts)

    def _batch(self, place: int, pictures: Pictures, outcome: Mapping[str, np.ndarray]) -> Batch:
        """The images with what one statistic's own taps gave, and the logits."""
        if place not in self._needing or self._program is None:
            return Batch(pictures.numbers, pictures.images, pictures.labels)
        own = _own(place, outcome)
        if "logits" in outcome:
            own["logits"] = outcome["logits"]
        facts = {**_own(place, self._program.facts), "head": self._program.head}
        facts["logit_error"] = float(self._program.logit_error or 0.0)
        facts["folded"] = len(self._program.traced.folded)
        return Batch(pictures.numbers, pictures.images, pictures.labels, own, facts)


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
    """Images of a batch of a few megabytes, see `rows_at_once`."""
    return rows_at_once(source.take(np.arange(1)).images) if len(source) else 1


def _refuse_not_finite(pictures: Pictures) -> None:
    images = pictures.images
    if not isinstance(images, np.ndarray) or images.dtype.kind != "f":
        return
    finite = np.isfinite(images).reshape(len(images), -1).all(axis=1)
    if not finite.all():
        bad = pictures.numbers[~finite]
        raise ValueError(
            f"Expected finite pixels. Received NaN or infinity in {len(bad)} of {len(images)} images, first in image "
            f"{bad[0]}. Remove or mend these images."
        )
