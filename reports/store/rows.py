"""What the one pass gives for the images of a unit, padded so that the bits do not depend on where a unit ends.

TensorFlow chooses its kernels by the number of rows: of a batch of one the logits differ in the last bits, below 16 rows the
maps do. So a short last batch is filled up with its last image, and what it says of those is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.graph.head import BINARY, CLASSES
from ...interpret.stream.named_maps import named_maps
from ...interpret.stream.one_pass import Stream
from ...interpret.stream.statistic import Batch
from ...interpret.tracing.batched_graph import Computed, computed
from ...interpret.tracing.layer_choice import default_layer
from ...interpret.tracing.traced_model import Taps
from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import image_losses
from .files.units import Unit
from .unit_source import PADDING, UnitSource
from .wanted import Wanted, WantedMap

_PEAK = "peak"
_LARGEST_16 = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class UnitRows:
    """All that is kept of a unit, a row an image."""

    columns: Mapping[str, np.ndarray]  # of the table
    maps: Mapping[str, np.ndarray]  # {name of an array: float[n,h,w]}
    activations: Mapping[str, np.ndarray]  # {name of an array: float[n,...]}


class RowReader:
    """A model traced once for all that is wanted; it then reads one unit after another.

    Args:
        model: A Keras model.
        dataset: The images, in the range that the model takes.
        wanted: What is kept of each.
        batch_size: Images at a time: part of what decides the last bits.
    """

    def __init__(self, model: Any, dataset: Dataset, wanted: Wanted, batch_size: int) -> None:
        self._dataset = dataset
        self._batch_size = batch_size
        self._recorded = _Recorded(model, wanted, min(dataset.images.shape[1:3]))
        self._stream = Stream(model, [self._recorded])

    def read(self, unit: Unit) -> UnitRows:
        """What is kept of the images of a unit.

        Raises:
            ValueError: Images do not fit the model or are not finite, the logits cannot be proven, or a value does not fit
                into the dtype that was asked for.
        """
        self._recorded.begin(len(unit))
        for _ in self._stream.run(UnitSource(self._dataset, unit, padded=True), self._batch_size):
            pass
        return self._recorded.rows(unit, self._dataset)


class _Recorded:
    """The rows of one unit as a statistic of the stream: it keeps what it sees, in the order of the numbers."""

    def __init__(self, model: Any, wanted: Wanted, side: int) -> None:
        self.key = "rows of a unit"
        self._wanted = wanted
        self._of_many_passes = {
            each: each.method.make(model, each.layer, side) for each in wanted.maps if each.method.compute is None
        }
        self._kept: dict[str, np.ndarray] = {}
        self._facts: Mapping[str, Any] = {}
        self._count = self._seen = 0

    def begin(self, images: int) -> None:
        self._kept, self._count, self._seen = {}, images, 0

    def taps(self, taps: Taps, scores: Any) -> Computed:
        """The maps of one pass, activations, and the largest value of Grad-CAM, which a report asks for."""
        made = {
            _key(each): _map_of(each, taps, scores) for each in self._wanted.maps if each.method.compute is not None
        }
        made |= {f"layer {name}": taps.find(name).tensor for name in self._wanted.activations}
        if default_layer(taps) is not None:
            made[_PEAK] = named_maps(taps, scores, ["grad_cam_peak"]).tensors["grad_cam_peak"]
        return Computed(made)

    def update(self, batch: Batch) -> None:
        """Keep the rows of the images that are no padding."""
        real = int((batch.numbers != PADDING).sum())
        self._facts = batch.facts
        values = dict(batch.values)
        classes = values["logits"].argmax(axis=1).astype(np.int32)
        for each, method in self._of_many_passes.items():
            values[_key(each)] = method(batch.images, classes, batch_size=len(classes))
        rows = slice(self._seen, self._seen + real)
        for name, value in values.items():
            room = self._room(name, value)
            room[rows] = _fitting(name, value[:real], room.dtype)
        self._seen += real

    def merge(self, later: _Recorded) -> None:
        """Append the rows of later images."""
        for name, value in later._kept.items():
            self._kept[name] = np.concatenate([self._kept[name], value])
        self._count += later._count
        self._seen += later._seen

    def result(self) -> Mapping[str, np.ndarray]:
        """{name: a row an image}."""
        return self._kept

    def rows(self, unit: Unit, dataset: Dataset) -> UnitRows:
        maps = {each.name: self._kept[_key(each)] for each in self._wanted.maps}
        return UnitRows(
            columns=self._columns(unit, dataset, maps),
            maps=maps,
            activations={name: self._kept[f"layer {name}"] for name in self._wanted.activations},
        )

    def _room(self, name: str, value: np.ndarray) -> np.ndarray:
        if name not in self._kept:
            dtype = value.dtype if name in ("logits", _PEAK) else np.dtype(self._wanted.dtype)
            self._kept[name] = np.empty((self._count, *value.shape[1:]), dtype)
        return self._kept[name]

    def _columns(self, unit: Unit, dataset: Dataset, maps: Mapping[str, np.ndarray]) -> dict[str, Any]:
        logits, labels = self._kept["logits"], dataset.labels[unit.start : unit.stop]
        head = self._facts["head"]
        probabilities = np.asarray(head.probabilities(logits))
        predicted = logits.argmax(axis=1).astype(np.int32)
        sure = probabilities[np.arange(len(predicted)), predicted]
        one_is_right = head.task in (CLASSES, BINARY)  # of several labels each may be
        known = one_is_right and bool((labels >= 0).all())
        losses = image_losses(probabilities, labels) if known else np.full(len(labels), np.nan)
        found = {
            "number": np.arange(unit.start, unit.stop, dtype=np.int64),
            "label": labels.astype(np.int32),
            "predicted": predicted,
            "correct": predicted == labels,
            "probability": sure.astype(np.float32),
            "loss": losses.astype(np.float32),
            "grad_cam_peak": self._kept.get(_PEAK, np.full(len(labels), np.nan, np.float32)),
            "logits": logits,
            "probabilities": probabilities.astype(np.float32),
        }
        zero = {f"zero:{name}": ~values.reshape(len(values), -1).any(axis=1) for name, values in maps.items()}
        return {**found, **zero}


def _fitting(name: str, values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """The values, refused where float16 has no number for them."""
    largest = float(np.abs(values).max(initial=0)) if dtype == np.float16 else 0.0
    if largest > _LARGEST_16 and np.isfinite(largest):
        raise ValueError(
            f"Expected values of at most {_LARGEST_16:,.0f}, the largest of float16. Received {largest:.6g} in the {name}. "
            f"Keep them as float32: --dtype float32."
        )
    return values


def _key(wanted: WantedMap) -> str:
    return f"map {wanted.name}"


def _map_of(wanted: WantedMap, taps: Taps, scores: Any) -> Any:
    assert wanted.method.compute is not None  # only those of one pass come here
    return computed(wanted.method.compute(wanted.layer)(taps, scores)).tensors["map"]
