"""What a report sees of a classifier of series or volumes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...interpret import ModelInformation
from ...interpret.graph.head import LABELS
from ...interpret.layers.signal_input import with_channel
from ...interpret.progress import Progress
from ...models.model_files.cards import ModelCard
from ...models.signals import Signals
from ..drawing.signal_form import SignalForm
from ..evidence.plan import ReportPlan
from ..evidence.seen import Seen
from ..tasks.picture_maps import MapMakers


class SignalsSeen(Seen):
    """A classifier of series or volumes, and some of them with their classes; the sections' evidence is computed from it.

    Where they come without a channel, they get one, and the model a layer before it that takes it away again.

    Args:
        model: A Keras model of one series or volume.
        signals: In the form that it takes, with a class for each.
        plan: How thoroughly to look.
    """

    dataset: Any  # `Signals` with a channel, which is read as a data set of images is

    def __init__(
        self,
        model: Any,
        signals: Signals,
        plan: ReportPlan,
        *,
        card: ModelCard | None = None,
        command: str | None = None,
        step: Progress = False,
    ) -> None:
        known: Any = signals.labelled().with_channel()
        taken = model if signals.has_channel else with_channel(model)
        super().__init__(taken, known, plan, card=card, command=command, step=step)
        self.has_channel = signals.has_channel

    @cached_property
    def information(self) -> ModelInformation:
        """The model's layers and the proof of its logits.

        Raises:
            ValueError: It answers something else than one class, or other classes than the data bear.
        """
        found = super().information
        if found.task == LABELS:
            raise ValueError(
                f"Expected a model that answers one class for each of the {self.dataset.kind}. Received one of "
                f"{found.classes} independent labels. See its maps by featurelens explain, one at a time."
            )
        return found

    @property
    def form(self) -> SignalForm:
        """How the values are to be read."""
        return SignalForm(True, self.dataset.steps, self.dataset.unit)

    @cached_property
    def makers(self) -> MapMakers:
        """The methods of the maps."""
        return MapMakers.of(self.model, self.information.cam_layer, gradient=True, batch_size=self.batch_size)

    def values(self, numbers: np.ndarray) -> np.ndarray:
        """float32[n,places...,C]: some of them."""
        return self.dataset.images[numbers]
