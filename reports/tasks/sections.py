"""Layers, trust, data and the model, where there are no classes: the sections of a report that need none, in its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import LayerSurvey, Survey
from ...models.datasets.exploration import Exploration
from ..drawing.wording import count, listed, percent, shape
from ..evidence.seen import Seen
from ..evidence.trust import TrustEvidence
from ..html.components import figure, how_to_read, joined, table
from ..html.page import Section
from ..html.score_words import in_score_words
from ..plots.data import pixel_histogram
from ..sections.data import how_read
from ..sections.section import About, Finding, Severity


def shared_section(section: Any, evidence: Any, about: About, view: str, said: str = "") -> Section:
    """A section of the report of a classifier, in the words of this model's scores; a sentence before it."""
    part = section.html(evidence, about)
    html = in_score_words(part.html, about.information.unit)
    html = Markup("<p>{}</p>{}").format(said, html) if said else html
    return Section(section.id, section.title, html, part.lead or section.lead, part.parts, view)


def shared_findings(section: Any, evidence: Any, about: About) -> Iterator[Finding]:
    """Its findings, in the words of this model's scores."""
    for found in section.findings(evidence, about):
        said = in_score_words(Markup("<i>{}</i>").format(found.sentence), about.information.unit)
        yield Finding(said[3:-4].unescape(), found.severity, found.number, found.anchor, found.link, found.weight)


LAST = "logits"  # what a survey calls the scores
_LEVELS: dict[str, tuple[str, Severity]] = {
    "good": ("can be trusted on this model", "fact"),
    "weak": ("can be trusted with care", "caution"),
    "failed": ("failed: such maps are pictures of the layer, not reasons", "problem"),
    "unknown": ("could not be judged", "caution"),
}


def trust_finding(found: TrustEvidence) -> Finding:
    """Which of the methods that were tested can be trusted."""
    methods: dict[str, list[str]] = {}
    for name, verdict in found.trust.verdicts.items():
        methods.setdefault(verdict.level, []).append(name)
    said = [f"{listed(methods[level])} {words}" for level, (words, _) in _LEVELS.items() if level in methods]
    kinds = {severity for level, (_, severity) in _LEVELS.items() if level in methods}
    severity: Severity = "problem" if "problem" in kinds else "caution" if "caution" in kinds else "fact"
    sentence = f"Of the maps that were tested {'; '.join(said) or 'none could be judged'}."
    return Finding(sentence, severity, len(methods.get("good", [])), "trust", "trust", 0.56)


def layers_section(survey: Survey, probed: str = "", reading: str = "") -> Section:
    """Active share, silent channels, likeness to the picture and the probe, layer by layer.

    Args:
        survey: Of the layers.
        probed: The heading of the probe's column; '' for none.
        reading: What the probe is.
    """
    columns = ["Layer", "Channels", "Active", "Silent channels", "Like the picture", *([probed] if probed else [])]
    rows = [_row(layer)[: len(columns)] for layer in survey.layers]
    silent = [f"{len(each.silent_channels)} in {each.name}" for each in survey.layers if len(each.silent_channels)]
    said = (
        f"Never above 0 on any of these pictures: {listed(silent, 8)}." if silent else "No channel stays silent on all."
    )
    shown = table(
        columns,
        rows,
        caption="Active: mean share of units above 0. Like the picture: mean size of Pearson’s r with the grey picture.",
        numeric=list(range(1, len(columns))),
    )
    html = [Markup("<p>{}</p>").format(said), shown, *([how_to_read(reading)] if reading else [])]
    return Section("layers", "What the layers do", joined(html), view="layers")


def name_of(layer: LayerSurvey) -> str:
    """What a layer is called on the page."""
    return "the answer" if layer.name == LAST else layer.name


def _row(layer: LayerSurvey) -> tuple[str, ...]:
    return (
        name_of(layer),
        f"{layer.channels:,}",
        percent(layer.active_share),
        "–" if not np.isfinite(layer.active_share) else f"{len(layer.silent_channels):,}",
        "–" if not np.isfinite(layer.image_correlation) else f"{layer.image_correlation:.2f}",
        "–" if not np.isfinite(layer.probe.accuracy) else f"{layer.probe.accuracy:.2f}",
    )


def data_section(found: Exploration, about: About, *drawn: Markup) -> Section:
    """How many, how large, of which values; then what is drawn of their truth."""
    dataset = about.dataset
    low, high = dataset.shown_range
    text = Markup("<p>{} of {} (height × width × channels) from {}. Black is {:g}, white {:g}.</p>").format(
        count(len(dataset), "picture"), shape(dataset.images.shape[1:]), dataset.source, low, high
    )
    equal = sum(len(group) for group in found.duplicates)
    alike = f"{count(len(found.duplicates), 'group')} of pictures are equal in every pixel, {equal} in all."
    said = Markup("<p>{}</p>").format(alike if equal else "No two are equal in every pixel.")
    values = figure(pixel_histogram(found.pixel_edges, found.pixel_counts).svg(), "The values of all pixels.")
    return Section("pictures", "The pictures", joined([text, how_read(dataset), said, *drawn, values]), view="data")


def about_of(seen: Seen) -> About:
    """What every section may read of such a report."""
    return About(seen.information, seen.dataset, seen.card, seen.verdicts, seen.plan.seed, seen.command)
