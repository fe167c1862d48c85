"""Which columns of a table hold the numbers of a regression, or the marks of several labels: as named, or by their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...truth.record import NOT_LOOKED_AT, REGRESSION
from ..reading import Reading

_USUAL = ("label", "labels", "target", "tags")  # no "y", which may be a coordinate beside x
_MARKS = {"0", "1", "0.0", "1.0"}

Table = Mapping[str, Sequence[str]]  # column -> a text for each row


def truth_columns(
    table: Table, used: Sequence[str], path: Path, reading: Reading
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """The cells of all rows, and the names of their columns; None where the cells are text with the labels in it.

    Args:
        table: All columns.
        used: Those that hold the files and the splits.
        path: Where the table lies, for messages.
        reading: Its task, and the columns where they are named: --label-column x,y.
    """
    if reading.task == NOT_LOOKED_AT:
        return np.zeros(len(next(iter(table.values()))), np.int64), None
    names = _named(table, path, reading.label_column) if reading.label_column else _found(table, used, path, reading)
    cells = np.array([table[name] for name in names], dtype=np.str_).T
    if reading.task == REGRESSION:
        return cells, tuple(names)
    if all(set(table[name]) <= _MARKS for name in names):
        return cells.astype(np.float64), tuple(names)
    if len(names) == 1:
        return cells[:, 0], None
    odd = next(name for name in names if not set(table[name]) <= _MARKS)
    raise ValueError(
        f"Expected columns of 0 and 1 in '{path}', one for each label, or a single one of text 'a|b'. Received "
        f"'{next(cell for cell in table[odd] if cell not in _MARKS)}' in the column {odd}. Name them with --label-column."
    )


def _named(table: Table, path: Path, asked: str) -> list[str]:
    names = [asked] if asked in table else [each.strip() for each in asked.split(",") if each.strip()]
    unknown = next((name for name in names if name not in table), None)
    if unknown is not None or not names:
        raise ValueError(
            f"Expected --label-column to name columns of '{path}', with commas between. Received '{unknown or asked}'; it has "
            f"{', '.join(table)}. Correct the name."
        )
    return names


def _found(table: Table, used: Sequence[str], path: Path, reading: Reading) -> list[str]:
    others = [name for name in table if name not in used]
    usual = [name for name in others if name.lower() in _USUAL]
    if reading.task == REGRESSION:
        numeric = [name for name in others if _are_numbers(table[name])]
        asked = [name for name in numeric if name in usual] or numeric
        if len(asked) == 1:
            return asked
        raise ValueError(
            f"Expected to know which columns of '{path}' hold the numbers of the regression. Received "
            f"{', '.join(asked) or 'none of numbers'}. Name one or several with --label-column, as in --label-column x,y."
        )
    marks = [name for name in others if set(table[name]) <= _MARKS]
    if len(marks) > 1:
        return marks
    if len(usual) == 1:
        return usual
    raise ValueError(
        f"Expected columns of 0 and 1 in '{path}', one for each label, or one called label of text 'a|b'. Received "
        f"{', '.join(others) or 'none beside the files'}. Name them with --label-column, as in --label-column cat,dog."
    )


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        return bool(cells) and np.isfinite([float(cell) for cell in cells]).all().item()
    except ValueError:
        return False
