"""The report: a model and its data in, one HTML file out.

The flow: a plan says how thoroughly to look; `Seen` looks at the model through all images; each section computes its
evidence, a record of numbers; from the records come the findings, the page, and its twin for programs.
"""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..interpret import ModelInformation
from ..interpret.methods.catalogue import KnownMethod
from ..interpret.progress import Progress
from ..models.datasets.pixel_range import warn_of_range
from ..models.fitting import dataset_for
from ..models.model_files.cards import ModelCard, card_of
from .drawing.wording import count, percent
from .evidence.layers import LayersEvidence, own_channels
from .evidence.performance import PerformanceEvidence
from .evidence.plan import ReportPlan
from .evidence.seen import Seen
from .evidence.trust import TRUST_IMAGES, TrustFile
from .evidence.twin import json_text, twin
from .files.whole_files import check_arrays_name, check_writable, write_arrays, write_whole
from .html.page import Header, KeyFigure, Section, render_page
from .html.score_words import in_score_words
from .html.tiles import Sprite
from .notebook.written import WrittenReport
from .report_choice import DEFAULT_PATH, PAGE_SECTIONS, chosen_sections, known_method, only_classes, without_dead_links
from .sections.findings import findings_section, ordered_findings
from .sections.layers import LayersSection
from .sections.performance import PerformanceSection
from .sections.section import About, Finding, ReportSection


@dataclass(frozen=True, eq=False)
class Report:
    """All that a page is written from."""

    about: About
    evidence: Mapping[str, Any]  # {id of a section: its record of numbers}
    sections: Sequence[ReportSection[Any]]  # all that were asked for, those left out included


def write_report(
    model: Any,
    dataset: Any,
    path: str | Path = DEFAULT_PATH,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    classes: Sequence[str | int] | None = None,
    card: ModelCard | None = None,
    command: str | None = None,
    batch_size: int | None = None,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    trust_file: TrustFile | None = None,
    methods: Sequence[str | KnownMethod] = (),
    json: str | Path | None = None,
    arrays: str | Path | None = None,
    seed: int = 0,
    step: Progress = False,
) -> WrittenReport:
    """Explain a model on a data set, and write what was found into one HTML file.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: A `Dataset` of images in the range that the model takes, with a name for each of the model's classes;
            (images, labels); or whatever `open_dataset` reads, which is fitted to the model.
        path: The file; an older one is replaced in one step when the new one is whole.
        title: Of the page; None: 'What NAME sees'.
        sections: The ids of those to compute and to show, in any order, such as ['performance', 'mistakes']; None: all.
        classes: Names or numbers: only images whose true class is one of these are looked at; None: all.
        card: What is known of the training, for its curves and its recipe; None: the one that the model was loaded with.
        command: The command line to print in the report.
        batch_size: Images at a time; None: as many as fit a few megabytes, 256 of 28x28, 16 of 224x224.
        trust_images: Images that the trust in the maps is measured on, at most; 0 measures none.
        trust_budget: Passes forward and backward for that (see `interpret.trust.budget`); None: by the images' size.
        trust_file: The trust as `featurelens trust` measured it, on this model and these images; it is taken instead.
        methods: Drawn beside each mistake and tested like the others, names such as 'rise' or records of your own; an
            image costs as many passes as the method's record says.
        json: A file for the figures for programs, the same as those in the page.
        arrays: A file .npz for the numbers of each image: labels int64[B], predictions int64[B], probabilities
            float32[B,K], and class_names.
        seed: Of all images that are sampled.
        step: True for a bar of each stage, or a function called with (what is being done, done, total).

    Returns:
        The absolute path of the file, which a notebook shows as the page.

    Raises:
        ValueError: A file cannot be written (found before the work starts), the data do not fit the model, the logits
            could not be proven, a section, class or method is unknown, or the model refuses one of the methods.
    """
    target = Path(path).expanduser().absolute()
    beside = [None if each is None else Path(each).expanduser().absolute() for each in (json, arrays)]
    _check_files(target, *beside)
    shown = chosen_sections(sections, needs_performance=arrays is not None)
    further = tuple(each if isinstance(each, KnownMethod) else known_method(each) for each in methods)
    dataset = only_classes(dataset_for(dataset, model), classes)
    card = card_of(model) if card is None else card
    warn_of_range(model, dataset)
    plan = ReportPlan(batch_size, trust_images, trust_file, trust_budget=trust_budget, seed=seed, methods=further)
    found = gather_report(Seen(model, dataset, plan, card=card, command=command, step=step), shown)
    if callable(step):
        step("drawing the page", 0, 1)
    asked = _only(found, [section.id for section in chosen_sections(sections)])
    write_whole(target, report_html(asked, title))
    _write_beside(found, asked, *beside)
    if callable(step):
        step("drawing the page", 1, 1)
    return WrittenReport(target)


def _check_files(page: Path, json: Path | None, arrays: Path | None) -> None:
    """Refuse, before anything is computed, what cannot be written, or would be written over each other."""
    targets = [each for each in (page, json, arrays) if each is not None]
    for target in targets:
        check_writable(target)
    if arrays is not None:
        check_arrays_name(arrays)
    if len(set(targets)) < len(targets):
        raise ValueError(
            f"Expected different files for the page, json= and arrays=. Received {', '.join(map(str, targets))}. Rename one."
        )


