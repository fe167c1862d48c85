"""What can be said of pictures without a label: the answers, the surest and the least sure ones, what is alike or unlike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...interpret import HiResCAM
from ...interpret.layers.survey import LayerSurvey
from ...models.screening.data_map import DataMap, data_map
from ...models.screening.near_copies import NearCopies, copies_among
from ..evidence.screening.suspects import Strangers, pictures_of, strangers_of
from ..evidence.seen import Seen
from ..evidence.twin import DrawnOnly

SURE = 8  # pictures of each class
_UNSURE = 24
_LEVELS = (0.5, 0.7, 0.9, 0.99)


@dataclass(frozen=True, eq=False)
class ClassAnswers:
    """The pictures that one class is answered to."""

    label: int  # the class
    images: int
    probability: float  # 0..1, of the class, mean over them; NaN without any
    numbers: np.ndarray  # int64[n], the surest of them first
    sure: np.ndarray  # float64[n], 0..1, their probabilities
    maps: DrawnOnly[
        np.ndarray | None
    ]  # float32[n,h,w], HiResCAM of the class, score units; None where no layer has places


@dataclass(frozen=True, eq=False)
class Unsure:
    """The pictures whose two likeliest classes are nearest to each other, the nearest first."""

    numbers: np.ndarray  # int64[n]
    first: np.ndarray  # int64[n], the likeliest class
    second: np.ndarray  # int64[n]
    probability: np.ndarray  # float64[n], 0..1, of the first
    of_second: np.ndarray  # float64[n], 0..1
    contrast: DrawnOnly[np.ndarray | None]  # float32[n,h,w], HiResCAM of the first rather than the second


@dataclass(frozen=True, eq=False)
class Answers:
    """What the model answers."""

    classes: tuple[ClassAnswers, ...]  # [K]
    probability: float  # 0..1, of the class answered, mean over all pictures
    at_least: dict[str, float]  # {probability, such as '0.9': share of the pictures answered with at least so much}
    unsure: Unsure
    cam_layer: str | None  # where the maps are taken


@dataclass(frozen=True, eq=False)
class Likeness:
    """What is alike, and what is unlike the rest."""

    copies: NearCopies
    strangers: Strangers | None  # None where the pictures are few, or the model shows no hidden layer
    map: DrawnOnly[DataMap]


@dataclass(frozen=True, eq=False)
class Inside:
    """What the layers do with the pictures; nothing that needs a class."""

    layers: tuple[LayerMeasures, ...]


@dataclass(frozen=True, eq=False)
class LayerMeasures:
    """One layer."""

    name: str
    channels: int
    active_share: float  # 0..1; NaN at the image and the logits
    silent_channels: np.ndarray  # int64[...]
    image_correlation: float  # 0..1; NaN where the layer has no map of places


def gather_answers(seen: Seen) -> Answers:
    """The answers to all pictures, with maps of the few that are shown."""
    probabilities = seen.survey.probabilities
    said = seen.dataset.labels
    sure = probabilities[np.arange(len(said)), said]
    return Answers(
        classes=tuple(_class(seen, label, sure) for label in range(len(seen.dataset.class_names))),
        probability=float(sure.mean()),
        at_least={f"{level:g}": float((sure >= level).mean()) for level in _LEVELS},
        unsure=_unsure(seen, probabilities),
        cam_layer=seen.survey.cam_layer if seen.has_class_maps else None,
    )


def _class(seen: Seen, label: int, sure: np.ndarray) -> ClassAnswers:
    own = np.flatnonzero(seen.dataset.labels == label)
    numbers = own[np.argsort(-sure[own], kind="stable")[:SURE]]
    mean = float(sure[own].mean()) if len(own) else float("nan")
    return ClassAnswers(
        label, len(own), mean, numbers, sure[numbers], _maps(seen, numbers, np.full(len(numbers), label))
    )


def _maps(seen: Seen, numbers: np.ndarray, classes: np.ndarray, versus: np.ndarray | None = None) -> np.ndarray | None:
    if not seen.has_class_maps or not len(numbers):
        return None
    method = HiResCAM(seen.model, seen.survey.cam_layer)
    other = None if versus is None else versus.astype(np.int32)
    return method(seen.dataset.images[numbers], classes.astype(np.int32), other, batch_size=seen.batch_size)


def _unsure(seen: Seen, probabilities: np.ndarray) -> Unsure:
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    every = np.arange(len(order))
    ahead = probabilities[every, order[:, 0]] - probabilities[every, order[:, 1]]
    numbers = np.argsort(ahead, kind="stable")[:_UNSURE]
    first, second = order[numbers].T
    return Unsure(
        numbers,
        first,
        second,
        probabilities[numbers, first],
        probabilities[numbers, second],
        _maps(seen, numbers, first, second),
    )


def gather_likeness(seen: Seen) -> Likeness:
    """Near copies, pictures unlike the rest, and the map of all."""
    drawn, small = seen.result(pictures_of(seen))
    found = copies_among(small, None, seed=seen.plan.seed)
    copies = NearCopies(**{**vars(found), "pairs": drawn[found.pairs]})
    probabilities = seen.survey.probabilities
    order = np.argsort(-probabilities, axis=1, kind="stable")
    between = np.zeros((probabilities.shape[1],) * 2, np.int64)  # how often two classes are the likeliest ones
    np.add.at(between, (order[:, 0], order[:, 1]), 1)
    return Likeness(copies, strangers_of(seen), data_map(seen.survey.logits, between))


def gather_inside(seen: Seen) -> Inside:
    """What each layer does with the pictures."""
    return Inside(tuple(map(_without_probe, seen.survey.layers)))


def _without_probe(layer: LayerSurvey) -> LayerMeasures:
    return LayerMeasures(layer.name, layer.channels, layer.active_share, layer.silent_channels, layer.image_correlation)
