"""The files of a report of a classifier of pictures: the page, its figures, its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...interpret.progress import Progress
from ..evidence.twin import json_text
from ..files.report_files import ReportFiles, document, drawn_arrays
from ..files.whole_files import write_arrays, write_whole
from ..html.own_words import NO_WORDS, OwnWords
from ..sections.front.findings import ordered_findings
from .figures import answers, arrays_of_images, report_twin
from .gathered import Report
from .page_size import page_within


def write_files(
    report: Report,
    files: ReportFiles,
    *,
    shown: Sequence[str] | None = None,
    words: OwnWords = NO_WORDS,
    max_size: float | None = None,
    step: Progress = False,
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and its arrays; returns the figures.

    Args:
        report: All that was found.
        files: Where it is written to.
        shown: The ids of the sections to show; None: all.
        words: What a person adds to the page.
        max_size: Megabytes of the page, about.
        step: Told that the page is drawn.
    """
    if callable(step):
        step("drawing the page", 0, 1)
    report, page = page_within(report, shown, words, max_size)
    asked = report if shown is None else report.only(shown)
    write_whole(files.page, page)
    told = ordered_findings(asked.sections, asked.evidence, asked.about)
    figures = document(report_twin(asked, told), answers(report), files.arrays)
    if files.json is not None:
        write_whole(files.json, json_text(figures) + "\n")
    if files.arrays is not None:
        write_arrays(files.arrays, {**arrays_of_images(report), **drawn_arrays(asked.evidence)})
    if callable(step):
        step("drawing the page", 1, 1)
    return figures
