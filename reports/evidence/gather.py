"""Everything a report tells, gathered before a line of it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret import GradCAMState, ModelInformation, inspect_model
from ...interpret.layers.survey import Survey, survey_layers
from ...interpret.progress import Progress
from ...interpret.trust.verdicts import Verdict
from ...models.datasets.class_names import require_classes
from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import Exploration, explore
from ...models.datasets.pixel_range import range_remark
from ...models.evaluation.metrics import Evaluation, evaluation_from_probabilities
from ...models.model_files.cards import ModelCard
from .causes import Causes, gather_causes
from .mistakes import Mistakes, gather_mistakes
from .shown_layers import stages
from .specimens import Specimen, gather_specimens
from .trust import TRUST_IMAGES, TrustEvidence, TrustFile, gather_trust

_COMPARED = 3000  # images whose nearest neighbours are looked for: all 10,000 would take eleven times as long
Step = Callable[[str, int, int], None]  # told (what is being done, how much of it is done, of how much)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A model, its data, and what was found out about them."""

    information: ModelInformation
    dataset: Dataset
    card: ModelCard | None  # None where the model has none
    exploration: Exploration  # of the images, without the model
    evaluation: Evaluation
    survey: Survey
    specimens: tuple[Specimen, ...]
    mistakes: Mistakes
    causes: Causes
    trust: TrustEvidence | None  # None where it was not measured
    seed: int  # of all that was drawn, but for a trust that was measured beforehand
    command: str | None  # that made the report, None where Python did
    range_remark: str | None = None  # why the images seem to be in another range than the model takes

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """How far each method can be trusted on this model; empty where it was not measured."""
        return {} if self.trust is None else self.trust.trust.verdicts


def gather_evidence(
    model: Any,
    dataset: Dataset,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    batch_size: int = 256,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    trust_file: TrustFile | None = None,
    seed: int = 0,
    step: Step | None = None,
) -> Evidence:
    """Look at a model through all images of a data set.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: Images in the range that the model takes, with as many class names as the model has classes.
        card: What is known of the training.
        command: The command line to print in the report.
        batch_size: Images at a time.
        trust_images: Images that the trust in the maps is measured on, at most; 0 measures none.
        trust_budget: Passes forward and backward for that (see `interpret.trust.budget`); None: by the images' size.
        trust_file: The trust as `featurelens trust` measured it, on this model and these images; it is taken instead.
        seed: Of the images that are drawn: examples, those of the probe, of the nearest neighbours, the causes and the trust.
        step: Told what is being done and how far it is.

    Raises:
        ValueError: The data do not fit the model, the trust is of another one, or the logits could not be proven.
    """
    information = inspect_model(model, dataset.images[:32])
    require_classes(dataset, information.classes)
    layers = stages(information)
    survey = survey_layers(
        model,
        dataset.images,
        dataset.labels,
        layers,
        seed=seed,
        batch_size=batch_size,
        progress=_telling(step, "looking at every layer"),
    )
    evaluation = evaluation_from_probabilities(survey.probabilities, dataset.labels, dataset.class_names)
    look = GradCAMState(model, survey.cam_layer)
    telling = _telling(step, "averaging the classes")
    specimens = gather_specimens(model, look, dataset, survey, evaluation, layers, telling)
    telling = _telling(step, "explaining the mistakes")
    mistakes = gather_mistakes(model, look, dataset, survey, evaluation, telling)
    telling = _telling(step, "taking channels away")
    causes = gather_causes(model, information, dataset, survey, evaluation, mistakes.confusions, telling, seed=seed)
    exploration = explore(dataset, most_compared=_COMPARED, seed=seed)
    trust = gather_trust(
        model,
        dataset,
        survey.cam_layer,
        images=trust_images,
        budget=trust_budget,
        on_file=trust_file,
        seed=seed,
        step=_testing(step),
    )
    remark = range_remark(model, dataset)
    return Evidence(
        information,
        dataset,
        card,
        exploration,
        evaluation,
        survey,
        specimens,
        mistakes,
        causes,
        trust,
        seed,
        command,
        remark,
    )


def _testing(step: Step | None) -> Step | None:
    return None if step is None else lambda what, done, total: step(f"testing the maps: {what}", done, total)


def _telling(step: Step | None, what: str) -> Progress:
    return False if step is None else lambda done, total: step(what, done, total)


def typical_peak(evidence: Evidence) -> float:
    """The median, over all images, of the largest value of the predicted class's Grad-CAM, in logit."""
    return float(np.median(evidence.survey.grad_cam_peak))
