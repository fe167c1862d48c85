"""A table of files and labels beside the pictures: CSV, TSV or Parquet, as `flow_from_dataframe` takes it.

The columns are named by the user or found: files are what leads to pictures, also without their ending and in folders
below the table; the label is a column of a usual name, or one-hot columns.
"""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..datasets.fingerprints import fingerprint, read_bytes
from ..datasets.labels import several_to_one
from .containers.truth_columns import truth_columns
from .idx import unzipped
from .image_files import EXTRA, SUFFIXES, is_picture_name
from .image_folders import report_left_out
from .picture_files import file_reader, pictures
from .reading import Reading
from .stored_images import StoredImages

FILE_COLUMNS = ("file", "filename", "file_name", "filepath", "file_path", "path", "image", "images", "image_path")
FILE_COLUMNS += ("image_id", "image_name", "img", "id")
LABEL_COLUMNS = (
    "label",
    "labels",
    "class",
    "class_name",
    "category",
    "target",
    "breed",
    "dx",
    "diagnosis",
    "species",
    "y",
)
SPLIT_COLUMNS = ("split", "set", "subset", "partition", "phase", "usage", "fold")
_LOOKED_AT = 20  # rows that tell which column leads to pictures

Table = Mapping[str, Sequence[str]]  # column -> a text for each row


def is_manifest(path: Path) -> bool:
    """Whether a text table has a header, and a column of it leads to pictures; pixels in a CSV do not."""
    if not path.is_file() or not path.name.lower().endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        return False
    try:
        table = read_text_table(path, rows=_LOOKED_AT)
    except ValueError:
        return False
    return bool(table) and _file_column(table, Places(path.parent), None) is not None


def stored_manifest(path: Path, reading: Reading) -> StoredImages:
    """The pictures that a text table names."""
    return stored_table(read_text_table(path), path, reading)


def stored_table(table: Table, path: Path, reading: Reading) -> StoredImages:
    """The pictures that a table beside them names.

    Args:
        table: {column: texts}.
        path: where it lies; files are looked for from there.
        reading: which columns and which split.
    """
    places = Places(path.parent)
    several = reading.task is not None  # the label's columns are then looked for by `truth_columns`
    for option, name in (
        ("--file-column", reading.file_column),
        ("--label-column", None if several else reading.label_column),
    ):
        if name is not None and name not in table:
            raise ValueError(
                f"Expected {option} to name a column of '{path}'. Received '{name}'; it has {', '.join(table)}."
            )
    files = _file_column(table, places, reading.file_column)
    if files is None:
        raise ValueError(
            f"Expected a column of '{path}' that leads to pictures in '{path.parent}'. Received {', '.join(table)}. Name it with "
            "--file-column, and put the table beside the pictures."
        )
    rows, notes = _rows_of_split(table, path, reading)
    texts = [table[files][row] for row in rows]
    if several:
        used = (files, *(name for name in table if name.lower() in SPLIT_COLUMNS))
        truth, columns = truth_columns(table, used, path, reading)
        return replace(_stored(path, texts, truth[rows], None, places, reading, notes), label_columns=columns)
    labels, class_names, told = _labels(table, files, path, reading)
    return _stored(path, texts, labels[rows], class_names, places, reading, (*notes, *told))


def manifest_files(path: Path) -> list[Path]:
    """A text table and the pictures that it names."""
    return [path, *pictures_named(read_text_table(path), path)]


def pictures_named(table: Table, path: Path) -> list[Path]:
    """The pictures that any column of a table leads to; none is opened."""
    places = Places(path.parent)
    columns = [name for name in table if _leads_to_pictures(name, table[name][:_LOOKED_AT], places)]
    return [file for name in columns for text in table[name] for file in places.find(text)]


