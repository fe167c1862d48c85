"""The last hidden layer of each image: what the classes are read off, for likeness between images as the model sees it.

It is the last vector on the way to the scores that the scores are still computed from: the dense layer before the head,
or the global average. Where it is wide it is projected by a fixed random matrix, which keeps cosines to about 1 / sqrt(512).
Of many images a sample is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.ways import leads_to
from ..tracing.batched_graph import Computed
from ..tracing.layer_choice import on_the_way
from ..tracing.traced_model import TappedLayer, Taps
from .statistic import Batch

MOST_IMAGES = 20_000
_WIDEST = 512  # numbers of an image


@dataclass(frozen=True, eq=False)
class HiddenFeatures:
    """The last hidden layer of some images."""

    layer: str | None  # its name; None where the model shows none, and there are no features
    numbers: np.ndarray  # int64[N], of the images, rising
    features: np.ndarray  # float32[N,D]
    projected_from: int | None  # units of the layer, where they are projected onto fewer


def last_hidden(taps: Taps) -> TappedLayer | None:
    """The last layer of one vector per image that the scores are computed from; None where there is none.

    A layer that puts out the scores themselves, or their probabilities, is not hidden.
    """
    before = leads_to([taps.logits]) - _the_scores(taps.logits)
    vectors = [layer for layer in on_the_way(taps) if layer.tensor.op in before and _is_vector(layer)]
    return vectors[-1] if vectors else None


def _the_scores(logits: Any) -> set[Any]:
    """The operations that hold the scores themselves, in another form or type."""
    found, op = {logits.op}, logits.op
    while op.type in ("Identity", "Cast", "Reshape", "StopGradient"):
        op = op.inputs[0].op
        found.add(op)
    return found


def _is_vector(layer: TappedLayer) -> bool:
    shape = layer.tensor.shape
    return shape.rank == 2 and shape[-1] is not None and layer.tensor.dtype.is_floating


class HiddenStatistic:
    """The last hidden layer as a statistic of the stream.

    Args:
        images: how many there are.
        most: of more, that many are sampled.
        seed: of the sample, and of the projection.
    """

    state = ("_rows", "_facts")

    def __init__(self, images: int, *, most: int = MOST_IMAGES, seed: int = 0) -> None:
        self.key = f"last hidden layer of {min(images, most)} of {images}, drawn with {seed}"
        self._kept = np.zeros(images, bool)
        self._kept[np.random.default_rng(seed).permutation(images)[:most]] = True
        self._seed = seed
        self._rows: list[tuple[np.ndarray, np.ndarray]] = []
        self._facts: dict[str, Any] = {"layer": None, "units": 0}

    def taps(self, taps: Taps, scores: Any) -> Computed:
        """The layer, or its projection."""
        import tensorflow as tf

        layer = last_hidden(taps) if taps.has_scores else None
        if layer is None:
            return Computed({}, {"layer": None, "units": 0})
        units = int(layer.tensor.shape[-1])
        values = tf.cast(layer.tensor, tf.float32)
        if units > _WIDEST:
            values = tf.matmul(values, tf.constant(_projection(units, self._seed)))
        return Computed({"hidden": values}, {"layer": layer.name, "units": units})

    def update(self, batch: Batch) -> None:
        """See some more images."""
        self._facts = {name: batch.facts.get(name, known) for name, known in self._facts.items()}
        if "hidden" in batch.values:
            rows = np.flatnonzero(self._kept[batch.numbers])
            self._rows.append((batch.numbers[rows], batch.values["hidden"][rows].copy()))

    def merge(self, later: HiddenStatistic) -> None:
        """Take over what another one saw of other images."""
        self._facts = self._facts if self._facts["layer"] is not None else later._facts
        self._rows += later._rows

    def result(self) -> HiddenFeatures:
        """The layer of the images kept, in the order of their numbers."""
        if not self._rows:
            return HiddenFeatures(None, np.zeros(0, np.int64), np.zeros((0, 0), np.float32), None)
        numbers, features = (np.concatenate(column) for column in zip(*self._rows, strict=True))
        order, units = np.argsort(numbers, kind="stable"), self._facts["units"]
        projected = units if units > _WIDEST else None
        return HiddenFeatures(self._facts["layer"], numbers[order], features[order], projected)


def _projection(units: int, seed: int) -> np.ndarray:
    """float32[units,512] that keeps lengths and angles on average (Johnson, Lindenstrauss 1984)."""
    return np.random.default_rng(seed).normal(0, _WIDEST**-0.5, (units, _WIDEST)).astype(np.float32)
