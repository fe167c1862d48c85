"""What a report sees of a model of independent labels: the labels borne are the truth, and each label has a score of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from ...interpret import ModelInformation, inspect_model
from ...interpret.graph.head import LABELS
from ...interpret.graph.tasks import declare_task
from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.evaluation.labels import LabelEvaluation, label_evaluation, marks_in
from ...models.model_files.cards import ModelCard
from ..evidence.plan import ReportPlan
from ..evidence.seen import Seen, without_gradient
from ..tasks.picture_maps import MapMakers


class LabelsSeen(Seen):
    """A model of independent labels and images that bear any of them; the sections' evidence is computed from it.

    Args:
        model: A Keras model of one image, of several sigmoids or their logits; it is declared such.
        dataset: Images with the labels that they bear.
    """

    def __init__(
        self,
        model: Any,
        dataset: Dataset,
        plan: ReportPlan,
        *,
        card: ModelCard | None = None,
        command: str | None = None,
        step: Progress = False,
    ) -> None:
        declare_task(model, "labels")
        self.truth = marks_in(dataset)
        named = replace(dataset, class_names=self.truth.names)  # of the scores; an image has no single one of them
        super().__init__(model, named, plan, card=card, command=command, step=step)

    @cached_property
    def information(self) -> ModelInformation:
        """The model's layers and the proof of its logits.

        Raises:
            ValueError: It answers something else than the labels that the data bear.
        """
        found = inspect_model(self.model, self.dataset.images[:32])
        if found.task != LABELS or found.classes != len(self.truth.names):
            other = f"{found.classes} ({found.task})" if found.classes else "other answers, such as a softmax"
            raise ValueError(
                f"Expected a model of {len(self.truth.names)} independent labels ({_few(self.truth.names)}). Received one of "
                f"{other}. Name the columns of all of the model's labels, in the order of its outputs, with --label-column."
            )
        return found

    @cached_property
    def figures(self) -> LabelEvaluation:
        """How well each label is told."""
        return label_evaluation(self.truth, self.survey.probabilities)

    @cached_property
    def makers(self) -> MapMakers:
        """The methods of the maps."""
        gradient = not without_gradient(self.information)
        return MapMakers.of(self.model, self.information.cam_layer, gradient=gradient, batch_size=self.batch_size)

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Some of the images as the model takes them."""
        return np.asarray(self.dataset.images[numbers])


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