def read_text_table(path: Path, rows: int | None = None) -> dict[str, list[str]]:
    """The columns of a table with a header, separated by commas, tabs or semicolons."""
    if rows is None:
        text = unzipped(read_bytes(path), str(path)).decode("utf-8-sig", "replace")
    elif path.name.lower().endswith(".gz"):
        with gzip.open(path) as packed:
            try:
                text = packed.read(2**20).decode("utf-8-sig", "replace")
            except (EOFError, OSError, zlib.error) as error:
                raise ValueError(
                    f"Expected a whole gzip file in '{path}'. Received '{error}'. Fetch it again."
                ) from error
    else:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            text = file.read(2**20)
    lines = text.splitlines()[: None if rows is None else rows + 1]
    if not lines:
        return {}
    separator = max(",\t;", key=lines[0].count)
    try:
        cells = [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error as error:
        raise ValueError(
            f"Expected a table in '{path}'. Received a line that is none ({error}). Check the file."
        ) from error
    header = [name.strip() for name in cells[0]] if cells else []
    if len(set(header)) != len(header) or any(_is_number(name) for name in header):
        return {}
    whole = [row for row in cells[1:] if len(row) == len(header)]
    if rows is None and len(whole) < len(cells) - 1:
        odd = next(number for number, row in enumerate(cells[1:], start=2) if len(row) != len(header))
        raise ValueError(
            f"Expected {len(header)} columns in each line of '{path}'. Received {len(cells[odd - 1])} in line {odd}. Correct it."
        )
    return {name: [row[place].strip() for row in whole] for place, name in enumerate(header)}


@dataclass(eq=False)
class Places:
    """Where the pictures that a table names lie: from its folder on, by path, name or name without ending."""

    root: Path

    def __post_init__(self) -> None:
        self._below: dict[str, list[Path]] | None = None

    def find(self, text: str) -> list[Path]:
        """The pictures that a text may mean; more than one where it is unclear."""
        if not text or "\0" in text or len(text) > 1000:
            return []
        for ending in ("", *SUFFIXES, *EXTRA):
            file = self.root / f"{text}{ending}"
            if is_picture_name(file.name) and file.is_file():
                return [file]
        name = Path(text).name
        return self._all_below().get(name.lower(), [])

    def _all_below(self) -> dict[str, list[Path]]:
        """All pictures in folders below, by their name and by their name without ending."""
        if self._below is None:
            found: defaultdict[str, list[Path]] = defaultdict(list)
            for place, folders, names in os.walk(self.root):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    if is_picture_name(name):
                        found[name.lower()].append(Path(place, name))
                        found[Path(name).stem.lower()].append(Path(place, name))
            self._below = dict(found)
        return self._below


def _file_column(table: Table, places: Places, asked: str | None) -> str | None:
    """The column of the files: as asked, else one that leads to pictures, of a usual name before any other."""
    if asked is not None:
        return asked
    usual = sorted(table, key=lambda name: name.lower() not in FILE_COLUMNS)
    return next((name for name in usual if _leads_to_pictures(name, table[name][:_LOOKED_AT], places)), None)


def _leads_to_pictures(name: str, cells: Sequence[str], places: Places) -> bool:
    """Whether texts name pictures; of plain numbers, which a label or a pixel is too, all have to, under a usual name."""
    if all(_is_number(text) for text in cells):
        return name.lower() in FILE_COLUMNS and bool(cells) and all(len(places.find(text)) == 1 for text in cells)
    return any(places.find(text) for text in cells)


def _rows_of_split(table: Table, path: Path, reading: Reading) -> tuple[list[int], tuple[str, ...]]:
    count = len(next(iter(table.values())))
    column = next((name for name in table if name.lower() in SPLIT_COLUMNS), None)
    if reading.split is None:
        values = sorted(set(table[column])) if column is not None else []
        told = f"'{path.name}' has splits ({', '.join(values[:6])}): all are read; --split chooses one."
        return list(range(count)), (told,) if 1 < len(values) <= 12 else ()
    if column is None:
        raise ValueError(
            f"Expected a column of splits in '{path}' ({', '.join(SPLIT_COLUMNS)}). Received {', '.join(table)}. "
            "Leave out --split."
        )
    rows = [row for row in range(count) if table[column][row].lower() == reading.split.lower()]
    if not rows:
        known = ", ".join(sorted(set(table[column]))[:12])
        raise ValueError(
            f"Expected --split to be one of the column {column} of '{path}': {known}. Received '{reading.split}'."
        )
    return rows, ()


def _labels(
    table: Table, files: str, path: Path, reading: Reading
) -> tuple[np.ndarray, tuple[str, ...] | None, tuple[str, ...]]:
    """The labels of all rows, the class names where columns bear them, and what was found."""
    usual = [name for name in table if name != files and name.lower() in LABEL_COLUMNS]
    column = reading.label_column or (usual[0] if len(usual) == 1 else None)
    if column is not None:
        return np.array(table[column], dtype=np.str_), None, ()
    others = [name for name in table if name != files and name.lower() not in SPLIT_COLUMNS]
    marks = [name for name in others if set(table[name]) <= {"0", "1", "0.0", "1.0"}]
    if not usual and len(marks) > 1:
        on = np.array([[float(text) == 1 for text in table[name]] for name in marks]).T
        note = f"The classes of '{path.name}' are its columns of 0 and 1: {', '.join(marks[:6])}{', ...' * (len(marks) > 6)}."
        if (on.sum(axis=1) == 1).all() and reading.labels().names is None:
            return on.argmax(axis=1), tuple(marks), (note,)
        return several_to_one(on, marks), None, (note,)
    if not usual and len(others) == 1:
        return np.array(table[others[0]], dtype=np.str_), None, ()
    raise ValueError(
        f"Expected one column of labels in '{path}'. Received {', '.join(usual or others) or 'none beside the files'}. "
        "Name it with --label-column."
    )


def _stored(
    path: Path,
    texts: Sequence[str],
    labels: np.ndarray,
    class_names: tuple[str, ...] | None,
    places: Places,
    reading: Reading,
    notes: tuple[str, ...],
) -> StoredImages:
    found = [places.find(text) for text in texts]
    for text, files in zip(texts, found, strict=True):
        if len(files) > 1:
            raise ValueError(
                f"Expected '{text}' in '{path}' to name one picture. Received {len(files)}: {files[0]} and {files[1]}. "
                "Write the files with their folders."
            )
    there = np.array([row for row, files in enumerate(found) if files], np.int64)
    missing = [text for text, files in zip(texts, found, strict=True) if not files]
    if not there.size:
        raise ValueError(
            f"Expected pictures in '{path.parent}' for the files of '{path.name}'. Received none for any of {len(texts):,}, "
            f"such as '{missing[0]}'. Put the table beside the pictures."
        )
    files = [found[row][0] for row in there]
    names = [os.path.relpath(file, path.parent) for file in files]
    looked = pictures(names, [file_reader(file) for file in files], reading)
    report_left_out(path, len(texts), (*missing, *looked.unreadable), ())
    rows = there[looked.whole]
    return StoredImages(
        pixels=looked.pixels,
        labels=labels[rows],
        source=f"table {path}",
        class_names=class_names,
        files=(fingerprint(path, read_bytes(path)), ("pictures", looked.sha256)),
        unreadable=(*missing, *looked.unreadable),
        names=tuple(names[number] for number in looked.whole),
        notes=(*notes, *looked.notes),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
