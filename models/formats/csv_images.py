"""Images in a CSV file: each row a label and the H*W*C pixels of one image, as Fashion-MNIST is published on Kaggle.

A row that is not one is refused by the number of its line, with what a row must be.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.dataset import Dataset
from ..datasets.fingerprints import fingerprint, read_bytes
from ..file_limits import LIMITS, Limits, too_large
from ..truth.record import REGRESSION
from .containers.array_pixels import ArrayPixels
from .idx import unzipped
from .reading import Reading, Wanted
from .stored_images import StoredImages, dataset_of

_LABEL_NAMES = ("label", "labels", "class", "target", "category", "y")
_INDEX_NAMES = ("", "index", "id", "unnamed: 0", "image_id")
_MOST_COMMON = 0.9  # of the rows: a column where one value is more frequent is a corner of the pictures, not the label


def csv_images(
    path: str | Path, *, shape: tuple[int, int, int] | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """Read images float32[B, H, W, C] in [0, 1] from a CSV file (or .csv.gz) of whole pixels from 0 to 255.

    The label is the column that a header calls 'label', else the first or, where the values tell, the last; an index
    before it is left out. The pixels follow row by row, channels last. A bad row is named by its line number.

    Args:
        path: the file.
        shape: (H, W, C); None: square, grey (784 columns: 28x28x1) or RGB (3072 columns: 32x32x3).
        class_names: names by label; None: the classes are numbered, or named where the labels are text.
    """
    return dataset_of(stored_csv(Path(path), Reading(), shape=shape, class_names=class_names), Wanted())


def stored_csv(
    path: Path,
    reading: Reading,
    *,
    shape: tuple[int, int, int] | None = None,
    class_names: Sequence[str] | None = None,
) -> StoredImages:
    """The rows of a CSV file as images and labels."""
    raw = read_bytes(path)
    classes = None if class_names is None else len(class_names)
    table = read_table(unzipped(raw, str(path)), str(path), classes, reading)
    pixels = table.pixels
    shape = square_shape(pixels.shape[1], path) if shape is None else shape
    if math.prod(shape) != pixels.shape[1]:
        raise ValueError(
            f"Expected {math.prod(shape)} pixel columns for images of {shape} in '{path}'. Received {pixels.shape[1]}. "
            "Check the file, or pass the shape (H, W, C) of its images."
        )
    _warn_of_small_pixels(pixels, path)
    if pixels.dtype.kind == "f" and reading.task is not None and np.array_equal(pixels, np.floor(pixels)):
        pixels = pixels.astype(np.int64)  # whole, beside labels that are not
    if pixels.dtype.kind in "iu" and pixels.max() <= 255:
        pixels = pixels.astype(np.uint8)  # a quarter of the memory
    source = f"CSV file {path}"
    names = None if class_names is None else tuple(class_names)
    return StoredImages(
        ArrayPixels(pixels.reshape(-1, *shape), source, reading.depth or 8),
        table.labels,
        source,
        names,
        files=(fingerprint(path, raw),),
        notes=table.notes,
    )


@dataclass(frozen=True, eq=False)
class PixelTable:
    """Rows of a label and pixels."""

    labels: np.ndarray  # int64[B], float64[B] where they are no classes, or text [B]
    pixels: np.ndarray  # [B, H*W*C], 0 to the largest value
    notes: tuple[str, ...] = ()


def read_table(content: bytes, name: str, classes: int | None = None, reading: Reading | None = None) -> PixelTable:
    """Return the labels, below `classes` if given, and the pixels in CSV text."""
    _require_lines(content, name)
    reading = reading or Reading()
    rows = csv.reader(_text(content))
    try:
        first = next((cells for cells in rows if cells), [])
    except csv.Error as error:
        raise ValueError(
            f"Expected a label and pixels in each line of '{name}'. Received a line that is none ({error}). "
            f"Check that it is a CSV file of images."
        ) from error
    header = rows.line_num if is_header(first) else 0
    largest = 2 ** (reading.depth or 8) - 1
    asked = reading.label_column
    named = label_column(first, name, asked) if header else _asked_place(asked, len(first), name)
    if named is None and reading.task == REGRESSION:
        raise ValueError(
            f"Expected to know which column of '{name}' holds the numbers of the regression: it has no header. Received no "
            f"--label-column. Pass --label-column first or --label-column last."
        )
    table = _parsed(content, header)
    if table is not None and len(table) and table.shape[1] == len(first):
        column, dropped, notes = _columns(table, first if header else None, named, name)
        labels, pixels = table[:, column], np.delete(table, [column, *dropped], axis=1)
        if reading.task is not None and _is_valid(np.zeros(1), pixels, None, largest):
            return PixelTable(labels, pixels, notes)
        if _is_valid(labels, pixels, classes, largest):
            return PixelTable(labels.astype(np.int64), pixels, notes)
    if header and named is not None and table is None and classes is None:
        worded = _worded(content, header, named, len(first))
        if worded is not None and _is_valid(np.zeros(1), worded.pixels, None, largest):
            return worded
    text, column = _text(content), named or 0
    raise ValueError(first_bad_row(text, name, header=header, column=column, columns=len(first), classes=classes))


def _columns(
    table: np.ndarray, header: Sequence[str] | None, named: int | None, name: str
) -> tuple[int, list[int], tuple[str, ...]]:
    """The column of the label, those that are left out, and what the values told."""
    dropped, notes = [], []
    columns = table.shape[1]
    if header is None:
        index = _is_index(table[:, 0]) and not _makes_a_square(columns - 1) and _makes_a_square(columns - 2)
    else:
        index = header[0].strip().lower() in _INDEX_NAMES and _is_index(table[:, 0]) and named != 0
    if index:
        dropped.append(0)
        notes.append(f"The first column of '{name}' counts the rows: it is no pixel, and is left out.")
    if named is not None:
        return named, dropped, tuple(notes)
    first, last = len(dropped), columns - 1
    told = _is_like_labels(table[:, first]), _is_like_labels(table[:, last])
    if all(told) and columns > first + 2:
        raise ValueError(
            f"Expected one column of labels in '{name}'. Received two that may be: the first and the last. Pass "
            "--label-column first or --label-column last."
        )
    if told[1] and not told[0]:
        notes.append(
            f"The last column of '{name}' is taken as the label, as its values tell; --label-column first takes the first."
        )
        return last, dropped, tuple(notes)
    return first, dropped, tuple(notes)


def _is_index(column: np.ndarray) -> bool:
    """Whether a column counts the rows, from 0 or 1."""
    return len(column) > 1 and column[0] in (0, 1) and bool((np.diff(column) == 1).all())


def _is_like_labels(column: np.ndarray) -> bool:
    """Whether the values are class numbers without a gap, from 0 or 1, none far more frequent than all others."""
    values, counts = np.unique(column, return_counts=True)
    counted = len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    return counted and counts.max() <= _MOST_COMMON * len(column) and len(values) <= max(2, len(column) // 2)


def _makes_a_square(columns: int) -> bool:
    return any(
        columns % channels == 0 and math.isqrt(columns // channels) ** 2 == columns // channels > 0
        for channels in (1, 3)
    )


def _worded(content: bytes, header: int, column: int, columns: int) -> PixelTable | None:
    """A table whose labels are text; None where some are numbers, or where anything else is no number."""
    others = [place for place in range(columns) if place != column]
    try:
        labels = np.loadtxt(
            _text(content), str, delimiter=",", comments=None, skiprows=header, quotechar='"', usecols=column, ndmin=1
        )
        pixels = np.loadtxt(
            _text(content),
            np.float64,
            delimiter=",",
            comments=None,
            skiprows=header,
            quotechar='"',
            usecols=others,
            ndmin=2,
        )
    except (ValueError, UserWarning):
        return None
    labels = np.char.strip(labels)
    if any(_number(label) is not None or not label for label in labels.tolist()):
        return None
    whole = np.array_equal(pixels, np.floor(pixels))
    return PixelTable(labels, pixels.astype(np.int32) if whole else pixels)


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
        f"Expected a number of pixel columns that makes a square image, grey or RGB (784 for 28x28), in '{path}'. "
        f"Received {columns} beside the label. Check that the label column is there. Images that are not square are read in "
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


def _is_valid(labels: np.ndarray, pixels: np.ndarray, classes: int | None, largest: int) -> bool:
    below = np.inf if classes is None else classes
    whole = np.all((labels >= 0) & (labels < below) & (labels == np.floor(labels)))  # NaN fails each comparison
    return bool(whole and pixels.min(initial=0) >= 0 and pixels.max(initial=0) <= largest)


def _warn_of_small_pixels(pixels: np.ndarray, path: Path) -> None:
    if pixels.max() <= 1:
        warnings.warn(
            f"Expected pixels from 0 to 255 in '{path}'. Received {pixels.min():g} to {pixels.max():g}: the images are "
            "read as nearly black. Multiply the pixel columns by 255 if they are stored from 0 to 1.",
            stacklevel=3,
        )


def is_header(cells: Sequence[str]) -> bool:
    """Whether the first row of a file names its columns: one is called 'label', or none is a number."""
    return bool(cells) and (bool(_label_places(cells, ("label",))) or all(_number(cell) is None for cell in cells))


def label_column(header: Sequence[str], name: str, asked: str | None = None) -> int:
    """Return the index of the column called 'label' (in any case), or 'class', 'target'; or of the one asked for."""
    if asked is not None:
        places = _label_places(header, (asked.strip().lower(),))
        return places[0] if len(places) == 1 else _asked_place(asked, len(header), name) or 0
    for names in (("label",), _LABEL_NAMES):
        places = _label_places(header, names)
        if len(places) == 1:
            return places[0]
        if places:
            break
    shown = ", ".join(header[:4]) + (", ..." if len(header) > 4 else "")
    raise ValueError(
        f"Expected one column called 'label' in the header of the CSV file '{name}'. Received {len(places)} ({shown}). "
        "Name the label column 'label', or pass its name with --label-column; separate columns by commas."
    )


def _asked_place(asked: str | None, columns: int, name: str) -> int | None:
    """The column that --label-column means: first, last, or its number from 1 on."""
    if asked is None:
        return None
    places = {"first": 0, "last": columns - 1}
    place = places.get(asked, int(asked) - 1 if asked.isdecimal() else -1)
    if not 0 <= place < columns:
        raise ValueError(
            f"Expected --label-column first, last, a number from 1 to {columns}, or a name in the header of '{name}'. "
            f"Received '{asked}'. Pass one of these."
        )
    return place


def _label_places(cells: Sequence[str], names: Sequence[str]) -> list[int]:
    return [place for place, cell in enumerate(cells) if cell.strip().lower() in names]


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
        return f"Expected plain numbers in the CSV file '{name}'. Received another way of writing them. Save them as digits."
    return (
        f"Expected rows of a label and pixels in the CSV file '{name}'. Received none. Check that the file is complete."
    )


def _readable(rows: Any) -> Iterator[list[str]]:
    """The rows up to the first that the csv module cannot read, such as one cell of 131,073 letters."""
    try:
        yield from rows
    except csv.Error:
        yield [""]


def row_fault(cells: Sequence[str], column: int, columns: int, classes: int | None) -> str | None:
    """Return what was expected and what came, or None for a good row."""
    if len(cells) != columns:
        return f"Expected {columns} columns (a label and {columns - 1} pixels). Received {len(cells)}"
    for place, cell in enumerate(cells):
        value = _number(cell)
        if place == column and not _is_label(value, classes):
            below = "" if classes is None else f" to {classes - 1}"
            return f"Expected a whole number from 0{below} as label. Received '{cell}'"
        if place != column and (value is None or not 0 <= value <= 255):
            return f"Expected a pixel from 0 to 255 in column {place + 1}. Received '{cell}'"
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
