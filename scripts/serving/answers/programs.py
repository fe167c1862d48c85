"""A model's programs: one for predictions, one for each method and layer, each traced once and run on whole batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurelens.interpret.maps.regions import evidence_regions
from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.interpret.reference.hidden_features import hidden_features
from featurelens.interpret.reference.unlike import ReferenceImages, Unlikeness
from featurelens.interpret.tracing.batched_graph import Computed, Program, computed
from featurelens.interpret.tracing.layer_choice import default_layer
from featurelens.interpret.tracing.traced_model import Taps, TracedModel
from featurelens.scripts.serving.answers.decisions import Decisions, decisions
from featurelens.scripts.serving.answers.method_choice import method_of
from featurelens.scripts.serving.answers.questions import Key, Row

_PROGRAMS_KEPT = 32  # beside the default one: each layer that is named is another program
Run = Callable[[list[np.ndarray], np.ndarray, np.ndarray], Mapping[str, np.ndarray]]


class MapsOfBatch:
    """The maps of a batch with what is said of each."""

    def __init__(self, values: np.ndarray) -> None:
        flat = values.reshape(len(values), -1)
        self.values = values  # float32[B,h,w]
        self.smallest, self.largest = flat.min(axis=1).tolist(), flat.max(axis=1).tolist()
        self.regions: list[tuple[str, float]] = []  # in words, and the share of the positive evidence there
        if values.ndim == 3:
            found = evidence_regions(values)
            self.regions = [(found.name(row), share) for row, share in enumerate(found.held.tolist())]


@dataclass(frozen=True, eq=False)
class BatchAnswers:
    """What a model says of a batch, made for all rows at once."""

    decided: Decisions
    explained: list[int]  # classes
    maps: MapsOfBatch | None
    unlike: Unlikeness | None


@dataclass(frozen=True, eq=False)
class Answer:
    """One row of it."""

    batch: BatchAnswers
    row: int


class ModelPrograms:
    """All that one model is asked; every call comes from the thread that owns it.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C], some of the references: the programs are proven on them.
        references: What is usual; None where there are no references.
    """

    def __init__(self, model: Any, images: np.ndarray, references: ReferenceImages | None = None) -> None:
        self.references = references
        self._model, self._images = model, images
        self._traced = TracedModel(model)
        self._predict = Program(self._traced, _with_features)
        self._runs: dict[tuple[str, str | None], Run] = {}
        self._expensive: dict[tuple[str, str | None, int], Any] = {}
        self._predicted = self._predict.prepared(images)[1]
        self.default_layer: str | None = self._predict.facts["layer"]  # the last convolution

    @property
    def head(self) -> Any:
        """How the answer follows from the logits."""
        return self._predict.head

    @property
    def logit_error(self) -> float:
        """Largest |head(logits) - model(x)| seen in the proof."""
        return float(self._predict.logit_error or 0.0)

    def logits_and_features(self, images: Any, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray | None]:
        """float32[B,K] and float32[B,D] of images; None for features where no layer is seen."""
        found = self._predict.run(images, batch_size=batch_size)
        return found["logits"], found.get("features")

    def layer_of(self, known: KnownMethod, layer: str | None) -> str | None:
        """Where a method looks: the layer named, or the last convolution; None for methods of the pixels."""
        if not known.is_at_layer:
            return None
        return layer or self.default_layer

    def check(self, known: KnownMethod, layer: str | None) -> None:
        """Trace a method, and run it on an image, one of many passes for its first: no question has to wait for that later.

        Raises:
            ValueError: The model cannot be explained by it, or has no such layer.
        """
        if known.is_expensive:
            with suppress(_Enough):
                self.many_passes(known, layer, Row(self._images[0]), _one_slice, 1)
            return
        nobody = np.full(1, -1, np.int32)
        self._run_of(known, layer)([self._images[:1]], nobody, nobody)

    def answers(self, key: Key, rows: Sequence[Row]) -> list[Answer | Exception]:
        """What the model says of each row; an error where that is no number."""
        images = np.stack([row.pixels for row in rows])
        explained = np.array([row.explained for row in rows], np.int32)
        versus = np.array([row.versus for row in rows], np.int32)
        run = self._predicted if key.is_prediction else self._run_of(method_of(key.method), key.layer)
        found = run([images], explained, versus)
        logits = found["logits"]
        unlike = None
        if self.references is not None and not key.is_prediction:
            unlike = self.references.unlikeness(logits, found.get("features"))
        batch = BatchAnswers(
            self._decisions(logits),
            found["classes"].tolist(),
            None if key.is_prediction else MapsOfBatch(np.array(found["map"], np.float32)),
            unlike,
        )
        sound = np.asarray(np.isfinite(logits).all(axis=1))
        if batch.maps is not None:
            sound &= np.isfinite(batch.maps.values).reshape(len(rows), -1).all(axis=1)
        return [Answer(batch, row) if sound[row] else _not_finite() for row in range(len(rows))]

    def many_passes(
        self, known: KnownMethod, layer: str | None, row: Row, step: Callable[[int, int], None], rows: int
    ) -> Answer:
        """The answer with a map of many passes, so many rows at a time; between them `step` is told how far it is."""
        one = np.array([row.explained], np.int32), np.array([row.versus], np.int32)
        image = row.pixels[np.newaxis]
        found = self._predicted([image], *one)
        step(0, 1)
        method = self._expensive_one(known, layer, min(row.pixels.shape[:2]))
        named = int(found["classes"][0])
        maps = method(image, named, None if row.versus < 0 else row.versus, rows, lambda _, *far: step(*far))
        logits = np.array(found["logits"])
        unlike = self.references.unlikeness(logits, found.get("features")) if self.references is not None else None
        return Answer(BatchAnswers(self._decisions(logits), [named], MapsOfBatch(np.asarray(maps)), unlike), 0)

    def _decisions(self, logits: np.ndarray) -> Decisions:
        return decisions(np.array(logits, np.float32), self.head.probabilities(logits))

    def _expensive_one(self, known: KnownMethod, layer: str | None, side: int) -> Any:
        """The method, traced once: a trace in the middle of the batches would hold them all up."""
        place = known.name, layer, side
        if place not in self._expensive:
            if len(self._expensive) >= _PROGRAMS_KEPT:
                self._expensive.clear()
            self._expensive[place] = known.make(self._model, layer, side)
        return self._expensive[place]

    def _run_of(self, known: KnownMethod, layer: str | None) -> Run:
        place = known.name, layer
        if place not in self._runs:
            if len(self._runs) >= _PROGRAMS_KEPT:
                del self._runs[list(self._runs)[1]]
            self._runs[place] = self._made(known, layer)
        return self._runs[place]

    def _made(self, known: KnownMethod, layer: str | None) -> Run:
        if known.compute is None:
            return self._beside_prediction(known.make(self._model, layer, min(self._images.shape[1:3])))
        compute = known.compute(layer)

        def with_map(taps: Taps, scores: Any) -> dict[str, Any]:
            return {"map": computed(compute(taps, scores)).tensors["map"], **_with_features(taps, scores).tensors}

        return Program(self._traced, with_map).prepared(self._images)[1]

    def _beside_prediction(self, method: Any) -> Run:
        """A method that is no part of a larger program: a prediction, and then its map."""

        def run(flat: list[np.ndarray], explained: np.ndarray, versus: np.ndarray) -> Mapping[str, np.ndarray]:
            found = dict(self._predicted(flat, explained, versus))
            maps: dict[int, np.ndarray] = {}
            for chosen in (versus < 0, versus >= 0):  # a method takes either no second class, or one for each image
                rows = np.flatnonzero(chosen)
                if len(rows):
                    other = None if versus[rows[0]] < 0 else versus[rows]
                    made = np.asarray(method(flat[0][rows], found["classes"][rows], other))
                    maps.update(zip(rows.tolist(), made, strict=True))
            found["map"] = np.stack([maps[row] for row in range(len(versus))])
            return found

        return run


class _Enough(Exception):
    """A method of many passes has begun, which was all that was asked of it."""


def _one_slice(done: int, _: int) -> None:
    if done:
        raise _Enough


def _not_finite() -> ValueError:
    return ValueError("Expected finite logits and maps. Received NaN or Inf from the model. Send another picture.")


def _with_features(taps: Taps, _: Any) -> Computed:
    features = hidden_features(taps)
    return Computed({} if features is None else {"features": features}, {"layer": default_layer(taps)})
