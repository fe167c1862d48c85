"""A report of pictures without labels, as one HTML file: `featurelens report MODEL --data PICTURES`."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import Exploration
from ...models.model_files.cards import ModelCard, card_of
from ..drawing.wording import count
from ..evidence.model import ModelEvidence, gather_model
from ..evidence.plan import ReportPlan
from ..evidence.screening.suspects import hidden_of, pictures_of
from ..evidence.seen import Seen
from ..evidence.trust import TrustEvidence
from ..evidence.twin import json_text, twin
from ..files.report_files import ReportFiles, drawn_arrays
from ..files.whole_files import write_arrays, write_whole
from ..html.own_words import NO_WORDS, OwnWords
from ..html.page import Header, Section, View, render_page
from ..html.score_words import in_score_words
from ..html.tiles import Sprite
from ..sections.model import ModelSection
from ..sections.section import VIEWS, About
from ..sections.trust import TrustSection
from .answered import answered
from .classes import answers_section, classes_section, headline
from .evidence import Answers, Inside, Likeness, gather_answers, gather_inside, gather_likeness
from .inside import data_section, layers_section
from .pictures import likeness_section, unsure_section

FORMAT, VERSION = "featurelens report without labels", 1
_LEFT_OUT = ("confusions",)  # tabs that need true classes


@dataclass(frozen=True, eq=False)
class UnlabelledReport:
    """All that the page is written from; each record is a part of the JSON under its name."""

    about: About
    answers: Answers
    likeness: Likeness
    layers: Inside
    model: ModelEvidence
    pictures: Exploration
    trust: TrustEvidence | None
    probabilities: np.ndarray  # float64[B,K], 0..1


def explained_pictures(
    model: Any,
    pictures: Dataset,
    plan: ReportPlan,
    *,
    class_names: Sequence[str] | None = None,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> UnlabelledReport:
    """Look at pictures without labels.

    Raises:
        ValueError: The model is no classifier, or its logits could not be proven.
    """
    known = card_of(model) if card is None else card
    if class_names is None and known is not None:
        class_names = known.class_names
    seen = Seen(model, answered(model, pictures, class_names), plan, card=known, command=command, step=step)
    seen.stream([seen.surveying(), hidden_of(seen), pictures_of(seen), seen.describing()])
    about = About(
        seen.information,
        seen.dataset,
        seen.card,
        seen.verdicts,
        plan.seed,
        command,
    )
    return UnlabelledReport(
        about,
        gather_answers(seen),
        gather_likeness(seen),
        gather_inside(seen),
        gather_model(seen),
        seen.exploration,
        seen.trust,
        seen.survey.probabilities,
    )


def write_pictures_report(
    report: UnlabelledReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about, answers (the classes, the surest and the least sure pictures), likeness,
    layers, trust, and `pictures` with the answer to each: {predicted: [class], probability: [0..1], second: [class]}.
    """
    if callable(step):
        step("drawing the page", 0, 1)
    write_whole(files.page, pictures_html(report, words))
    figures = _figures(report)
    if files.json is not None:
        write_whole(files.json, json_text(figures) + "\n")
    if files.arrays is not None:
        write_arrays(files.arrays, _arrays(report))
    return figures


def pictures_html(report: UnlabelledReport, words: OwnWords = NO_WORDS) -> str:
    """The whole page."""
    about = report.about
    sections, sprites = _sections(report)
    front = Markup('<h1 class="vt" id="findings-title">{}</h1>').format(headline(report.answers, about))
    if words.note:
        front += Markup('<section class="own-note" aria-label="Note">{}</section>').format(words.note)
    views = [
        View(name, heading, front=front if name == "findings" else None)
        for name, heading in VIEWS.items()
        if name not in _LEFT_OUT
    ]
    header = replace(_header(about), logo=words.logo)
    return render_page(words.title or about.information.name, sections, header, sprites, views=views)


def _sections(report: UnlabelledReport) -> tuple[list[Section], list[Sprite]]:
    about = report.about
    classes, class_sprites = classes_section(report.answers, about)
    unsure, unsure_sprites = unsure_section(report.answers, about)
    data, data_sprites = data_section(report.pictures, about)
    likeness, likeness_sprites = likeness_section(report.likeness, about)
    made: list[tuple[Any, Any, str]] = [(ModelSection(), report.model, "method")]
    if report.trust is not None:
        made.insert(0, (TrustSection(), report.trust, "trust"))
    shared = []
    for section, evidence, tab in made:
        part = section.html(evidence, about)
        html = in_score_words(part.html, about.information.unit)
        shared.append(Section(section.id, section.title, html, part.lead or section.lead, part.parts, tab))
    shown = [
        answers_section(report.answers, about),
        classes,
        unsure,
        layers_section(report.layers),
        data,
        likeness,
        *shared,
    ]
    return shown, [*class_sprites, *unsure_sprites, *data_sprites, *likeness_sprites]


def _figures(report: UnlabelledReport) -> dict[str, Any]:
    about, dataset = report.about, report.about.dataset
    order = np.argsort(-report.probabilities, axis=1, kind="stable")
    told = {
        "model": about.information.name,
        "data": dataset.source,
        "images": len(dataset),
        "classes": about.class_names,
        "seed": about.seed,
        "command": about.command,
        "read": dataset.preparation,
        "files": dataset.names,
    }
    each = {
        "predicted": dataset.labels,
        "probability": report.probabilities[np.arange(len(dataset)), dataset.labels].round(6),
        "second": order[:, 1] if order.shape[1] > 1 else order[:, 0],
    }
    parts = {"about": told, "answers": report.answers, "likeness": report.likeness, "layers": report.layers}
    return {"format": FORMAT, "version": VERSION, **twin({**parts, "trust": report.trust, "pictures": each})}


def _arrays(report: UnlabelledReport) -> dict[str, np.ndarray]:
    dataset = report.about.dataset
    maps = drawn_arrays(
        {"unsure": report.answers.unsure, **{f"class_{each.label}": each for each in report.answers.classes}}
    )
    of_images = {"predictions": dataset.labels, "probabilities": report.probabilities}
    return {**of_images, "class_names": np.array(dataset.class_names), **maps}


def _header(about: About) -> Header:
    version = importlib.metadata.version("featurelens")
    images = count(len(about.dataset), "picture")
    several = about.dataset.source == images  # what single files are called together
    return Header(
        kicker=about.dataset.source,
        lead="",
        about=f"on {images} without labels" if several else f"on {about.dataset.source}, {images} without labels",
        footer=(
            f"Made by featurelens {version} on {datetime.date.today():%d %B %Y}, of {about.information.name}. This file is "
            f"complete: it loads nothing from anywhere."
        ),
    )
