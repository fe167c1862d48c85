"""How far maps of a class over its region can be trusted on a model of pixels: the tests of a classifier's maps, on a sample.

The score of an image is one class that the model names in it, summed in logits over the region where it is named (Vinogradova
et al. 2020, arXiv:2002.11434, eq. 3). Which class of an image is drawn so that all come up alike. The region is that of the image
and the model as they are: it is held while pixels are removed and while weights are shuffled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...interpret.methods.catalogue import METHODS, KnownMethod
from ...interpret.own_scores import over_regions
from ...interpret.progress import Progress
from ...interpret.stream.image_choice import sample_numbers
from ...interpret.trust.budget import usual_budget, within_budget
from ...interpret.trust.measure import measure_trust
from ...interpret.trust.record import Samples, TrustPlan
from ...models.datasets.dataset import Dataset
from ..evidence.trust import SALIENCY, SHOWN, SHUFFLED, TRUST_IMAGES, TrustEvidence

_LEAST = 0.01  # of an image's pixels: below it a class stands for the image only where there is no other


@dataclass(frozen=True)
class TrustAsked:
    """On how much of the data the maps are tested."""

    images: int = TRUST_IMAGES  # at most; 0 for none
    budget: int | None = None  # passes forward and backward; None: the usual one of pictures of this size
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of the classes that a model names in its images."""

    dataset: Dataset
    counts: np.ndarray  # int64[B,K], pixels named so
    named: Callable[[np.ndarray], np.ndarray]  # numbers int64[n] -> the class at each pixel, int64[n,H,W]
    scored: Callable[[Callable[[Any], Any]], Any]  # a score of the classes at the pixels -> a model that answers it


def region_trust(
    regions: Regions, layer: str | None, asked: TrustAsked, step: Progress = False
) -> TrustEvidence | None:
    """The verdicts on the maps that reports draw; None for no images.

    Args:
        regions: Of the model.
        layer: Of the class activation maps; None: only maps at the input are tested.
        asked: On how many images.
        step: Told what is measured and how far it is.
    """
    total = len(regions.dataset)
    if not asked.images:
        return None
    methods = [known for known in METHODS if known.name in (SHOWN if layer is not None else (SALIENCY,))]
    plan = _plan(regions, methods, asked)
    drawn = np.sort(sample_numbers(total, max(plan.cheap.curves or total, plan.cheap.shuffled or total), asked.seed))
    labels = chosen_classes(regions.counts[drawn])
    masks = regions.named(drawn) == labels[:, np.newaxis, np.newaxis]
    found = measure_trust(
        regions.scored(over_regions(masks, labels)),
        np.asarray(regions.dataset.images[drawn]),
        methods,
        plan,
        cam_layer=layer,
        explained=np.arange(len(drawn)),
        step=step if not callable(step) else lambda what, done, all_: step(f"testing the maps: {what}", done, all_),
    )
    return TrustEvidence(replace(found, total=total), None)


def _plan(regions: Regions, methods: list[KnownMethod], asked: TrustAsked) -> TrustPlan:
    images = min(asked.images, len(regions.dataset))
    sizes = Samples(curves=images, filled=0, noise=0, shuffled=min(images, SHUFFLED))
    height, width = regions.dataset.images.shape[1:3]
    passes = usual_budget(height, width, images) if asked.budget is None else asked.budget
    return within_budget(
        passes, methods, TrustPlan(cheap=sizes, expensive=sizes, seed=asked.seed), len(regions.dataset)
    )


def chosen_classes(counts: np.ndarray) -> np.ndarray:
    """A class for each image, int64[n], of those that are named on a hundredth of it: the one that came up least so far.

    Args:
        counts: int64[n,K], pixels named so.

    Example:
        >>> chosen_classes(np.array([[9, 1], [9, 1], [10, 0]])).tolist()
        [0, 1, 0]
    """
    shares = counts / counts.sum(axis=1, keepdims=True)
    used, chosen = np.zeros(counts.shape[1], np.int64), []
    for row in shares:
        there = row >= min(_LEAST, row.max())
        label = min(np.flatnonzero(there), key=lambda k: (used[k], -row[k]))
        used[label] += 1
        chosen.append(int(label))
    return np.array(chosen, np.int64)
