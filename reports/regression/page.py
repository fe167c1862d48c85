"""A report of a regression, as one HTML file: `featurelens report MODEL --data TABLE --task regression`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.evaluation.numbers import NumberEvaluation
from ...models.model_files.cards import ModelCard
from ..evidence.plan import ReportPlan
from ..files.report_files import ReportFiles
from ..html.components import figure
from ..html.own_words import NO_WORDS, OwnWords
from ..tasks.around import Around, looked_around
from ..tasks.page import TaskPage, write_task_page
from ..tasks.picture_maps import Maps
from ..tasks.sections import layers_section
from .drawn import numbers_section
from .evidence import RegressionEvidence, gather_regression
from .findings import headline, regression_findings, told
from .plots import predicted_against_true
from .sections import raising_section, worst_section
from .seen import Asked, NumbersSeen

FORMAT, VERSION = "featurelens report of a regression", 1
_VIEWS = {
    "findings": "Findings",
    "numbers": "Predicted and true",
    "images": "Largest errors",
    "raising": "What raises it",
    "layers": "Layers",
    "trust": "Trust",
    "data": "Data",
    "method": "Method",
}
_PROBE = (
    "The last column is R² of a linear probe: ridge regression from the layer's output to the number, fitted on one half of up "
    "to 6,000 sampled pictures and measured on the other. 1: the number can be read off, 0: no better than the mean. After "
    "Alain and Bengio 2016, arXiv:1610.01644, for other models."
)


@dataclass(frozen=True, eq=False)
class RegressionReport:
    """All that the page is written from; each record is a part of the JSON under its name."""

    around: Around
    regression: RegressionEvidence
    measured: NumberEvaluation


def explained_numbers(
    model: Any,
    dataset: Dataset,
    plan: ReportPlan,
    asked: Asked,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> RegressionReport:
    """Look at a regression.

    Raises:
        ValueError: The data bear no numbers, or others than the model answers, or its answers could not be proven.
    """
    seen = NumbersSeen(model, dataset, plan, asked, card=card, command=command, step=step)
    regression, around = looked_around(seen, gather_regression)
    return RegressionReport(around, regression, seen.figures)


def write_regression_report(
    report: RegressionReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about, regression (figures of each number with intervals and by range, the
    pictures shown), layers, trust, and `pictures` with {true: [[...]], answer: [[...]]} of each.
    """
    return write_task_page(_page(report), files, words, step)


def _page(report: RegressionReport) -> TaskPage:
    around, found, place = report.around, report.regression, report.regression.explained
    about = around.about
    worst, worst_sprites = worst_section(found, about)
    raising, raising_sprites = raising_section(found, about)
    truth, answers = report.measured.truth[:, place], report.measured.answers[:, place]
    drawn = predicted_against_true(truth, answers, found.names[place], found.unit)
    what = "raises" if found.direction == "up" else "lowers"
    layers = layers_section(around.survey, "R² of a probe", _PROBE)
    return TaskPage(
        about=about,
        headline=headline(found),
        beside=figure(drawn.svg(), drawn.description),
        told=told(found, around.survey),
        findings=[*regression_findings(found), *around.findings()],
        sections=[
            numbers_section(found, report.measured),
            worst,
            raising,
            *around.sections(layers, f"Tested are the maps of what {what} {found.names[place]}."),
        ],
        sprites=[*worst_sprites, *raising_sprites],
        views=_VIEWS,
        figures=_figures(report),
        arrays=_arrays(report),
        kind="with their numbers",
    )


def _figures(report: RegressionReport) -> dict[str, Any]:
    measured, around = report.measured, report.around.figures(probed="r2")
    each = {"true": measured.truth, "answer": measured.answers.round(6)}
    parts = {"about": around.pop("about"), "regression": report.regression, **around}
    return {"format": FORMAT, "version": VERSION, **parts, "pictures": each}


def _arrays(report: RegressionReport) -> dict[str, np.ndarray]:
    found = report.regression
    arrays = {
        "truth": report.measured.truth,
        "answers": report.measured.answers,
        "names": np.array(report.measured.names),
    }
    for name in ("worst", "highest", "lowest"):
        shown = getattr(found, name)
        arrays |= {f"{name}.numbers": shown.numbers, **_maps(name, shown.maps)}
    return arrays if found.average is None else {**arrays, **_maps("average", found.average.maps)}


def _maps(name: str, maps: Maps) -> dict[str, np.ndarray]:
    drawn = {"signed": maps.signed, "grad_cam": maps.cam, "saliency": maps.saliency}
    return {f"{name}.{kind}": values for kind, values in drawn.items() if values is not None}
