"""Everything a comparison tells of several models on the same images, gathered before a line of it is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from ...interpret import ModelInformation, inspect_model
from ...interpret.intervals import Interval, bootstrap_mean
from ...interpret.layers.similarity import layer_similarities
from ...interpret.progress import Progress
from ...models.datasets.class_names import are_numbers, place_classes
from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import Evaluation, evaluate, image_losses
from ...models.evaluation.significance import McNemarTest, holm, mcnemar, telling_images
from ...models.model_files.cards import ModelCard
from ..evidence.shown_layers import stages
from ..evidence.trust import TRUST_IMAGES
from ..evidence.twin import DrawnOnly
from .compared_maps import ComparedMaps, compared_maps

DIVIDED, UNANIMOUS = 14, 3  # images whose maps are shown: divided ones, those none gets right, those all do
RESAMPLES = 1000  # of the bootstrap
FEWEST_COMPARED = 3  # images that cannot be compared by: the unbiased estimate needs more
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
    card: DrawnOnly[ModelCard | None]
    value_range: tuple[float, float]  # (black, white) that it takes
    evaluation: DrawnOnly[Evaluation]
    correct: DrawnOnly[np.ndarray]  # bool[B]
    accuracy: Interval  # 0..1
    loss: Interval  # nats
    maps: ComparedMaps  # of the images in `ComparisonEvidence.chosen`
    similarity: DrawnOnly[
        dict[str, np.ndarray]
    ]  # {stage: float64[N,N]}, see `similarity_matrix`; empty: no layers, few images


@dataclass(frozen=True, eq=False)
class ModelPair:
    """Two of the models, by their places."""

    first: int
    second: int
    test: McNemarTest
    adjusted: float  # p-value after Holm, over all pairs
    difference: Interval  # accuracy of the first less that of the second, over resampled images


@dataclass(frozen=True, eq=False)
class ComparisonEvidence:
    """What was found out about several models."""

    models: tuple[Measured, ...]  # in the order given
    pairs: tuple[ModelPair, ...]
    dataset: DrawnOnly[Dataset]  # as the first model takes it; for the pictures
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
    step: Progress = False,
) -> ComparisonEvidence:
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
    contestants = _named_alike(contestants)
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
    return ComparisonEvidence(
        tuple(measured), pairs, contestants[0].dataset, shown, len(choice.compared), seed, command
    )


def _check(contestants: Sequence[Contestant]) -> None:
    names = [each.name for each in contestants]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f"Expected two or more models of different names. Received {', '.join(names)}. Name each once."
        )
    first = contestants[0]
    for other in contestants[1:]:
        differs = _difference(first.dataset, other.dataset)
        if differs is not None:
            raise ValueError(
                f"Expected the same images and classes for '{first.name}' and '{other.name}'. Received {differs}. "
                "Open one data set for both, and where their classes are called otherwise name them in one order, with "
                "class_names (--class-names FILE)."
            )


def _difference(one: Dataset, other: Dataset) -> str | None:
    """What two data sets differ in, in words; None where they agree."""
    if len(one) != len(other):
        return f"{len(one):,} and {len(other):,} images"
    if len(one.class_names) != len(other.class_names):
        return f"{len(one.class_names)} and {len(other.class_names)} classes"
    for place, (name, called) in enumerate(zip(one.class_names, other.class_names, strict=True)):
        if name != called:
            return f"a class {place} called '{name}' and '{called}'"
    apart = np.flatnonzero(one.labels != other.labels)
    if len(apart):
        names, image = one.class_names, int(apart[0])
        return f"an image {image} of '{names[one.labels[image]]}' and of '{names[other.labels[image]]}'"
    return None


def _named_alike(contestants: Sequence[Contestant]) -> list[Contestant]:
    """Models that only number their classes get the names that the others have for them."""
    numbered = [are_numbers(each.dataset.class_names) for each in contestants]
    names = next((each.dataset.class_names for each, bare in zip(contestants, numbered, strict=True) if not bare), None)
    if names is None:
        return list(contestants)
    return [
        replace(each, dataset=place_classes(each.dataset, names) or each.dataset) if bare else each
        for each, bare in zip(contestants, numbered, strict=True)
    ]


def _tell(step: Progress, what: str, done: int, total: int) -> None:
    if callable(step):
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
    losses = image_losses(evaluation.probabilities, dataset.labels)
    compared, layers = dataset.images[choice.compared], stages(information)
    is_seen = bool(layers) and len(compared) > FEWEST_COMPARED
    return Measured(
        name=contestant.name,
        information=information,
        card=contestant.card,
        value_range=dataset.value_range,
        evaluation=evaluation,
        correct=correct,
        accuracy=bootstrap_mean(correct.astype(np.float64), resamples=RESAMPLES, seed=seed),
        loss=bootstrap_mean(losses, resamples=RESAMPLES, seed=seed),
        maps=compared_maps(model, dataset, choice.shown, tested=choice.tested, seed=seed),
        similarity=layer_similarities(model, compared, layers) if is_seen else {},
    )


def _pairs(models: Sequence[Measured], seed: int) -> tuple[ModelPair, ...]:
    places = list(combinations(range(len(models)), 2))
    tests = [mcnemar(models[one].correct, models[other].correct) for one, other in places]
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        ModelPair(
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
