"""A model and its images, and what several sections read of them, computed once and when it is first asked for.

All images go through the model once: the sections say which statistics they need (`ReportSection.needs`), and `stream`
computes these in one pass. What is looked at again are a few images, by their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ...interpret import GradCAMState, ModelInformation, declare_task, inspect_model
from ...interpret.graph.head import BINARY, OPEN, REGRESSION
from ...interpret.layers.inspection import NO_GRADIENT
from ...interpret.layers.survey import Survey, SurveyStatistic
from ...interpret.methods.catalogue import KnownMethod
from ...interpret.progress import Progress, named
from ...interpret.stream.one_pass import one_pass
from ...interpret.stream.statistic import Statistic
from ...interpret.tracing.variants import rows_at_once
from ...interpret.trust.verdicts import Verdict
from ...models.datasets.class_names import require_classes
from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import DataStatistic, Exploration
from ...models.datasets.pixel_range import range_remark
from ...models.evaluation.metrics import Evaluation, evaluation_from_probabilities
from ...models.model_files.cards import ModelCard
from .further_maps import chosen_beside
from .plan import ReportPlan
from .shown_layers import stages
from .trust import SHOWN, TrustEvidence, gather_trust

R = TypeVar("R")


def without_gradient(information: ModelInformation) -> bool:
    """Whether the image has no gradient, as one of whole numbers."""
    return any(line.startswith(NO_GRADIENT) for line in information.refused)


class Seen:
    """What a report sees of a model through a data set. A section's evidence is computed from it.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: Images in the range that the model takes, with as many class names as the model has classes.
        plan: How thoroughly to look.
        card: What is known of the training.
        command: The command line that asked for the report; None where Python did.
        step: Told what is being done and how far it is.
    """

    def __init__(
        self,
        model: Any,
        dataset: Dataset,
        plan: ReportPlan | None = None,
        *,
        card: ModelCard | None = None,
        command: str | None = None,
        step: Progress = False,
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.plan = plan or ReportPlan()
        self.card = card
        self.command = command
        self._step = step
        self._results: dict[str, Any] = {}  # {key of a statistic: its result}

    def draw_less(self, share: float, megabytes: float) -> None:
        """Draw fewer pictures from now on; what is counted stays, and the data note it.

        Args:
            share: 0..1, of those that would be drawn.
            megabytes: The size that the page shall have, for the note.
        """
        note = f"To keep the page near {megabytes:g} MB fewer mistakes and right answers are drawn; all are counted."
        self.plan = replace(self.plan, drawn=share)
        if note not in self.dataset.preparation.notes:
            self.dataset = self.dataset.noting(note)

    def progress(self, what: str) -> Progress:
        """A progress whose steps are told under the name `what`."""
        return named(self._step, what)

    @cached_property
    def information(self) -> ModelInformation:
        """The model's layers and the proof of its logits.

        Raises:
            ValueError: The data have other classes than the model, it is a regression, or the logits could not be proven.
        """
        found = inspect_model(self.model, self.dataset.images[:32])
        if found.task == OPEN and len(self.dataset.class_names) == 2:  # the data tell what the one number is
            declare_task(self.model, BINARY)
            found = inspect_model(self.model, self.dataset.images[:32])
        if found.task in (OPEN, REGRESSION):
            raise ValueError(
                f"Expected a classifier, whose answers can be held against classes. Received a model that answers numbers "
                f"without an activation, and data of {len(self.dataset.class_names)} classes. Give data of two classes, or "
                f"look at a regression by Explainer and GradCAM."
            )
        require_classes(self.dataset, found.classes)
        return found

    @cached_property
    def range_remark(self) -> str | None:
        """Why the images seem to be in another range than the model takes; None where they do not."""
        return range_remark(self.model, self.dataset)

    @cached_property
    def stages(self) -> list[str]:
        """The layers that a report walks through, first to last."""
        return stages(self.information)

    @property
    def batch_size(self) -> int:
        """Images at a time, in every pass."""
        return self.plan.batch_size or rows_at_once(self.dataset.images[:1])

    def stream(self, statistics: Sequence[Statistic[Any]]) -> None:
        """Compute statistics in one pass over all images; those that are known already are left out."""
        needed = [each for each in statistics if each.key not in self._results]
        if needed and self.plan.counted is not None:
            self._results |= {each.key: self.plan.counted(each).result() for each in needed}
        elif needed:
            self._results |= one_pass(
                self.model,
                self.dataset,
                needed,
                batch_size=self.batch_size,
                progress=self.progress("looking at every layer"),
                fold=[self.information.cam_layer] if self.information.cam_layer else [],
            )

    def result(self, statistic: Statistic[R]) -> R:
        """The result of a statistic; it costs a pass of its own unless `stream` was told of it."""
        self.stream([statistic])
        return self._results[statistic.key]

    def surveying(self) -> SurveyStatistic:
        """The survey of the layers that a report walks through, as a statistic."""
        return SurveyStatistic(len(self.dataset), self.stages, seed=self.plan.seed)

    @property
    def survey(self) -> Survey:
        """What each layer keeps, and the model's answers."""
        return self.result(self.surveying())

    @cached_property
    def evaluation(self) -> Evaluation:
        """The figures of the model's answers to all images."""
        return evaluation_from_probabilities(self.survey.probabilities, self.dataset.labels, self.dataset.class_names)

    @cached_property
    def typical_peak(self) -> float:
        """The median, over all images, of the largest value of the predicted class's Grad-CAM, score units."""
        return float(np.median(self.survey.grad_cam_peak))

    @property
    def has_class_maps(self) -> bool:
        """Whether class activation maps can be drawn, with saliency beside them: the page comes without, where not."""
        return self.information.cam_layer is not None and not without_gradient(self.information)

    @cached_property
    def look(self) -> GradCAMState:
        """Grad-CAM and saliency of chosen images, and what each stage puts out, traced once."""
        return GradCAMState(self.model, self.survey.cam_layer, beside=self.stages)

    def describing(self) -> DataStatistic:
        """What is in the images, without the model, as a statistic."""
        return DataStatistic(self.dataset, most_compared=self.plan.compared_images, seed=self.plan.seed)

    @cached_property
    def exploration(self) -> Exploration:
        """What is in the images, without the model."""
        return self.result(self.describing())

    @property
    def further_methods(self) -> list[KnownMethod]:
        """The methods that were asked for, beside those of every report."""
        return chosen_beside(self.plan.methods, SHOWN)

    @cached_property
    def trust(self) -> TrustEvidence | None:
        """How far the methods can be trusted on this model; None where it was not measured.

        Raises:
            ValueError: The trust on file is of another model, or of other images.
        """
        return gather_trust(
            self.model,
            self.dataset,
            self.survey.cam_layer,
            images=self.plan.trust_images,
            budget=self.plan.trust_budget,
            on_file=self.plan.trust_file,
            further=self.further_methods,
            seed=self.plan.seed,
            step=self._testing,
        )

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each method; empty where trust was not measured."""
        return {} if self.trust is None else self.trust.trust.verdicts

    @property
    def _testing(self) -> Progress:
        step = self._step
        if not callable(step):
            return bool(step)
        return lambda what, done, total: step(f"testing the maps: {what}", done, total)
