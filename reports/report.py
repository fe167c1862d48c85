"""The report: a model and its data in, one HTML file out.

The flow: a plan says how thoroughly to look; `Seen` looks at the model through all images; each section computes its
evidence, a record of numbers; from the records come the findings, the page, and its twin for programs.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..interpret.methods.catalogue import KnownMethod
from ..interpret.progress import Step
from ..models.datasets.dataset import Dataset
from ..models.datasets.pixel_range import warn_of_range
from ..models.model_files.cards import ModelCard
from .drawing.wording import count
from .evidence.performance import PerformanceEvidence
from .evidence.plan import ReportPlan
from .evidence.seen import Seen
from .evidence.trust import TRUST_IMAGES, TrustFile
from .evidence.twin import json_text, twin
from .files.report_files import ReportFiles, document, drawn_arrays
from .files.whole_files import check_writable, write_arrays, write_whole
from .html.page import Header, Section, View, render_page
from .html.score_words import in_score_words
from .html.tiles import Sprite
from .sections.causes import CausesSection
from .sections.data import DataSection
from .sections.feature_maps import FeatureMapsSection
from .sections.front.findings import ordered_findings
from .sections.front.opening import opening
from .sections.images import IMAGES, page_payload
from .sections.layers import LayersSection
from .sections.mistakes import MistakesSection
from .sections.model import ModelSection
from .sections.performance import PerformanceSection
from .sections.screening.reasons import ReasonsSection
from .sections.screening.review import ReviewSection
from .sections.screening.soundness import SoundnessSection
from .sections.screening.suspects import ScreeningSection
from .sections.screening.which_layer import WhichLayerSection
from .sections.section import VIEWS, About, Finding, Part, ReportSection
from .sections.trust import TrustSection

PAGE_SECTIONS: tuple[ReportSection[Any], ...] = (  # of the page, from top to bottom, below the findings
    ModelSection(),
    DataSection(),
    PerformanceSection(),
    ScreeningSection(),
    FeatureMapsSection(),
    LayersSection(),
    SoundnessSection(),
    TrustSection(),
    WhichLayerSection(),
    MistakesSection(),
    ReasonsSection(),
    CausesSection(),
    ReviewSection(),
)


@dataclass(frozen=True, eq=False)
class Report:
    """All that a page is written from."""

    about: About
    evidence: Mapping[str, Any]  # {id of a section: its record of numbers}
    sections: Sequence[ReportSection[Any]]  # all that were asked for, those left out included


def write_report(
    model: Any,
    dataset: Dataset,
    path: str | Path,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    batch_size: int | None = None,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    trust_file: TrustFile | None = None,
    methods: Sequence[KnownMethod] = (),
    training: Dataset | None = None,
    json: str | Path | None = None,
    arrays: str | Path | None = None,
    seed: int = 0,
    step: Step | None = None,
) -> Path:
    """Explain a model on a data set, and write what was found into one HTML file.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: Images in the range that the model takes, with a name for each of the model's classes.
        path: The file; an older one is replaced in one step when the new one is whole.
        card: What is known of the training, for its curves and its recipe.
        command: The command line to print in the report.
        batch_size: Images at a time; None: as many as fit a few megabytes, 256 of 28x28, 16 of 224x224.
        trust_images: Images that the trust in the maps is measured on, at most; 0 measures none.
        trust_budget: Passes forward and backward for that (see `interpret.trust.budget`); None: by the images' size.
        trust_file: The trust as `featurelens trust` measured it, on this model and these images; it is taken instead.
        methods: Drawn beside each mistake and tested like the others, one of `METHODS` or of your own; an image
            costs as many passes as the method's record says.
        training: The images that the model was trained on, in the classes of the others: near copies of these are looked for.
        json: A file for all figures (see `reports.files.report_files`); None for none.
        arrays: A .npz file for all maps drawn, by the image's number; None for none.
        seed: Of all images that are sampled.
        step: Called with (what is being done, done, total).

    Returns:
        The absolute path of the file.

    Raises:
        ValueError: The file cannot be written (found before the work starts), the data do not fit the model, the logits
            could not be proven, or the model refuses one of the methods.
    """
    files = ReportFiles(_target(path), *(None if each is None else _target(each) for each in (json, arrays)))
    plan = ReportPlan(
        batch_size,
        trust_images,
        trust_file,
        trust_budget=trust_budget,
        seed=seed,
        methods=tuple(methods),
        training=training,
    )
    write_files(explained(model, dataset, plan, card=card, command=command, step=step), files, step=step)
    return files.page


def _target(path: str | Path) -> Path:
    """A file that can be written."""
    target = Path(path).expanduser().absolute()
    check_writable(target)
    return target


def explained(
    model: Any,
    dataset: Dataset,
    plan: ReportPlan,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Step | None = None,
) -> Report:
    """All that a page is written from; arguments and errors as for `write_report`."""
    warn_of_range(model, dataset)
    return gather_report(Seen(model, dataset, plan, card=card, command=command, step=step))


def write_files(report: Report, files: ReportFiles, *, step: Step | None = None) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and its arrays; returns the figures."""
    if step is not None:
        step("drawing the page", 0, 1)
    write_whole(files.page, report_html(report))
    told = ordered_findings(report.sections, report.evidence, report.about)
    figures = document(report_twin(report, told), _answers(report), files.arrays)
    if files.json is not None:
        write_whole(files.json, json_text(figures) + "\n")
    if files.arrays is not None:
        write_arrays(files.arrays, drawn_arrays(report.evidence))
    if step is not None:
        step("drawing the page", 1, 1)
    return figures


