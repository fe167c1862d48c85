"""The kinds of report that `write_report` writes, in the order in which they are tried, and what each is written from.

The report of a segmentation has masks beside its images, and a function of its own: `write_segmentation_report`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..interpret.graph.tasks import declared_task
from ..interpret.layers.signal_input import signal_axes
from ..interpret.own_scores import scored_as
from ..models.datasets.dataset import Dataset
from ..models.evaluation.numbers import numbers_in
from ..models.fitting import UNLABELLED, known_for, labelled_for
from ..models.formats.places.signal_files import open_signals
from ..models.model_files.cards import card_of
from ..models.signals import Signals
from ..models.truth.record import LABELS, REGRESSION, Numbers
from .classification.gathered import explained
from .classification.written import write_files
from .regression.page import explained_numbers, write_regression_report
from .regression.seen import Asked
from .report_choice import chosen_sections, only_classes, sampled
from .report_request import ReportRequest
from .several_labels.page import explained_labels, write_labels_report
from .signals.page import explained_signals, write_signals_report
from .store.for_report import from_store
from .store.opening import open_store
from .unlabelled.page import explained_pictures, write_pictures_report

_OF_CLASSES = ("sections", "classes", "training", "store")  # arguments that need a class for each image


@dataclass(frozen=True)
class ReportKind:
    """One kind of report."""

    name: str
    fits: Callable[[ReportRequest], bool]
    write: Callable[[ReportRequest], Any]


def kind_of(asked: ReportRequest) -> ReportKind:
    """The first kind that fits what is asked for.

    Raises:
        ValueError: The task is unknown, or the data cannot be read.
    """
    if asked.task not in (None, REGRESSION, LABELS):
        raise ValueError(
            f"Expected the task '{REGRESSION}' or '{LABELS}'. Received {asked.task!r}. Leave task= out for classes."
        )
    return next(kind for kind in KINDS if kind.fits(asked))


def _is_of_signals(asked: ReportRequest) -> bool:
    """Whether series or volumes are classified, by what the model takes."""
    return asked.task is None and not isinstance(asked.dataset, Dataset) and signal_axes(asked.model) is not None


def _write_of_signals(asked: ReportRequest) -> None:
    asked.refuse(
        ("sections", "methods", "training", "store", "max_size"),
        expected="a model of pictures",
        received="one of series or volumes, whose report has no such part",
    )
    asked.refuse_numbers()
    found = explained_signals(
        asked.model,
        _signals_in(asked),
        asked.plan,
        card=asked.card or card_of(asked.model),
        command=asked.command,
        step=asked.step,
    )
    write_signals_report(found, asked.files, words=asked.words, step=asked.step)


def _signals_in(asked: ReportRequest) -> Signals:
    """The series or volumes that the page is of."""
    given = asked.dataset
    known: Any = given if isinstance(given, Signals) else open_signals(given, model=asked.model)
    return sampled(only_classes(known.labelled(), asked.classes), asked.max_images, asked.plan.seed)  # type: ignore[return-value]


def _task_of(asked: ReportRequest) -> str | None:
    """What the model answers where it is no class: as it is said, else as the data or the model tell."""
    if asked.task is not None:
        return asked.task
    truth = asked.dataset.truth if isinstance(asked.dataset, Dataset) else None
    if truth is not None:
        return REGRESSION if isinstance(truth, Numbers) else LABELS
    declared = declared_task(asked.model) == REGRESSION
    return REGRESSION if declared and scored_as(asked.model) is None else None  # a score of one's own has no truth


def _with_truth(asked: ReportRequest, task: str) -> Dataset:
    """The images with what is known of each, numbers or labels."""
    asked.refuse(
        (*_OF_CLASSES, "methods", "trust_file", "max_size"),
        expected="a classifier and its classes",
        received="a model of numbers or of several labels",
    )
    given = asked.dataset
    return given if isinstance(given, Dataset) else known_for(given, asked.model, task)


def _write_of_numbers(asked: ReportRequest) -> None:
    known = _with_truth(asked, REGRESSION)
    chosen = Asked.of(numbers_in(known), asked.number, asked.direction)
    found = explained_numbers(
        asked.model,
        asked.sampled(known),
        asked.plan,
        chosen,
        card=asked.card,
        command=asked.command,
        step=asked.step,
    )
    write_regression_report(found, asked.files, words=asked.words, step=asked.step)


def _write_of_labels(asked: ReportRequest) -> None:
    known = _with_truth(asked, LABELS)
    asked.refuse_numbers()
    found = explained_labels(
        asked.model, asked.sampled(known), asked.plan, card=asked.card, command=asked.command, step=asked.step
    )
    write_labels_report(found, asked.files, words=asked.words, step=asked.step)


def _write_without_labels(asked: ReportRequest) -> None:
    asked.refuse(
        _OF_CLASSES,
        expected="pictures with their classes",
        received="pictures without",
        instead=", or put the pictures into one folder per class",
    )
    found = explained_pictures(
        asked.model, asked.pictures, asked.plan, card=asked.card, command=asked.command, step=asked.step
    )
    write_pictures_report(found, asked.files, words=asked.words, step=asked.step)


def _write_of_classes(asked: ReportRequest) -> None:
    model, known = asked.model, labelled_for(asked.pictures, asked.model)
    dataset, plan = asked.sampled(only_classes(known, asked.classes)), asked.plan
    if asked.training is not None:
        plan = replace(plan, training=labelled_for(asked.training, model))
    if asked.store is not None:
        dataset, plan = from_store(open_store(asked.store), model, dataset, plan)
    computed = chosen_sections(asked.sections, needs_performance=asked.files.arrays is not None)
    found = explained(model, dataset, plan, sections=computed, card=asked.card, command=asked.command, step=asked.step)
    shown = [section.id for section in chosen_sections(asked.sections)]
    write_files(found, asked.files, shown=shown, words=asked.words, max_size=asked.max_size, step=asked.step)


KINDS = (
    ReportKind("series and volumes", _is_of_signals, _write_of_signals),
    ReportKind("numbers", lambda asked: _task_of(asked) == REGRESSION, _write_of_numbers),
    ReportKind("several labels", lambda asked: _task_of(asked) == LABELS, _write_of_labels),
    ReportKind(
        "pictures without labels", lambda asked: asked.pictures.class_names == UNLABELLED, _write_without_labels
    ),
    ReportKind("classes", lambda asked: True, _write_of_classes),
)
