"""Images in a CSV file: each row a label and the H*W*C pixels of one image, as Fashion-MNIST is published on Kaggle.

A row that is not one is refused by the number of its line, with what a row must be.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.class_names import numbered_names
from ..datasets.dataset import Dataset
from ..datasets.fingerprints import fingerprint, read_bytes
from ..file_limits import LIMITS, Limits, too_large
from .idx import unzipped


def csv_images(
    path: str | Path, *, shape: tuple[int, int, int] | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """Read images float32[B, H, W, C] in [0, 1] from a CSV file (or .csv.gz) of whole pixels from 0 to 255.

    The label is the first column; a header is optional, and where there is one, the column that it calls 'label' is
    the label. The pixels follow row by row, channels last. A bad row is named by its line number.

    Args:
        path: the file.
        shape: (H, W, C); None: square, grey (784 columns: 28x28x1) or RGB (3072 columns: 32x32x3).
        class_names: names by label; None: the classes are numbered.
    """
    path = Path(path)
    raw = read_bytes(path)
    classes = None if class_names is None else len(class_names)
    labels, pixels = read_table(unzipped(raw, str(path)), str(path), classes)
    shape = square_shape(pixels.shape[1], path) if shape is None else shape
    if math.prod(shape) != pixels.shape[1]:
        raise ValueError(
            f"Expected {math.prod(shape)} pixel columns for images of {shape} in '{path}', got {pixels.shape[1]}. "
            "Check the file, or pass the shape (H, W, C) of its images."
        )
    _warn_of_small_pixels(pixels, path)
    images = pixels.reshape(-1, *shape).astype(np.float32)
    images /= 255
    names = numbered_names(labels) if class_names is None else tuple(class_names)
    return Dataset(images, labels, names, f"CSV file {path}", files=(fingerprint(path, raw),))


def read_table(content: bytes, name: str, classes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels int64[B], below `classes` if given, and the pixels [B, H*W*C], 0 to 255, in CSV text."""
    _require_lines(content, name)
    rows = csv.reader(_text(content))
    try:
        first = next((cells for cells in rows if cells), [])
    except csv.Error as error:
        raise ValueError(
            f"Expected a label and pixels in each line of '{name}'. Received a line that is none ({error}). "
            f"Check that it is a CSV file of images."
        ) from error
    header = rows.line_num if is_header(first) else 0
    column = label_column(first, name) if header else 0
    table = _parsed(content, header)
    if table is not None and len(table) and table.shape[1] == len(first):
        labels = table[:, column]
        pixels = table[:, 1:] if column == 0 else np.delete(table, column, axis=1)
        if _is_valid(labels, pixels, classes):
            return labels.astype(np.int64), pixels
    text = _text(content)
    raise ValueError(first_bad_row(text, name, header=header, column=column, columns=len(first), classes=classes))


def _require_lines(content: bytes, name: str, limits: Limits = LIMITS) -> None:
    """Refuse a line that is longer than any row of pixels: parsing it would take its size many times over."""
    start, number = 0, 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        number += 1
        if end - start > limits.line_bytes:
            raise too_large(f"line {number} of {name}", end - start, limits.line_bytes)
        start = end + 1


def square_shape(columns: int, path: str | Path) -> tuple[int, int, int]:
    """Return (S, S, 1) or (S, S, 3), whichever has `columns` values (never both: 3 is not a square)."""
    for channels in (1, 3):
        side = math.isqrt(columns // channels)
        if side and side * side * channels == columns:
            return side, side, channels
    raise ValueError(
        f"Expected a number of pixel columns that makes a square image, grey or RGB (784 for 28x28), in '{path}', "
        f"got {columns} beside the label. Check that the label column is there. Images that are not square are read in "
        "Python, csv_images(path, shape=(H, W, C)); for a command, store them as .npz."
    )


def _text(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace", newline="")


def _parsed(content: bytes, header: int) -> np.ndarray | None:
    """Return the numbers after `header` lines, or None where a row is not all numbers; integers parse 3x faster."""
    for dtype in (np.int32, np.float64):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy warns of '1.0' read as an integer, and of a file without rows
            try:
                return np.loadtxt(
                    _text(content), dtype, delimiter=",", comments=None, skiprows=header, quotechar='"', ndmin=2
                )
            except (ValueError, UserWarning, DeprecationWarning):
                continue
    return None


def _is_valid(labels: np.ndarray, pixels: np.ndarray, classes: int | None) -> bool:
    below = np.inf if classes is None else classes
    whole = np.all((labels >= 0) & (labels < below) & (labels == np.floor(labels)))  # NaN fails each comparison
    return bool(whole and pixels.min(initial=0) >= 0 and pixels.max(initial=0) <= 255)


def _warn_of_small_pixels(pixels: np.ndarray, path: Path) -> None:
    if pixels.max() <= 1:
        warnings.warn(
            f"Expected pixels from 0 to 255 in '{path}', got {pixels.min():g} to {pixels.max():g}: the images are "
            "read as nearly black. Multiply the pixel columns by 255 if they are stored from 0 to 1.",
            stacklevel=3,
        )


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
    for cells in _readable(rows):
        if not cells or rows.line_num <= header:
            continue
        seen += 1
        fault = row_fault(cells, column, columns, classes)
        if fault:
            return f"{fault} at line {rows.line_num} of the CSV file '{name}'. Correct or remove that line."
    if seen:
        return f"Expected plain numbers in the CSV file '{name}', got another way of writing them. Save them as digits."
    return f"Expected rows of a label and pixels in the CSV file '{name}', got none. Check that the file is complete."


def _readable(rows: Any) -> Iterator[list[str]]:
    """The rows up to the first that the csv module cannot read, such as one cell of 131,073 letters."""
    try:
        yield from rows
    except csv.Error:
        yield [""]


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
