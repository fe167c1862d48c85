"""From the sections of a report without classes to one file, its JSON and its arrays."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.progress import Progress
from ..drawing.wording import count
from ..evidence.twin import json_text, twin
from ..files.report_files import ReportFiles
from ..files.whole_files import write_arrays, write_whole
from ..html.components import EMPTY
from ..html.own_words import OwnWords
from ..html.page import Header, Section, View, render_page
from ..html.tiles import Sprite
from ..sections.front.opening import all_findings
from ..sections.section import About, Finding

_MOST_IN_PAGE = 20_000  # pictures whose answers stand in the page's twin too; the JSON file always has them


@dataclass(frozen=True, eq=False)
class TaskPage:
    """A page before it is written."""

    about: About
    headline: str
    beside: Markup  # beside the headline's list: a drawing
    told: Sequence[tuple[str, str]]  # below the headline: what, and its figure
    findings: Sequence[Finding]
    sections: Sequence[Section]
    sprites: Sequence[Sprite]
    views: Mapping[str, str]  # {id of a tab: its title}, in order
    figures: Mapping[str, Any]  # for programs
    arrays: Mapping[str, np.ndarray]
    kind: str  # what the pictures come with, such as 'with their numbers'
    what: tuple[str, str] = ("picture", "pictures")  # what they are, one and several


def write_task_page(page: TaskPage, files: ReportFiles, words: OwnWords, step: Progress = False) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures."""
    if callable(step):
        step("drawing the page", 0, 1)
    told = sorted(page.findings, key=lambda found: -found.weight)
    figures = twin({**page.figures, "findings": told})
    write_whole(files.page, task_html(page, words, figures))
    if files.json is not None:
        write_whole(files.json, json_text(figures) + "\n")
    if files.arrays is not None:
        write_arrays(files.arrays, page.arrays)
    return figures


def task_html(page: TaskPage, words: OwnWords, figures: Mapping[str, Any]) -> str:
    """The whole page."""
    about = page.about
    note = (
        Markup('<section class="own-note" aria-label="Note">{}</section>').format(words.note) if words.note else EMPTY
    )
    front = _front(page) + note
    views = [View(name, title, front=front if name == "findings" else None) for name, title in page.views.items()]
    inside = (
        figures
        if len(about.dataset) <= _MOST_IN_PAGE
        else {k: v for k, v in figures.items() if k not in ("pictures", "answers")}
    )
    title = words.title or about.information.name
    return render_page(title, page.sections, _header(page, words.logo), page.sprites, inside, views=views)


def _front(page: TaskPage) -> Markup:
    rows = Markup("").join(Markup("<li><h2>{}</h2><p>{}</p></li>").format(what, said) for what, said in page.told)
    ordered = sorted(page.findings, key=lambda found: -found.weight)
    return Markup(
        '<div class="hero"><div><h1 id="findings-title">{}</h1><ol class="ans">{}</ol></div><div>{}</div></div>{}'
    ).format(page.headline, rows, page.beside, all_findings(ordered))


def told_of(about: About) -> dict[str, Any]:
    """What a program should know of the report as a whole."""
    dataset = about.dataset
    return {
        "model": about.information.name,
        "data": dataset.source,
        "images": len(dataset),
        "seed": about.seed,
        "command": about.command,
        "read": dataset.preparation,
        "files": dataset.names,
    }


def _header(page: TaskPage, logo: str) -> Header:
    about, version = page.about, importlib.metadata.version("featurelens")
    images = count(len(about.dataset), *page.what)
    several = about.dataset.source == images  # what single files are called together
    return Header(
        kicker=about.dataset.source,
        lead="",
        about=f"on {images} {page.kind}" if several else f"on {about.dataset.source}, {images} {page.kind}",
        footer=(
            f"Made by featurelens {version} on {datetime.date.today():%d %B %Y}, of {about.information.name}. This file is "
            f"complete: it loads nothing from anywhere."
        ),
        logo=logo,
    )
