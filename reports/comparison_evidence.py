"""Everything a comparison tells of several models on the same images, gathered before a line of it is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from ..interpret import GradCAMState, ModelInformation, inspect_model
from ..interpret.bootstrap import Interval, bootstrap_mean
from ..interpret.layer_similarity import layer_similarities
from ..interpret.map_state import MapState, map_states
from ..models.comparison import McNemarTest, holm, mcnemar, telling_images
from ..models.datasets import Dataset
from ..models.evaluation import Evaluation, evaluate, image_losses
from ..models.model_cards import ModelCard
from .evidence import Step
from .stages import stages

DIVIDED, UNANIMOUS = 14, 3  # images whose maps are shown: divided ones, those none gets right, those all do
RESAMPLES = 1000  # of the bootstrap
_MOST_IMAGES, _MOST_BYTES = (
    512,
    600_000_000,
)  # that layers are compared by, and what one model's layers may hold of them


@dataclass(frozen=True, eq=False)
class Contestant:
    """A model to compare, with the images in the range that it takes."""

    name: str  # once in a comparison
    model: Any  # a Keras model
    dataset: Dataset  # the same images for all, in the range and of the size that this one takes
    card: ModelCard | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """One model's figures and maps."""

    name: str
    information: ModelInformation
    card: ModelCard | None
    value_range: tuple[float, float]  # (black, white) that it takes
    evaluation: Evaluation
    correct: np.ndarray  # bool[B]
    accuracy: Interval  # 0..1
    loss: Interval  # nats
    cam_layer: str
    grad_cam: np.ndarray  # float32[S,h,w] of the true class, score units
    cam_states: tuple[MapState, ...]  # S, of `grad_cam`, before the cut
    saliency: np.ndarray  # float32[S,H,W] of the true class, score units for a step from black to white
    similarity: dict[str, np.ndarray]  # {stage: float64[N,N]}, see `similarity_matrix`


@dataclass(frozen=True, eq=False)
class Pair:
    """Two of the models, by their places."""

    first: int
    second: int
    test: McNemarTest
    adjusted: float  # p-value after Holm, over all pairs
    difference: Interval  # accuracy of the first less that of the second, over resampled images


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was found out about several models."""

    models: tuple[Measured, ...]  # in the order given
    pairs: tuple[Pair, ...]
    dataset: Dataset  # as the first model takes it; for the pictures
    chosen: np.ndarray  # int64[S], images whose maps are shown
    sampled: int  # images that the layers are compared by
    seed: int  # of the bootstrap and of the drawn images
    command: str | None  # that made the page


def gather_comparison(
    contestants: Sequence[Contestant], *, seed: int = 0, command: str | None = None, step: Step | None = None
) -> Comparison:
    """Run every model over the images, and compare what came out.

    Raises:
        ValueError: There are fewer than two models, two of one name, or their images or classes differ.
    """
    _check(contestants)
    found = [inspect_model(each.model, each.dataset.images[:32]) for each in contestants]
    evaluations = []
    for place, each in enumerate(contestants):
        _tell(step, "running every model", place, len(contestants))
        evaluations.append(evaluate(each.model, each.dataset, head=found[place].head))
    labels = contestants[0].dataset.labels
    correct = np.stack([evaluation.predictions == labels for evaluation in evaluations])
    chosen = telling_images(correct, labels, divided=DIVIDED, unanimous=UNANIMOUS)
    drawn = _drawn(found, len(labels), seed)
    measured = []
    for place, each in enumerate(contestants):
        _tell(step, "comparing layers and maps", place, len(contestants))
        measured.append(_measured(each, found[place], evaluations[place], chosen, drawn, seed))
    _tell(step, "comparing layers and maps", len(contestants), len(contestants))
    pairs = _pairs(measured, seed)
    return Comparison(tuple(measured), pairs, contestants[0].dataset, chosen, len(drawn), seed, command)


def _check(contestants: Sequence[Contestant]) -> None:
    names = [each.name for each in contestants]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise ValueError(f"Expected two or more models of different names, got {', '.join(names)}. Name each once.")
    first = contestants[0]
    for other in contestants[1:]:
        if other.dataset.class_names != first.dataset.class_names or not np.array_equal(
            other.dataset.labels, first.dataset.labels
        ):
            raise ValueError(
                f"Expected the same images and classes for '{first.name}' and '{other.name}', got "
                f"{len(first.dataset)} and {len(other.dataset)} images of {len(first.dataset.class_names)} and "
                f"{len(other.dataset.class_names)} classes in their own order. Open one data set for both."
            )


def _tell(step: Step | None, what: str, done: int, total: int) -> None:
    if step is not None:
        step(what, done, total)


def _drawn(found: Sequence[ModelInformation], images: int, seed: int) -> np.ndarray:
    """The images that layers are compared by: 512, or fewer where the layers are so wide that memory would not do."""
    widest = max(sum(_numbers(information, name) for name in stages(information)) for information in found)
    most = int(np.clip(_MOST_BYTES // (4 * max(widest, 1)), 32, _MOST_IMAGES))
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def _numbers(information: ModelInformation, name: str) -> int:
    return math.prod(64 if size is None else size for size in information.layer(name).output_shape)


def _measured(
    contestant: Contestant,
    information: ModelInformation,
    evaluation: Evaluation,
    chosen: np.ndarray,
    drawn: np.ndarray,
    seed: int,
) -> Measured:
    dataset, model = contestant.dataset, contestant.model
    correct = evaluation.predictions == dataset.labels
    explain = GradCAMState(model)
    maps = explain(dataset.images[chosen], dataset.labels[chosen])
    cams = np.maximum(maps["signed"], 0)
    low, high = dataset.value_range
    losses = image_losses(evaluation.probabilities, dataset.labels)
    return Measured(
        name=contestant.name,
        information=information,
        card=contestant.card,
        value_range=dataset.value_range,
        evaluation=evaluation,
        correct=correct,
        accuracy=bootstrap_mean(correct.astype(np.float64), resamples=RESAMPLES, seed=seed),
        loss=bootstrap_mean(losses, resamples=RESAMPLES, seed=seed),
        cam_layer=explain.cam_layer or "",
        grad_cam=cams,
        cam_states=map_states(cams, before_cut=maps["signed"]),
        saliency=maps["saliency"] * np.float32(high - low),
        similarity=layer_similarities(model, dataset.images[drawn], stages(information)) if len(drawn) > 3 else {},
    )


def _pairs(models: Sequence[Measured], seed: int) -> tuple[Pair, ...]:
    places = list(combinations(range(len(models)), 2))
    tests = [mcnemar(models[one].correct, models[other].correct) for one, other in places]
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        Pair(
            first=one,
            second=other,
            test=test,
            adjusted=float(level),
            difference=bootstrap_mean(
                models[one].correct.astype(np.float64) - models[other].correct, resamples=RESAMPLES, seed=seed
            ),
        )
        for (one, other), test, level in zip(places, tests, adjusted, strict=True)
    )
