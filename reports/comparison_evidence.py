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
from ..interpret.trust import Trust
from ..interpret.verdicts import Verdict
from ..models.comparison import McNemarTest, holm, mcnemar, telling_images
from ..models.datasets import Dataset
from ..models.evaluation import Evaluation, evaluate, image_losses
from ..models.model_cards import ModelCard
from .evidence import Step
from .stages import stages
from .trust_evidence import GRAD_CAM, SALIENCY, TRUST_IMAGES, sampled_trust

DIVIDED, UNANIMOUS = 14, 3  # images whose maps are shown: divided ones, those none gets right, those all do
COMPARED_MAPS = (GRAD_CAM, SALIENCY)  # the methods whose maps are drawn, and tested
RESAMPLES = 1000  # of the bootstrap
_MOST_IMAGES = 512  # that layers are compared by
_MOST_BYTES = 600_000_000  # that one model's layers may hold of them


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
    trust: Trust | None  # in `COMPARED_MAPS` on this model; None where it was not measured
    similarity: dict[str, np.ndarray]  # {stage: float64[N,N]}, see `similarity_matrix`

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """How far each method can be trusted on this model; empty where it was not measured."""
        return {} if self.trust is None else self.trust.verdicts


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


@dataclass(frozen=True, eq=False)
class _Choice:
    """The images that are looked at more closely, the same for all models."""

    shown: np.ndarray  # int64[S], whose maps are drawn
    compared: np.ndarray  # int64[N], that layers are compared by
    tested: int  # images that the maps are tested on
    seed: int


def gather_comparison(
    contestants: Sequence[Contestant],
    *,
    trust_images: int = TRUST_IMAGES,
    seed: int = 0,
    command: str | None = None,
    step: Step | None = None,
) -> Comparison:
    """Run every model over the images, and compare what came out.

    Args:
        contestants: Two or more models, each with the images in the range that it takes.
        trust_images: Images that the trust in each model's maps is measured on; 0 measures none.
        seed: Of the bootstrap, and of the images that layers are compared by and maps tested on.
        command: The command line to print on the page.
        step: Told what is being done and how far it is.

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
    shown = telling_images(correct, labels, divided=DIVIDED, unanimous=UNANIMOUS)
    choice = _Choice(shown, _drawn(found, len(labels), seed), trust_images, seed)
    measured = []
    for place, each in enumerate(contestants):
        _tell(step, "comparing and testing maps and layers", place, len(contestants))
        measured.append(_measured(each, found[place], evaluations[place], choice))
    _tell(step, "comparing and testing maps and layers", len(contestants), len(contestants))
    pairs = _pairs(measured, seed)
    return Comparison(tuple(measured), pairs, contestants[0].dataset, shown, len(choice.compared), seed, command)


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
    contestant: Contestant, information: ModelInformation, evaluation: Evaluation, choice: _Choice
) -> Measured:
    dataset, model, seed = contestant.dataset, contestant.model, choice.seed
    correct = evaluation.predictions == dataset.labels
    explain = GradCAMState(model)
    maps = explain(dataset.images[choice.shown], dataset.labels[choice.shown])
    cams = np.maximum(maps["signed"], 0)
    low, high = dataset.value_range
    losses = image_losses(evaluation.probabilities, dataset.labels)
    compared = dataset.images[choice.compared]
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
        trust=_trust(contestant, explain.cam_layer or "", choice),
        similarity=layer_similarities(model, compared, stages(information)) if len(compared) > 3 else {},
    )


def _trust(contestant: Contestant, cam_layer: str, choice: _Choice) -> Trust | None:
    """How far this model's maps can be trusted."""
    if not choice.tested:
        return None
    return sampled_trust(
        contestant.model, contestant.dataset, cam_layer, COMPARED_MAPS, images=choice.tested, seed=choice.seed
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
