"""A report of independent labels, as one HTML file: `featurelens report MODEL --data TABLE --task labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.evaluation.labels import LabelEvaluation
from ...models.model_files.cards import ModelCard
from ..evidence.plan import ReportPlan
from ..files.report_files import ReportFiles
from ..html.components import figure
from ..html.own_words import NO_WORDS, OwnWords
from ..tasks.around import Around, looked_around
from ..tasks.page import TaskPage, write_task_page
from ..tasks.sections import layers_section
from .cards import looks_section, worst_section
from .evidence import LabelsEvidence, gather_labels
from .figures import labels_section, together_section
from .findings import headline, label_findings, told
from .plots import together_matrix
from .seen import LabelsSeen

FORMAT, VERSION = "featurelens report of several labels", 1
_MOST_IN_FRONT = 15  # labels of the drawing beside the headline
_TESTED = "Tested are the maps of the likeliest label of each picture."
_VIEWS = {
    "findings": "Findings",
    "labels": "Labels",
    "together": "Together",
    "images": "Wrong labels",
    "looks": "What each label looks for",
    "layers": "Layers",
    "trust": "Trust",
    "data": "Data",
    "method": "Method",
}


@dataclass(frozen=True, eq=False)
class LabelsReport:
    """All that the page is written from; each record is a part of the JSON under its name."""

    around: Around
    labels: LabelsEvidence
    measured: LabelEvaluation


def explained_labels(
    model: Any,
    dataset: Dataset,
    plan: ReportPlan,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> LabelsReport:
    """Look at a model of independent labels.

    Raises:
        ValueError: The data bear no labels of this kind, or others than the model answers, or its logits could not be proven.
    """
    seen = LabelsSeen(model, dataset, plan, card=card, command=command, step=step)
    labels, around = looked_around(seen, gather_labels)
    return LabelsReport(around, labels, seen.figures)


def write_labels_report(
    report: LabelsReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about (with the labels' names), labels (figures, what comes together, the pictures
    shown), layers, trust, and `pictures` with {true: [[label]], answered: [[label]], probability: [[...]]} of each.
    """
    return write_task_page(_page(report), files, words, step)


def _page(report: LabelsReport) -> TaskPage:
    about, found = report.around.about, report.labels
    worst, worst_sprites = worst_section(found, about)
    looks, looks_sprites = looks_section(found, about)
    often = np.sort(np.argsort(-found.together.true.diagonal(), kind="stable")[:_MOST_IN_FRONT])
    names = [found.names[place] for place in often]
    drawn = together_matrix(found.together.true[np.ix_(often, often)], names, "Borne together, images")
    return TaskPage(
        about=about,
        headline=headline(found, len(about.dataset)),
        beside=figure(drawn.svg(), drawn.description),
        told=told(found),
        findings=[*label_findings(found), *report.around.findings()],
        sections=[
            labels_section(found),
            together_section(found),
            worst,
            looks,
            *report.around.sections(layers_section(report.around.survey), _TESTED),
        ],
        sprites=[*worst_sprites, *looks_sprites],
        views=_VIEWS,
        figures=_figures(report),
        arrays=_arrays(report),
        kind="with several labels",
    )


def _figures(report: LabelsReport) -> dict[str, Any]:
    measured, around = report.measured, report.around.figures()
    each = {
        "true": [np.flatnonzero(row) for row in measured.marks],
        "answered": [np.flatnonzero(row) for row in measured.answered],
        "probability": measured.probabilities.astype(np.float64).round(6),
    }
    about = {**around.pop("about"), "labels": measured.names}
    parts = {"about": about, "labels": report.labels, **around}
    return {"format": FORMAT, "version": VERSION, **parts, "pictures": each}


def _arrays(report: LabelsReport) -> dict[str, np.ndarray]:
    shown, measured = report.labels.worst, report.measured
    arrays = {
        "marks": measured.marks,
        "probabilities": measured.probabilities,
        "label_names": np.array(measured.names),
        "worst.numbers": shown.numbers,
        "worst.labels": shown.labels,
    }
    return arrays if shown.maps.signed is None else {**arrays, "worst.signed": shown.maps.signed}