def _answers(report: Report) -> dict[str, Any]:
    """The answer to each image, in their order."""
    evaluation = report.about.evaluation
    assert evaluation is not None  # by About.of
    every, predicted, true = np.arange(len(evaluation.labels)), evaluation.predictions, evaluation.labels
    columns = {
        "true": true,
        "predicted": predicted,
        "probability": evaluation.probabilities[every, predicted].astype(np.float64).round(6),
        "of_true": evaluation.probabilities[every, true].astype(np.float64).round(6),
    }
    return twin(columns)


def gather_report(seen: Seen, sections: Sequence[ReportSection[Any]] = PAGE_SECTIONS) -> Report:
    """The evidence of each section that has any, in their order."""
    seen.stream([statistic for section in sections for statistic in section.needs(seen)])
    evidence: dict[str, Any] = {}
    for section in sections:
        found = section.evidence(seen, evidence)
        if found is not None:
            evidence[section.id] = found
    return Report(About.of(seen), evidence, tuple(sections))


def report_html(report: Report) -> str:
    """The whole page."""
    told = ordered_findings(report.sections, report.evidence, report.about)
    first = opening(report.evidence, told, report.about)
    shown, sprites, parts = _drawn(report)
    return render_page(
        report.about.information.name,
        shown,
        _header(report),
        [*first.sprites, *sprites],
        _small_enough(report_twin(report, told)),
        views=_views(report, first.html),
        payload=page_payload(report.evidence, parts, report.about),
    )


def _small_enough(told: dict[str, Any]) -> dict[str, Any]:
    """The twin as the page carries it: a part that would make the file large is named, not carried."""
    return {
        name: {"left_out": "too large for the page"} if len(json.dumps(part)) > _MOST_OF_A_PART else part
        for name, part in told.items()
    }


def _drawn(report: Report) -> tuple[list[Section], list[Sprite], list[Part]]:
    """The sections that have evidence, all their sprites, and what they hand to the page's program."""
    shown, sprites, parts = [], [], []
    for section in report.sections:
        if section.id in report.evidence:
            part = section.html(report.evidence[section.id], report.about)
            html = in_score_words(part.html, report.about.information.unit)
            tab = getattr(section, "view", "method")
            shown.append(Section(section.id, section.title, html, part.lead or section.lead, part.parts, tab))
            sprites += part.sprites
            parts.append(part)
    return shown, sprites, parts


def _views(report: Report, first: Markup) -> list[View]:
    """The tabs, with how much is behind them."""
    found: PerformanceEvidence | None = report.evidence.get(PerformanceSection.id)
    notes = {"classes": f"{len(report.about.class_names):,}"}
    if found is not None:
        notes["confusions"] = f"{len(found.confusions):,}"
    fronts = {"findings": first}
    if MistakesSection.id in report.evidence:
        fronts["images"] = IMAGES
    return [View(name, title, notes.get(name, ""), fronts.get(name)) for name, title in VIEWS.items()]


_MOST_OF_A_PART = 300_000  # letters of a section's figures that the page itself carries
_MOST_FILES = 20_000  # names in the figures for programs


def report_twin(report: Report, told: Sequence[Finding]) -> dict[str, Any]:
    """The report's figures for programs: what it is about, the findings, and each section's evidence under its id."""
    about = {
        "model": report.about.information.name,
        "data": report.about.dataset.source,
        "images": len(report.about.dataset),
        "classes": report.about.class_names,
        "weights": report.about.weights,
        "pixels": report.about.pixels,
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
    made = f"featurelens {version} on {datetime.date.today():%d %B %Y}"
    return Header(
        kicker=about.dataset.source,
        lead="",
        about=f"on {about.dataset.source}, {images}",
        footer=(
            f"Made by {made}, of {information.name}: {count(information.classes, 'class', 'classes')}, "
            f"{information.parameters:,} parameters. This file is complete: it loads nothing from anywhere."
        ),
    )
