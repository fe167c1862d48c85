"""The page of a classifier of pictures: from the evidence of each section to one HTML text."""

from __future__ import annotations

import datetime
import importlib.metadata
from dataclasses import replace

from markupsafe import Markup

from ..drawing.wording import count
from ..evidence.performance import PerformanceEvidence
from ..html.own_words import NO_WORDS, OwnWords
from ..html.page import Header, Section, View, render_page
from ..html.score_words import in_score_words
from ..html.tiles import Sprite
from ..report_choice import PAGE_SECTIONS, without_dead_links
from ..sections.front.findings import ordered_findings
from ..sections.front.opening import opening
from ..sections.images import IMAGES, page_payload
from ..sections.mistakes import MistakesSection
from ..sections.performance import PerformanceSection
from ..sections.section import VIEWS, Part
from .figures import report_twin, small_enough
from .gathered import Report


def report_html(report: Report, words: OwnWords = NO_WORDS) -> str:
    """The whole page; of some sections, without links to the others."""
    told = ordered_findings(report.sections, report.evidence, report.about)
    first = opening(report.evidence, told, report.about)
    shown, sprites, parts = _drawn(report)
    page = render_page(
        words.title or report.about.information.name,
        shown,
        replace(_header(report), logo=words.logo),
        [*first.sprites, *sprites],
        small_enough(report_twin(report, told)),
        views=_views(report, _noted(first.html, words.note)),
        payload=page_payload(report.evidence, parts, report.about),
    )
    return page if len(report.sections) >= len(PAGE_SECTIONS) else without_dead_links(page)


def _noted(first: Markup, note: Markup) -> Markup:
    """What stands above all else, with a person's note below."""
    if not note:
        return first
    return first + Markup('<section class="own-note" aria-label="Note">{}</section>').format(note)


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
    if MistakesSection.id in report.evidence or (found is not None and report.about.information.cam_layer is None):
        fronts["images"] = IMAGES
    return [View(name, title, notes.get(name, ""), fronts.get(name)) for name, title in VIEWS.items()]


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
