"""A report of a regression, as one HTML file: `featurelens report MODEL --data TABLE --task regression`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.layers.survey import Survey
from ...interpret.progress import Progress
from ...interpret.tracing.sharing import programs_shared
from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import Exploration
from ...models.datasets.pixel_range import warn_of_range
from ...models.evaluation.numbers import NumberEvaluation
from ...models.model_files.cards import ModelCard
from ..evidence.model import ModelEvidence, gather_model
from ..evidence.plan import ReportPlan
from ..evidence.trust import TrustEvidence
from ..files.report_files import ReportFiles
from ..html.components import figure
from ..html.own_words import NO_WORDS, OwnWords
from ..sections.model import ModelSection
from ..sections.section import About
from ..sections.trust import TrustSection
from ..tasks.page import TaskPage, told_of, write_task_page
from ..tasks.picture_maps import Maps
from ..tasks.sections import (
    about_of,
    data_section,
    layers_section,
    name_of,
    shared_findings,
    shared_section,
    trust_finding,
)
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

    about: About
    regression: RegressionEvidence
    measured: NumberEvaluation
    survey: Survey
    model: ModelEvidence
    pictures: Exploration
    trust: TrustEvidence | None


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
    warn_of_range(model, dataset)
    seen = NumbersSeen(model, dataset, plan, asked, card=card, command=command, step=step)
    with programs_shared():
        seen.stream([seen.surveying(), seen.describing()])
        regression, trust = gather_regression(seen), seen.trust
    return RegressionReport(
        about_of(seen), regression, seen.figures, seen.survey, gather_model(seen), seen.exploration, trust
    )


def write_regression_report(
    report: RegressionReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about, regression (figures of each number with intervals and by range, the
    pictures shown), layers, trust, and `pictures` with {true: [[...]], answer: [[...]]} of each.
    """
    return write_task_page(_page(report), files, words, step)


def _page(report: RegressionReport) -> TaskPage:
    about, found, place = report.about, report.regression, report.regression.explained
    worst, worst_sprites = worst_section(found, about)
    raising, raising_sprites = raising_section(found, about)
    truth, answers = report.measured.truth[:, place], report.measured.answers[:, place]
    drawn = predicted_against_true(truth, answers, found.names[place], found.unit)
    what = "raises" if found.direction == "up" else "lowers"
    said = f"Tested are the maps of what {what} {found.names[place]}."
    trust = [] if report.trust is None else [shared_section(TrustSection(), report.trust, about, "trust", said)]
    tested = [] if report.trust is None else [trust_finding(report.trust)]
    model = shared_section(ModelSection(), report.model, about, "method")
    return TaskPage(
        about=about,
        headline=headline(found),
        beside=figure(drawn.svg(), drawn.description),
        told=told(found, report.survey),
        findings=[*regression_findings(found), *tested, *shared_findings(ModelSection(), report.model, about)],
        sections=[
            numbers_section(found, report.measured),
            worst,
            raising,
            layers_section(report.survey, "R² of a probe", _PROBE),
            data_section(report.pictures, about),
            *trust,
            model,
        ],
        sprites=[*worst_sprites, *raising_sprites],
        views=_VIEWS,
        figures=_figures(report),
        arrays=_arrays(report),
        kind="with their numbers",
    )


def _figures(report: RegressionReport) -> dict[str, Any]:
    measured = report.measured
    each = {"true": measured.truth, "answer": measured.answers.round(6)}
    layers = [
        {
            "name": name_of(layer),
            "channels": layer.channels,
            "active_share": layer.active_share,
            "r2": layer.probe.accuracy,
        }
        for layer in report.survey.layers
    ]
    parts = {"about": told_of(report.about), "regression": report.regression, "layers": layers, "trust": report.trust}
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
