"""What is kept of a model after an epoch: maps of a few images, and what each layer and each method is worth by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from ... import Record
from ...interpret.layers.inspection import inspect_model
from ...interpret.layers.survey import survey_layers
from ...interpret.methods.catalogue import KnownMethod
from ...interpret.stream.activations import ActivationExtractor
from ...interpret.stream.predictions import decisions
from ...interpret.trust.measure import measure_trust
from ...interpret.trust.record import Samples, Trust, TrustPlan

Drawn = Annotated[np.ndarray, "drawn only"]  # maps, which the page shows, and `to_json` leaves out


@dataclass(frozen=True, eq=False)
class LayerState(Record):
    """One layer after an epoch."""

    name: str
    maps: Drawn  # float32[N,h,w,C'], of the images and channels that are shown
    channels: int  # in all
    silent: int  # that never exceed 0 on any image
    probe: float | None  # 0..1, accuracy of a linear probe on images held out; None without labels


@dataclass(frozen=True, eq=False)
class MethodState(Record):
    """One method after an epoch."""

    name: str
    maps: Drawn  # float32[N,h,w] of the images that are shown, for the predicted class
    verdict: str | None  # 'good', 'weak', 'failed' or 'unknown'; None where trust is not measured
    why: str  # in words; what the model refuses, too


@dataclass(frozen=True, eq=False)
class Epoch(Record):
    """The model after an epoch."""

    number: int  # epochs done; 0: before the training
    measures: dict[str, float]  # what Keras logs: 'loss', 'accuracy', 'val_loss', ...
    layers: tuple[LayerState, ...]
    methods: tuple[MethodState, ...]
    predicted: tuple[int, ...]  # N, class of each image shown
    confidence: tuple[float, ...]  # N, its probability, 0..1


@dataclass(frozen=True, eq=False)
class Watched:
    """What is looked at after each epoch; costly things are made once."""

    model: Any
    images: Any  # float32[B,H,W,C], all
    shown: np.ndarray  # float32[N,H,W,C], those that are drawn
    labels: np.ndarray | None  # int64[B]
    layers: tuple[str, ...]
    methods: tuple[KnownMethod, ...]
    channels: int  # of a layer that are drawn
    trust_images: int
    extract: ActivationExtractor
    made: Mapping[str, Any]  # {method: the method, or the words of its refusal}

    @classmethod
    def of(
        cls,
        model: Any,
        images: Any,
        labels: np.ndarray | None,
        layers: Sequence[str] | None,
        methods: Sequence[KnownMethod],
        *,
        shown: int,
        channels: int,
        trust_images: int,
    ) -> Watched:
        """Look at a model for the first time."""
        few = np.asarray(images[:shown])
        known = inspect_model(model, few).layers
        names = tuple(layers or [each.name for each in known if each.convolution and each.spatial])
        made: dict[str, Any] = {}
        for method in methods:
            try:
                made[method.name] = method.make(model, None, min(few.shape[1:3]))
            except ValueError as refused:
                made[method.name] = str(refused)
        extract = ActivationExtractor(model, names)
        return cls(model, images, few, labels, names, tuple(methods), channels, trust_images, extract, made)

    def after(self, number: int, measures: Mapping[str, Any]) -> Epoch:
        """The model as it is now."""
        decided = decisions(self.model, self.shown)
        trust = self._trust()
        return Epoch(
            number=number,
            measures={name: float(value) for name, value in measures.items()},
            layers=self._layers(),
            methods=tuple(self._method(known, trust) for known in self.methods),
            predicted=tuple(int(each) for each in decided.classes),
            confidence=tuple(float(p[k]) for p, k in zip(decided.probabilities, decided.classes, strict=True)),
        )

    def _layers(self) -> tuple[LayerState, ...]:
        maps = self.extract(self.shown)
        if self.labels is None:
            silent, probes = self._silent(), {}
        else:
            found = survey_layers(self.model, self.images, self.labels, list(self.layers)).layers
            silent = {each.name: len(each.silent_channels) for each in found}
            probes = {each.name: each.probe.accuracy for each in found if np.isfinite(each.probe.accuracy)}
        return tuple(
            LayerState(name, values[..., : self.channels], values.shape[-1], silent[name], probes.get(name))
            for name, values in maps.items()
        )

    def _silent(self) -> dict[str, int]:
        highest: dict[str, np.ndarray] = {}
        for batch in self.extract.stream(self.images):
            for name, values in batch.items():
                most = values.max(axis=tuple(range(values.ndim - 1)))
                highest[name] = np.maximum(highest[name], most) if name in highest else most
        return {name: int((most <= 0).sum()) for name, most in highest.items()}

    def _trust(self) -> Trust | None:
        taken = [known for known in self.methods if not isinstance(self.made[known.name], str)]
        if not self.trust_images or not taken:
            return None
        sample = Samples(curves=self.trust_images, filled=0, noise=0, shuffled=min(self.trust_images, 20))
        some = np.asarray(self.images[: self.trust_images])
        return measure_trust(self.model, some, taken, TrustPlan(cheap=sample, expensive=sample))

    def _method(self, known: KnownMethod, trust: Trust | None) -> MethodState:
        method = self.made[known.name]
        if isinstance(method, str):
            return MethodState(known.name, np.zeros((0, 1, 1), np.float32), None, f"refused: {method}")
        verdict = None if trust is None or known.name not in trust.methods else trust.methods[known.name].verdict
        words = "" if verdict is None else verdict.words
        return MethodState(known.name, method(self.shown), None if verdict is None else verdict.level, words)
