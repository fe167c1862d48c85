"""What a report is asked for, alike for every kind of report, and refusals of what a kind does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..interpret.progress import Progress
from ..models.datasets.dataset import Dataset
from ..models.fitting import UNLABELLED, dataset_for
from ..models.model_files.cards import ModelCard
from ..models.truth.record import REGRESSION
from .evidence.plan import ReportPlan
from .files.report_files import ReportFiles
from .html.own_words import OwnWords
from .report_choice import sampled


@dataclass(frozen=True, eq=False)
class ReportRequest:
    """The arguments of `write_report`, those that are read at once already read."""

    model: Any
    dataset: Any  # as it was given
    files: ReportFiles
    words: OwnWords
    plan: ReportPlan  # still without the images of the training
    sections: Sequence[str] | None = None
    classes: Sequence[str | int] | None = None
    max_images: int | None = None
    max_size: float | None = None
    card: ModelCard | None = None
    command: str | None = None
    training: Any = None
    store: str | Path | None = None
    task: str | None = None
    direction: str = "up"
    number: str | int | None = None
    step: Progress = False

    @cached_property
    def pictures(self) -> Dataset:
        """The data as pictures, with one class each or without labels; without labels they are those that are looked at."""
        self.refuse_numbers()
        given = dataset_for(self.dataset, self.model)
        return self.sampled(given) if given.class_names == UNLABELLED else given

    def sampled(self, dataset: Dataset) -> Dataset:
        """At most as many images as asked for."""
        return sampled(dataset, self.max_images, self.plan.seed)

    def refuse(self, names: Sequence[str], *, expected: str, received: str, instead: str = "") -> None:
        """Refuse arguments that this kind of report has no use for; `instead` goes on after 'Leave it out'."""
        values = {**vars(self), "methods": self.plan.methods or None, "trust_file": self.plan.trust_file}
        name = next((name for name in names if values[name] is not None), None)
        if name is not None:
            raise ValueError(f"Expected {expected} for {name}=. Received {received}. Leave {name}= out{instead}.")

    def refuse_numbers(self) -> None:
        """Refuse what only a regression has."""
        if self.direction != "up" or self.number is not None:
            name = "direction" if self.direction != "up" else "number"
            raise ValueError(
                f"Expected a regression for {name}=. Received a model of classes. Leave it out, or pass task='{REGRESSION}'."
            )
