"""What a row of a CSV file of images must be, and the message that names the first line that is not."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence


def is_header(cells: Sequence[str]) -> bool:
    """Whether the first row of a file names its columns: one is called 'label', or none is a number."""
    return bool(cells) and (bool(_label_places(cells)) or all(_number(cell) is None for cell in cells))


def label_column(header: Sequence[str], name: str) -> int:
    """Return the index of the column called 'label' (in any case)."""
    places = _label_places(header)
    if len(places) == 1:
        return places[0]
    shown = ", ".join(header[:4]) + (", ..." if len(header) > 4 else "")
    raise ValueError(
        f"Expected one column called 'label' in the header of the CSV file '{name}', got {len(places)} ({shown}). "
        "Name the label column 'label', or remove the header and put the label first; separate columns by commas."
    )


def _label_places(cells: Sequence[str]) -> list[int]:
    return [place for place, cell in enumerate(cells) if cell.strip().lower() == "label"]


def first_bad_row(
    lines: Iterable[str], name: str, *, header: int, column: int, columns: int, classes: int | None
) -> str:
    """Return the message about the first bad row, or about the lack of rows.

    Args:
        lines: the whole file, its header included.
        name: the file's name, for the message.
        header: line number of the header, 0 where there is none.
        column: index of the label.
        columns: number of cells that the first row has, and every other must have.
        classes: number of classes, None if any label from 0 will do.
    """
    rows = csv.reader(lines)
    seen = 0
    for cells in rows:
        if not cells or rows.line_num <= header:
            continue
        seen += 1
        fault = row_fault(cells, column, columns, classes)
        if fault:
            return f"{fault} at line {rows.line_num} of the CSV file '{name}'. Correct or remove that line."
    if seen:
        return f"Expected plain numbers in the CSV file '{name}', got another way of writing them. Save them as digits."
    return f"Expected rows of a label and pixels in the CSV file '{name}', got none. Check that the file is complete."


def row_fault(cells: Sequence[str], column: int, columns: int, classes: int | None) -> str | None:
    """Return what was expected and what came, or None for a good row."""
    if len(cells) != columns:
        return f"Expected {columns} columns (a label and {columns - 1} pixels), got {len(cells)}"
    for place, cell in enumerate(cells):
        value = _number(cell)
        if place == column and not _is_label(value, classes):
            below = "" if classes is None else f" to {classes - 1}"
            return f"Expected a whole number from 0{below} as label, got '{cell}'"
        if place != column and (value is None or not 0 <= value <= 255):
            return f"Expected a pixel from 0 to 255 in column {place + 1}, got '{cell}'"
    return None


def _is_label(value: float | None, classes: int | None) -> bool:
    return value is not None and value >= 0 and value == math.floor(value) and (classes is None or value < classes)


def _number(cell: str) -> float | None:
    """Return the number in a cell; None for text, NaN and Inf."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
