"""A report of a classifier of series or volumes, as one HTML file: `featurelens report MODEL --data SIGNALS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.layers.survey import Survey
from ...interpret.progress import Progress
from ...interpret.tracing.sharing import programs_shared
from ...interpret.tracing.variants import rows_limited
from ...models.model_files.cards import ModelCard
from ...models.signals import Signals
from ..evidence.model import ModelEvidence
from ..evidence.performance import PerformanceEvidence, gather_performance
from ..evidence.plan import ReportPlan
from ..evidence.trust import TrustEvidence
from ..files.report_files import ReportFiles
from ..html.components import figure
from ..html.own_words import NO_WORDS, OwnWords
from ..html.page import Section
from ..plots.performance import confusion_matrix, most_confused
from ..sections.model import proof_finding
from ..sections.section import About, Finding
from ..sections.trust import TrustSection
from ..tasks.page import TaskPage, write_task_page
from ..tasks.sections import about_of, name_of, shared_section, trust_finding
from .evidence import ShownSignals, SignalsEvidence, gather_signals, signals_of
from .findings import signal_findings, title_of, told
from .inside import LayerChannels, channels_of
from .sections import (
    data_section,
    evidence_section,
    inside_section,
    method_section,
    mistakes_section,
    performance_section,
)
from .seen import SignalsSeen
from .words import ONE, in_signal_words, signal_words

FORMAT, VERSION = "featurelens report of series and volumes", 1
_MOST_IN_FRONT = 12  # classes of the matrix beside the headline
_VIEWS = {
    "findings": "Findings",
    "mistakes": "Mistakes",
    "evidence": "Where the evidence lies",
    "classes": "Classes",
    "layers": "Layers",
    "trust": "Trust",
    "data": "Data",
    "method": "Method",
}


@dataclass(frozen=True, eq=False)
class SignalsReport:
    """All that the page is written from; each record is a part of the JSON under its name."""

    about: About
    performance: PerformanceEvidence
    signals: SignalsEvidence
    survey: Survey
    model: ModelEvidence
    trust: TrustEvidence | None
    example: int  # whose channels are shown
    channels: tuple[LayerChannels, ...]
    equal: int  # that equal another one


def explained_signals(
    model: Any,
    signals: Signals,
    plan: ReportPlan,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> SignalsReport:
    """Look at a classifier of series or volumes.

    Raises:
        ValueError: They come without classes, or with others than the model answers, or its logits could not be proven.
    """
    seen = SignalsSeen(model, signals, plan, card=card, command=command, step=step)
    with programs_shared(), rows_limited(seen.plan.batch_size):
        seen.stream([seen.surveying()])
        found, trust = gather_signals(seen), seen.trust
        example = _example(found)
        channels = channels_of(seen, example)
    error = max(seen.information.logit_error, seen.survey.logit_error)
    evidence = ModelEvidence(seen.information, error, seen.survey.folded, *seen.dataset.value_range)
    equal = _equal(seen.dataset.images)
    return SignalsReport(
        about_of(seen), gather_performance(seen), found, seen.survey, evidence, trust, example, channels, equal
    )


def _example(found: SignalsEvidence) -> int:
    """The surest right answer of the first class that has one; else the first of all."""
    return next((int(each.surest.numbers[0]) for each in found.classes if len(each.surest.numbers)), 0)


def _equal(values: np.ndarray) -> int:
    """How many equal an earlier one in every value."""
    return len(values) - len({each.tobytes() for each in values})


def write_signals_report(
    report: SignalsReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about, findings, performance (as of a report of pictures), signals (where the
    evidence lies), layers, trust, and `answers` with {true, predicted, probability, of_true} of each.
    """
    return write_task_page(_page(report), files, words, step)


def _page(report: SignalsReport) -> TaskPage:
    about, found = report.about, report.signals
    names, counts = about.class_names, report.performance.figures.confusion
    drawn = confusion_matrix(counts, names, chosen=most_confused(counts, _MOST_IN_FRONT))
    mistakes, mistake_sheets = mistakes_section(found, about)
    evidence, evidence_sheets = evidence_section(found, about)
    layers, layer_sheets = inside_section(report.survey, report.channels, report.example, found, about)
    findings = _findings(report)
    return TaskPage(
        about=about,
        headline=title_of(report.performance, found, about),
        beside=figure(drawn.svg(), drawn.description),
        told=told(report.performance, found, about),
        findings=findings,
        sections=[
            mistakes,
            evidence,
            performance_section(report.performance, found),
            layers,
            *_trust(report),
            data_section(found, about, counts.sum(axis=1), report.equal),
            method_section(report.model, found, about),
        ],
        sprites=[*mistake_sheets, *evidence_sheets, *layer_sheets],
        views=_VIEWS,
        figures=_figures(report, findings),
        arrays=_arrays(report),
        kind="with their classes",
        what=ONE[found.kind],
    )


def _trust(report: SignalsReport) -> list[Section]:
    if report.trust is None:
        return []
    made = shared_section(TrustSection(), report.trust, report.about, "trust")
    kind = report.signals.kind
    lead = signal_words(made.lead, kind)
    return [Section(made.id, made.title, in_signal_words(made.html, kind), lead, made.parts, made.view)]


def _findings(report: SignalsReport) -> list[Finding]:
    tested = [] if report.trust is None else [trust_finding(report.trust)]
    return [*signal_findings(report.performance, report.signals, report.about), *tested, proof_finding(report.model)]


def _figures(report: SignalsReport, findings: list[Finding]) -> dict[str, Any]:
    about, found = report.about, report.performance.evaluation
    every, dataset = np.arange(len(found.labels)), signals_of(about)
    layers = [
        {
            "name": name_of(each),
            "channels": each.channels,
            "active_share": each.active_share,
            "probe": each.probe.accuracy,
        }
        for each in report.survey.layers
    ]
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": {
            "model": about.information.name,
            "data": dataset.source,
            "images": len(dataset),
            "classes": about.class_names,
            "seed": about.seed,
            "command": about.command,
            "notes": dataset.notes,
            "files": dataset.names,
            "unreadable": dataset.unreadable,
        },
        "findings": tuple(findings),
        "performance": report.performance,
        "signals": report.signals,
        "layers": layers,
        "trust": report.trust,
        "answers": {
            "true": found.labels,
            "predicted": found.predictions,
            "probability": found.probabilities[every, found.predictions].astype(np.float64).round(6),
            "of_true": found.probabilities[every, found.labels].astype(np.float64).round(6),
        },
    }


def _arrays(report: SignalsReport) -> dict[str, np.ndarray]:
    found = report.performance.evaluation
    arrays = {
        "labels": found.labels,
        "predictions": found.predictions,
        "probabilities": found.probabilities.astype(np.float32),
        "class_names": np.array(found.class_names),
        **_shown("mistakes", report.signals.mistakes),
    }
    for each in report.signals.classes:
        arrays |= _shown(f"class-{each.label}", each.surest)
    return arrays


def _shown(name: str, shown: ShownSignals) -> dict[str, np.ndarray]:
    return {
        f"{name}.numbers": shown.numbers,
        f"{name}.for_predicted": shown.for_predicted,
        f"{name}.for_true": shown.for_true,
    }
