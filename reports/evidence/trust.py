"""How far each method that the report shows can be trusted on this model: on file, or measured on a stated sample."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...interpret.methods.catalogue import METHODS, KnownMethod
from ...interpret.progress import Progress
from ...interpret.trust.budget import usual_budget, within_budget
from ...interpret.trust.measure import measure_trust
from ...interpret.trust.record import Samples, Trust, TrustPlan
from ...models.datasets.dataset import Dataset
from ...models.datasets.fingerprints import images_fingerprint
from ...models.model_files.weights import weights_fingerprint

GRAD_CAM, GRAD_CAM_PLUS, CONTRAST, LAYER_CAM, SALIENCY = "Grad-CAM", "Grad-CAM++", "HiResCAM", "LayerCAM", "Saliency"
SHOWN = (GRAD_CAM, GRAD_CAM_PLUS, CONTRAST, LAYER_CAM, SALIENCY)  # whose maps the report draws: all out of one pass
TRUST_IMAGES = 100  # by default; more make the intervals narrower and the report slower
SHUFFLED = 64  # images whose maps are compared while the weights are shuffled


@dataclass(frozen=True, eq=False)
class TrustEvidence:
    """What was measured, and by which command; none where the report measured it by itself."""

    trust: Trust
    command: str | None


def gather_trust(
    model: Any,
    dataset: Dataset,
    cam_layer: str | None,
    *,
    images: int = TRUST_IMAGES,
    budget: int | None = None,
    on_file: TrustFile | None = None,
    further: Sequence[KnownMethod] = (),
    seed: int = 0,
    step: Progress = False,
) -> TrustEvidence | None:
    """Take what is on file, or measure the methods that the report shows; None for no images.

    Args:
        model, dataset: As for the report.
        cam_layer: Layer of the class activation maps.
        images: That are measured, at most: as many as the budget buys.
        budget: Passes forward and backward, see `interpret.trust.budget`; None for the usual one of pictures of this size.
        on_file: What `featurelens trust` measured; it is taken instead, and what is missing there is not measured.
        further: Methods beside those of every report.
        seed: Of the sample and of all that is sampled.
        step: Told what is being measured and how far it is.

    Raises:
        ValueError: What is on file is of another model, or of other images.
    """
    if on_file is not None:
        reason = misfit(on_file, model, dataset.images, cam_layer)
        if reason is not None:
            raise ValueError(
                f"Expected the trust of this model on these images. Received a file that does not fit: {reason}. "
                f"Measure it again with `featurelens trust`, or leave the file away."
            )
        return TrustEvidence(on_file.trust, on_file.command)
    if not images:
        return None
    measured = sampled_trust(
        model, dataset, cam_layer, SHOWN, further=further, images=images, budget=budget, seed=seed, step=step
    )
    return TrustEvidence(measured, None)


def sampled_trust(
    model: Any,
    dataset: Dataset,
    cam_layer: str | None,
    methods: Collection[str],
    *,
    further: Sequence[KnownMethod] = (),
    images: int = TRUST_IMAGES,
    budget: int | None = None,
    seed: int = 0,
    step: Progress = False,
) -> Trust:
    """Measure the verdicts on some methods, by name, and on `further` ones, on a sample of at least one image.

    Other arguments as for `gather_trust`.
    """
    sizes = Samples(curves=images, filled=0, noise=0, shuffled=min(images, SHUFFLED))
    known = [*(each for each in METHODS if each.name in methods), *further]
    places = int(np.prod(dataset.images.shape[1:-1]))
    passes = usual_budget(places, 1, images) if budget is None else budget
    plan = within_budget(passes, known, TrustPlan(cheap=sizes, expensive=sizes, seed=seed), len(dataset))
    return measure_trust(model, dataset.images, known, plan, cam_layer=cam_layer, step=step)


@dataclass(frozen=True)
class TrustFile:
    """A measurement of trust and what it is about."""

    trust: Trust
    model: str  # name of the model
    data: str  # where the images came from
    weights: str  # SHA-256 of the model's weights
    images: str  # SHA-256 of the images
    command: str  # that made it


def require_same_measurement(
    before: TrustFile, model: Any, images: np.ndarray, cam_layer: str | None, plan: TrustPlan
) -> None:
    """Refuse to measure for a file whose figures could not stand beside the new ones.

    Raises:
        ValueError: It is of other weights, images, layers or samples.
    """
    reason = misfit(before, model, images, cam_layer)
    if reason is None and before.trust.plan != plan:
        reason = "it was measured on other samples, or in other steps"
    if reason is not None:
        raise ValueError(
            f"Expected a file that the new figures can stand beside. Received one that does not fit: {reason}. Measure with "
            f"the settings of its command ({before.command}), or all methods anew without --update."
        )


def updated(before: TrustFile, now: TrustFile) -> TrustFile:
    """What was measured before, with the methods that were measured now in their place, or after the others."""
    old, new = before.trust, now.trust
    methods = {name: found for name, found in {**old.methods, **new.methods}.items() if name not in new.refused}
    refused = {name: why for name, why in {**old.refused, **new.refused}.items() if name not in new.methods}
    trust = replace(old, methods=methods, refused=refused, lesson=old.lesson or new.lesson)
    commands = before.command.split(" && ")
    return replace(
        before, trust=trust, command=" && ".join(commands if now.command in commands else [*commands, now.command])
    )


def misfit(measured: TrustFile, model: Any, images: np.ndarray, cam_layer: str | None) -> str | None:
    """Why a measurement does not hold for this model and these images; None where it does."""
    if measured.weights != weights_fingerprint(model):
        return f"it was measured on other weights (model '{measured.model}')"
    if measured.images != images_fingerprint(images):
        return f"it was measured on other images ({measured.data})"
    if measured.trust.cam_layer != cam_layer:
        return f"its class activation maps are at layer {measured.trust.cam_layer!r}, here they are at {cam_layer!r}"
    return None
