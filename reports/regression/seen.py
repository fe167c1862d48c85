"""What a report sees of a regression: the model with all of its numbers, and the one number that its maps explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...interpret import ModelInformation, inspect_model
from ...interpret.graph.head import OF_NUMBERS, REGRESSION
from ...interpret.graph.tasks import declare_task
from ...interpret.layers.survey import SurveyStatistic
from ...interpret.methods.catalogue import method_called
from ...interpret.own_scores import DIRECTIONS, number_of
from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.evaluation.numbers import NumberEvaluation, number_evaluation, numbers_in
from ...models.known_names import unknown_name
from ...models.model_files.cards import ModelCard
from ...models.truth.record import Numbers
from ..evidence.plan import ReportPlan
from ..evidence.seen import Seen, without_gradient
from ..evidence.trust import TrustEvidence, gather_trust
from ..tasks.picture_maps import MapMakers


@dataclass(frozen=True)
class Asked:
    """What of a regression its maps explain."""

    number: int = 0  # which of several numbers
    direction: str = "up"  # 'up': what raises it; 'down': what lowers it

    @classmethod
    def of(cls, truth: Numbers, number: str | int | None, direction: str) -> Asked:
        """As asked for; None for the first number.

        Raises:
            ValueError: There is no such number or direction.
        """
        if direction not in DIRECTIONS:
            raise ValueError(
                f"Expected the direction {' or '.join(DIRECTIONS)}. Received '{direction}'. 'up' tests maps of what raises the "
                f"number, 'down' of what lowers it."
            )
        return cls(0 if number is None else _place(str(number), truth.names), direction)


def _place(asked: str, names: Sequence[str]) -> int:
    if asked in names:
        return names.index(asked)
    if asked.isdecimal() and int(asked) < len(names):
        return int(asked)
    raise unknown_name("number", asked, names, "Pass one of them, or its place from 0 on.")


class NumbersSeen(Seen):
    """A regression and images with their numbers; the sections' evidence is computed from it.

    Args:
        model: A Keras model of one image whose answers are numbers; it is declared a regression.
        dataset: Images with their numbers.
        asked: What the maps explain.
    """

    def __init__(
        self,
        model: Any,
        dataset: Dataset,
        plan: ReportPlan,
        asked: Asked,
        *,
        card: ModelCard | None = None,
        command: str | None = None,
        step: Progress = False,
    ) -> None:
        declare_task(model, REGRESSION)
        super().__init__(model, dataset, plan, card=card, command=command, step=step)
        self.numbers = numbers_in(dataset)
        self.asked = asked
        self.explained = (
            model
            if asked.direction == "up" and len(self.numbers.names) == 1
            else number_of(model, asked.number, direction=asked.direction, unit=self.numbers.unit or None)
        )

    @cached_property
    def information(self) -> ModelInformation:
        """The model's layers and the proof of its numbers.

        Raises:
            ValueError: It answers something else than the numbers that the data bear.
        """
        found = inspect_model(self.model, self.dataset.images[:32])
        if found.task != REGRESSION or found.classes != len(self.numbers.names):
            other = found.classes or "something else, such as a softmax"
            raise ValueError(
                f"Expected a model that answers {len(self.numbers.names)} numbers for an image: "
                f"{', '.join(self.numbers.names[:8])}. Received one that answers {other}. Name as many columns as it answers, in "
                f"the order of its outputs, with --label-column, or one of several outputs with --model-output."
            )
        told = (found.warning or "").removeprefix(OF_NUMBERS).strip()  # that it is one is what this report is of
        return replace(found, warning=told or None)

    def surveying(self) -> SurveyStatistic:
        """The survey of the layers, with probes of the number that is explained."""
        known = self.numbers.values[:, self.asked.number]
        return SurveyStatistic(len(self.dataset), self.stages, seed=self.plan.seed, numbers=known)

    @cached_property
    def figures(self) -> NumberEvaluation:
        """How far the answers are from the truth."""
        return number_evaluation(self.numbers, self.survey.logits, seed=self.plan.seed)

    @cached_property
    def makers(self) -> MapMakers:
        """The methods of the maps."""
        gradient = not without_gradient(self.information)
        return MapMakers.of(self.explained, self.information.cam_layer, gradient=gradient, batch_size=self.batch_size)

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """Some of the images as the model takes them."""
        return np.asarray(self.dataset.images[numbers])

    @cached_property
    def trust(self) -> TrustEvidence | None:
        """How far the methods can be trusted for the number explained; None where it was not measured."""
        at_input = method_called("input-x-gradient") if self.information.cam_layer is None else None
        return gather_trust(
            self.explained,
            self.dataset,
            self.information.cam_layer,
            images=self.plan.trust_images,
            budget=self.plan.trust_budget,
            further=[at_input] if at_input else [],
            seed=self.plan.seed,
            step=self._testing,
        )
