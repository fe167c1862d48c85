"""A report for programs: all its figures as JSON, all its maps as arrays, and the figures read back.

The JSON is one object:

    format      "featurelens report"
    version     1; a higher one may lack or rename what this text says
    about       model, data, images, classes, seed, command, files; weights and pixels by their SHA-256
    findings    [{sentence, severity, number, anchor, link, weight}], the largest weight first
    answers     {true, predicted: [class of each image], probability, of_true: [0..1]}
    arrays      name of the file of arrays beside it, or null
    ...         each section's figures under the section's id; every field is explained where its record is defined,
                in reports/evidence. null is a figure that is not known.

The arrays are keyed `section.field`, such as `mistakes.contrast`; `section.numbers` has the image of each row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..evidence.twin import is_drawn_only
from .whole_files import check_arrays_name, check_page, check_writable

FORMAT, VERSION = "featurelens report", 1


@dataclass(frozen=True)
class ReportFiles:
    """Where a report is written to."""

    page: Path
    json: Path | None = None
    arrays: Path | None = None


def checked_files(path: str | Path, json: str | Path | None, arrays: str | Path | None) -> ReportFiles:
    """The files to write, absolute.

    Raises:
        ValueError: One of them cannot be written, or they would be written over each other.
    """
    named = [None if each is None else Path(each).expanduser().absolute() for each in (path, json, arrays)]
    page, *beside = (each for each in named if each is not None)
    check_page(page)
    for target in beside:
        check_writable(target)
    if named[2] is not None:
        check_arrays_name(named[2])
    if len({page, *beside}) <= len(beside):
        received = ", ".join(map(str, (page, *beside)))
        raise ValueError(f"Expected different files for the page, json= and arrays=. Received {received}. Rename one.")
    return ReportFiles(page, *named[1:])


def document(figures: Mapping[str, Any], answers: Mapping[str, Any], arrays: Path | None) -> dict[str, Any]:
    """The JSON's object, from the figures of the page and the answers to each image."""
    name = None if arrays is None else arrays.name
    return {"format": FORMAT, "version": VERSION, **figures, "answers": dict(answers), "arrays": name}


def drawn_arrays(evidence: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """All that is drawn of single images: {section.field: array}, with `section.numbers` for the images."""
    found: dict[str, np.ndarray] = {}
    for section, record in evidence.items():
        numbers = getattr(record, "numbers", None)
        if not isinstance(numbers, np.ndarray):
            continue
        held = dict(_arrays_in(record, section, len(numbers)))
        if held:
            found |= {f"{section}.numbers": numbers, **held}
    return found


def _arrays_in(record: Any, where: str, rows: int) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of so many rows among the fields that are drawn only, under names that say where they stand."""
    if isinstance(record, np.ndarray):
        if len(record) == rows and record.dtype.kind in "biuf":
            yield where, record
    elif isinstance(record, (tuple, list)):
        for place, each in enumerate(record):
            yield from _arrays_in(each, f"{where}.{getattr(each, 'name', place)}", rows)
    elif is_dataclass(record) and not isinstance(record, type):
        for each in fields(record):
            value = getattr(record, each.name)
            if is_drawn_only(type(record), each.name) or not isinstance(value, np.ndarray):
                yield from _arrays_in(value, f"{where}.{each.name}", rows)


def read_report(path: Path) -> dict[str, Any]:
    """The object of a JSON file that `featurelens report --json` wrote.

    Raises:
        ValueError: There is no such file, or it holds something else; the message says what.
    """
    expected = f"Expected the figures of a report, version {VERSION}, at '{path}'"
    remedy = "Write them anew: featurelens report MODEL --data SOURCE --json FILE."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{expected}. It cannot be read: {error.strerror}. {remedy}") from error
    except ValueError as error:
        raise ValueError(f"{expected}. Received a file that is not JSON ({error}). {remedy}") from error
    kind = content.get("format") if isinstance(content, dict) else None
    if isinstance(kind, str) and kind.startswith(f"{FORMAT} "):
        raise ValueError(
            f"{expected}, of a classifier. Received a {kind}. Compare its figures as JSON: both files have the same "
            f"names; featurelens report --fail-if stops a run where one of them is too low."
        )
    if not isinstance(content, dict) or kind != FORMAT:
        raise ValueError(f"{expected}. Received JSON of another kind. {remedy}")
    if content.get("version") != VERSION:
        raise ValueError(f"{expected}. Received version {content.get('version')!r}. {remedy}")
    _require_answers(content, expected, remedy)
    return content


def _require_answers(content: Mapping[str, Any], expected: str, remedy: str) -> None:
    """Refuse figures whose answers cannot be counted."""
    about, answers = content.get("about"), content.get("answers")
    names = ("true", "predicted", "probability", "of_true")
    columns = [answers.get(name) for name in names] if isinstance(answers, dict) else []
    whole = isinstance(about, dict) and len(columns) == 4 and all(isinstance(each, list) for each in columns)
    if not whole or len({len(each) for each in columns if each is not None}) != 1:
        raise ValueError(f"{expected}. Received one whose answers are missing or of unequal length. {remedy}")
    classes = about.get("classes") if isinstance(about, dict) else None
    known = len(classes) if isinstance(classes, list) else 0
    labels = [*(columns[0] or []), *(columns[1] or [])]
    if not all(isinstance(label, int) and 0 <= label < known for label in labels):
        raise ValueError(f"{expected}. Received one with answers that are none of its {known} classes. {remedy}")
