"""Docstrings as they stand in the code, for Sphinx: tables, letters that mean something to it, and the fields of records.

A record's fields are explained by the comment behind each (`images: np.ndarray  # float32[B,H,W,C]`): a page lists them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from sphinx.application import Sphinx

_RULE = re.compile(r"=+(  +=+)+\s*")
_FIELD = re.compile(r"    (\w+): .+?  # (.+)")
_SPECIAL = re.compile(r"(`[^`]*`)|(\||\*(?=\w)|(?<=\w)_(?!\w))")


def readable(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Make a docstring's lines ready, in place; napoleon comes afterwards."""
    written = list(_with_tables([_escaped(line) for line in lines]))
    if isinstance(found, type) and is_dataclass(found):
        told = dict(_told_of_fields(found))
        if told:
            place = next((at for at, line in enumerate(written) if line.strip() == "Example:"), len(written))
            written[place:place] = ["", "Fields:", *(f"    {field}: {words}" for field, words in told.items()), ""]
    lines[:] = written


def _escaped(line: str) -> str:
    if line.lstrip().startswith((">>>", "...")):
        return line
    return _SPECIAL.sub(lambda match: match[1] or f"\\{match[2]}", line)


def _with_tables(lines: list[str]) -> Iterator[str]:
    """Tables between lines of `===` as lists of cells: a cell of the code may be longer than its column."""
    rules = [place for place, line in enumerate(lines) if _RULE.fullmatch(line)]
    if len(rules) < 2:
        yield from lines
        return
    yield from lines[: rules[0]]
    yield from (".. list-table::", f"   :header-rows: {int(len(rules) > 2)}", "")
    for line in lines[rules[0] + 1 : rules[-1]]:
        if _RULE.fullmatch(line):
            continue
        first, *others = _cells(line, lines[rules[0]])
        yield f"   * - {first}"
        yield from (f"     - {'' if cell == '--' else cell}" for cell in others)
    yield ""
    yield from lines[rules[-1] + 1 :]


def _cells(line: str, rule: str) -> list[str]:
    """The cells of a row: apart by two spaces, else by the columns of the rule; as many as there are columns."""
    starts = [match.start() for match in re.finditer("=+", rule)]
    found = re.split(r"  +", line.strip())
    if len(found) != len(starts):
        found = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return found


def _told_of_fields(record: type) -> Iterator[tuple[str, str]]:
    named = {field.name for field in fields(record) if not field.name.startswith("_")}
    for line in inspect.getsource(record).splitlines():
        match = _FIELD.fullmatch(line)
        if match and match[1] in named:
            yield match[1], _escaped(match[2])


def setup(app: Sphinx) -> dict[str, Any]:
    """Before napoleon, which reads the sections."""
    app.connect("autodoc-process-docstring", readable, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
