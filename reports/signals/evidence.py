"""Which series or volumes are shown, with what speaks for their class, and where along each axis it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.maps.resampling import enlarged
from ...interpret.maps.spans import Span, along_each, spans_of
from ...interpret.stream.image_choice import sample_numbers
from ...models.signals import Signals
from ..drawing.signal_form import SignalForm
from ..evidence.twin import DrawnOnly
from ..sections.section import About
from .seen import SignalsSeen

MOST_CLASSES = 12  # with examples; of more those of which the smallest share is found
_MISTAKES = {"series": 18, "volumes": 8}
_OF_CLASS = {"series": 3, "volumes": 1}
_AVERAGED = {"series": 64, "volumes": 16}  # right answers of a class whose evidence is averaged


@dataclass(frozen=True, eq=False)
class ShownSignals:
    """Some of them, with maps at their own places of what speaks for a class and against it."""

    numbers: np.ndarray  # int64[n]
    true: np.ndarray  # int64[n]
    predicted: np.ndarray  # int64[n]
    probability: np.ndarray  # float64[n], 0..1, of the predicted class
    values: DrawnOnly[np.ndarray]  # float32[n,places...,C]
    for_predicted: DrawnOnly[np.ndarray]  # float32[n,places...], in units of the score
    for_true: DrawnOnly[np.ndarray]  # likewise
    spans: tuple[
        tuple[Span | None, ...], ...
    ]  # of each, where along each axis half of what speaks for the predicted lies


@dataclass(frozen=True, eq=False)
class ClassEvidence:
    """Where the model finds a class, over its right answers."""

    label: int
    averaged: int  # right answers, drawn of all of them where there are more
    spans: tuple[Span | None, ...]  # along each axis, of the mean over these
    part: (
        float  # 0..1, median over these: the part of the first axis that holds half of one's own evidence; NaN for none
    )
    profile: DrawnOnly[np.ndarray]  # float64[L or D], along the first axis: the mean share of the evidence, sum 1 or 0
    mean: DrawnOnly[np.ndarray]  # float32[L or D, C], the mean values along the first axis
    surest: ShownSignals


@dataclass(frozen=True, eq=False)
class SignalsEvidence:
    """All of the page but the figures, the layers, the trust and the model."""

    kind: str  # 'series' or 'volumes'
    sizes: tuple[int, ...]  # places along each axis
    channels: int
    steps: tuple[float, ...]  # from one place to the next along each axis, in `unit`; none where nothing tells it
    unit: str
    method: str  # of the maps
    layer: str | None  # where they are taken; None: at the input
    mistakes: ShownSignals  # the surest first
    wrong: int  # of all
    classes: tuple[ClassEvidence, ...]

    @property
    def form(self) -> SignalForm:
        """How the values are to be read."""
        return SignalForm(True, self.steps, self.unit)


def signals_of(about: About) -> Signals:
    """What the report is about."""
    given: Any = about.dataset
    return given


def gather_signals(seen: SignalsSeen) -> SignalsEvidence:
    """The mistakes and the surest right answers of each class, with maps."""
    found, kind = seen.evaluation, seen.dataset.kind
    wrong = np.flatnonzero(found.predictions != found.labels)
    sure = found.probabilities[np.arange(len(found.labels)), found.predictions]
    first = wrong[np.argsort(-sure[wrong], kind="stable")][: _MISTAKES[kind]]
    labels = [label for label in np.argsort(found.recall, kind="stable") if found.support[label]]
    return SignalsEvidence(
        kind=kind,
        sizes=seen.dataset.sizes,
        channels=seen.dataset.images.shape[-1],
        steps=seen.dataset.steps,
        unit=seen.dataset.unit,
        method=str(seen.makers.signed_by),
        layer=seen.information.cam_layer,
        mistakes=_shown(seen, first),
        wrong=len(wrong),
        classes=tuple(_of_class(seen, int(label), sure) for label in sorted(labels[:MOST_CLASSES])),
    )


def _maps(seen: SignalsSeen, numbers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """float32[n,places...]: what speaks for these classes and against them, at the places of the input."""
    sizes = seen.dataset.sizes
    if not len(numbers):
        return np.zeros((0, *sizes), np.float32)
    made = seen.makers.signed(seen.values(numbers), classes.astype(np.int32), batch_size=seen.batch_size)
    return enlarged(np.asarray(made), sizes)


def _shown(seen: SignalsSeen, numbers: np.ndarray) -> ShownSignals:
    found = seen.evaluation
    true, predicted = found.labels[numbers], found.predictions[numbers]
    maps = _maps(seen, numbers, predicted)
    return ShownSignals(
        numbers=numbers.astype(np.int64),
        true=true,
        predicted=predicted.astype(np.int64),
        probability=found.probabilities[numbers, predicted].astype(np.float64),
        values=seen.values(numbers),
        for_predicted=maps,
        for_true=maps if (true == predicted).all() else _maps(seen, numbers, true),
        spans=tuple(spans_of(each) for each in maps),
    )


def _of_class(seen: SignalsSeen, label: int, sure: np.ndarray) -> ClassEvidence:
    found, kind = seen.evaluation, seen.dataset.kind
    right = np.flatnonzero((found.labels == label) & (found.predictions == label))
    some = right[sample_numbers(len(right), _AVERAGED[kind], seen.plan.seed)] if len(right) else right
    maps = _maps(seen, some, found.labels[some])
    shares = [along_each(each / total) for each in maps if (total := np.maximum(each, 0).sum(dtype=np.float64)) > 0]
    along = [np.mean(axis, axis=0) for axis in zip(*shares, strict=True)] or [np.zeros(n) for n in seen.dataset.sizes]
    own = [span.part for each in maps if (span := spans_of(each)[0]) is not None]
    others = tuple(range(2, maps.ndim))
    values = seen.values(some if len(some) else np.flatnonzero(found.labels == label)[:1]).mean(axis=(0, *others))
    return ClassEvidence(
        label=label,
        averaged=len(some),
        spans=tuple(spans_of(axis)[0] for axis in along),
        part=float(np.median(own)) if own else float("nan"),
        profile=along[0],
        mean=values,
        surest=_shown(seen, right[np.argsort(-sure[right], kind="stable")][: _OF_CLASS[kind]]),
    )