def _only(found: Report, ids: Sequence[str]) -> Report:
    """The report without the sections that were computed for something beside the page."""
    evidence = {name: record for name, record in found.evidence.items() if name in ids}
    return replace(found, evidence=evidence, sections=tuple(each for each in found.sections if each.id in ids))


def _write_beside(found: Report, asked: Report, json: Path | None, arrays: Path | None) -> None:
    """The figures for programs, as in the page, and the numbers of each image."""
    if json is not None:
        told = ordered_findings(asked.sections, asked.evidence, asked.about)
        write_whole(json, json_text(report_twin(asked, told), indent=1) + "\n")
    if arrays is not None:
        evaluation = found.evidence[PerformanceSection.id].evaluation
        write_arrays(
            arrays,
            {
                "labels": evaluation.labels,
                "predictions": evaluation.predictions,
                "probabilities": evaluation.probabilities,
                "class_names": np.array(evaluation.class_names),
            },
        )


def gather_report(seen: Seen, sections: Sequence[ReportSection[Any]] = PAGE_SECTIONS) -> Report:
    """The evidence of each section that has any, in their order."""
    seen.stream([statistic for section in sections for statistic in section.needs(seen)])
    evidence: dict[str, Any] = {}
    for section in sections:
        found = section.evidence(seen, evidence)
        if found is not None:
            evidence[section.id] = found
    return Report(About.of(seen), evidence, tuple(sections))


def report_html(report: Report, title: str | None = None) -> str:
    """The whole page; of some sections, without links to the others."""
    told = ordered_findings(report.sections, report.evidence, report.about)
    shown, sprites = _drawn(report)
    title = title or f"What {report.about.information.name} sees"
    page = render_page(title, [findings_section(told), *shown], _header(report), sprites, report_twin(report, told))
    return page if len(report.sections) >= len(PAGE_SECTIONS) else without_dead_links(page)


def _drawn(report: Report) -> tuple[list[Section], list[Sprite]]:
    """The sections that have evidence, and all their sprites."""
    shown, sprites = [], []
    for section in report.sections:
        if section.id in report.evidence:
            part = section.html(report.evidence[section.id], report.about)
            html = in_score_words(part.html, report.about.information.unit)
            shown.append(Section(section.id, section.title, html, part.lead or section.lead, part.parts))
            sprites += part.sprites
    return shown, sprites


_MOST_FILES = 20_000  # names in the figures for programs


def report_twin(report: Report, told: Sequence[Finding]) -> dict[str, Any]:
    """The report's figures for programs: what it is about, the findings, and each section's evidence under its id."""
    about = {
        "model": report.about.information.name,
        "data": report.about.dataset.source,
        "images": len(report.about.dataset),
        "classes": report.about.class_names,
        "seed": report.about.seed,
        "command": report.about.command,
        "read": report.about.dataset.preparation,
        "files": report.about.dataset.names[:_MOST_FILES],  # by the number of the image
    }
    return twin({"about": about, "findings": tuple(told), **report.evidence})


def _header(report: Report) -> Header:
    about, information = report.about, report.about.information
    version = importlib.metadata.version("featurelens")
    images = count(len(about.dataset), "image")
    return Header(
        kicker=f"featurelens {version} · {datetime.date.today():%d %B %Y} · {about.dataset.source}",
        lead=(
            f"A classifier of {count(information.classes, 'class', 'classes')} with {information.parameters:,} parameters, "
            f"looked at layer by layer through {images}: what it sees, why it decides as it does, and where it goes wrong."
        ),
        figures=[
            *_performance_figures(report.evidence.get(PerformanceSection.id)),
            *_layer_figures(report.evidence.get(LayersSection.id), information),
        ],
        footer=f"Made by featurelens {version}. This file is complete: it loads nothing from anywhere.",
    )


def _performance_figures(found: PerformanceEvidence | None) -> list[KeyFigure]:
    if found is None:
        return []
    evaluation, figures = found.evaluation, found.figures
    shown = [
        KeyFigure("Accuracy", percent(figures.accuracy, 2), f"of {count(figures.images, 'image')}"),
        KeyFigure("Mistakes", f"{found.mistakes:,}", f"in {count(len(found.confusions), 'confusion')}"),
    ]
    if found.weakest is not None and evaluation.support.all():
        found_of_it = f"{percent(evaluation.recall[found.weakest])} found"
        shown.append(KeyFigure("Weakest class", evaluation.class_names[found.weakest], found_of_it))
    return [*shown, KeyFigure("Calibration error", f"{figures.expected_calibration_error:.3f}", "0 is perfect")]


def _layer_figures(found: LayersEvidence | None, information: ModelInformation) -> list[KeyFigure]:
    counted = [] if found is None else own_channels(found.layers, information)
    if not counted:
        return []
    silent, channels = sum(len(each.silent_channels) for each in counted), sum(each.channels for each in counted)
    return [KeyFigure("Silent channels", f"{silent:,}", f"of {channels:,}, units included")]
