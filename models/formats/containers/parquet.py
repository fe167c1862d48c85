"""Parquet: encoded images in a column, as the data sets of Hugging Face are kept, or a table of files and labels.

One group of rows is in memory at a time. Reading needs pyarrow, an extra.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import require_regular_file
from ..array_files import file_print
from ..image_folders import report_left_out
from ..manifest import LABEL_COLUMNS, pictures_named, stored_table
from ..picture_files import pictures
from ..reading import Reading
from ..stored_images import StoredImages

MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its first bytes, or a folder holds such files, itself or in its folder 'data'."""
    if path.is_dir():
        return bool(_shards(path, None))
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def stored_parquet(path: Path, reading: Reading) -> StoredImages:
    """The images of one file or of the shards in a folder."""
    shards = _shards(path, reading.split) if path.is_dir() else [path]
    if not shards:
        raise ValueError(
            f"Expected Parquet files of --split {reading.split} in '{path}'. Received none. Pass a part of their names."
        )
    files = [_opened(shard) for shard in shards]
    schema = files[0].schema_arrow
    images = _images_column(schema, reading, path)
    if images is None:
        return stored_table(_texts(files[0]), path, reading)
    labels_column = _labels_column(schema, images, reading, path)
    labels = np.concatenate([_values(file, labels_column) for file in files])
    rows = _Rows(files, images)
    names = [f"row {number}" for number in range(len(rows))]
    found = pictures(names, [_reader(rows, number) for number in range(len(rows))], reading)
    if not found.whole.size:
        raise ValueError(
            f"Expected encoded images (PNG, JPEG) in the column '{images}' of '{path}'. Received none that is whole."
        )
    report_left_out(path, len(names), found.unreadable, ())
    return StoredImages(
        pixels=found.pixels,
        labels=labels[found.whole],
        source=f"Parquet {path}",
        class_names=_class_names(schema, labels_column, labels),
        files=tuple(file_print(shard) for shard in shards),
        unreadable=found.unreadable,
        names=tuple(rows.name(int(number)) for number in found.whole),
        notes=found.notes,
    )


def parquet_files(path: Path) -> list[Path]:
    """The shards, and the pictures that a table without images names."""
    shards = _shards(path, None) if path.is_dir() else [path]
    first = _opened(shards[0])
    if _images_column(first.schema_arrow, Reading(), path) is not None:
        return shards
    return [*shards, *pictures_named(_texts(first), path)]


def _texts(file: Any) -> dict[str, list[str]]:
    """The columns of a table as texts."""
    columns = file.read().to_pydict()
    return {name: ["" if cell is None else str(cell) for cell in column] for name, column in columns.items()}


class _Rows:
    """The encoded images of a column, a group of rows at a time."""

    def __init__(self, files: list[Any], column: str) -> None:
        self._column = column
        self._groups = [(file, group) for file in files for group in range(file.metadata.num_row_groups)]
        counts = [file.metadata.row_group(group).num_rows for file, group in self._groups]
        self._ends = np.cumsum(counts)
        self._held: tuple[int, list[Any]] = (-1, [])
        self._names: dict[int, str] = {}

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, number: int) -> bytes:
        place = int(np.searchsorted(self._ends, number, side="right"))
        if self._held[0] != place:
            file, group = self._groups[place]
            self._held = (place, file.read_row_group(group, columns=[self._column]).column(0).to_pylist())
        start = 0 if place == 0 else int(self._ends[place - 1])
        cell = self._held[1][number - start]
        if isinstance(cell, dict):
            self._names[number] = cell.get("path") or f"row {number}"
            cell = cell.get("bytes")
        if not isinstance(cell, bytes):
            raise ValueError(f"Expected the bytes of an image in row {number}. Received {type(cell).__name__}.")
        return cell

    def name(self, number: int) -> str:
        """The path that is kept with an image, or its row."""
        return self._names.get(number, f"row {number}")


def _reader(rows: _Rows, number: int) -> Callable[[], bytes]:
    return lambda: rows[number]


def _shards(folder: Path, split: str | None) -> list[Path]:
    found = [*sorted(folder.glob("*.parquet")), *sorted((folder / "data").glob("*.parquet"))]
    splits = {shard.name.split("-")[0] for shard in found}
    if split is None and "test" in splits and len(splits) > 1:
        split = "test"
    return [shard for shard in found if split is None or shard.name.lower().startswith(split.lower())]


def _opened(path: Path) -> Any:
    require_regular_file(path)
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f"Expected pyarrow, which reads Parquet files such as '{path}'. Received {error}. Install it: pip install "
            "'featurelens[formats]', or pip install pyarrow."
        ) from error
    try:
        return parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"Expected a whole Parquet file at '{path}'. Received one that cannot be read ({error}). Fetch it again."
        ) from error


def _images_column(schema: Any, reading: Reading, path: Path) -> str | None:
    arrow = importlib.import_module("pyarrow").types
    if reading.images_key is not None:
        if reading.images_key not in schema.names:
            raise ValueError(
                f"Expected --images-key to name a column of '{path}'. Received '{reading.images_key}'; it has {schema.names}."
            )
        return reading.images_key
    for field in schema:
        is_struct = arrow.is_struct(field.type) and any(part.name == "bytes" for part in field.type)
        if is_struct or arrow.is_binary(field.type) or arrow.is_large_binary(field.type):
            return field.name
    return None


def _labels_column(schema: Any, images: str, reading: Reading, path: Path) -> str:
    asked = reading.labels_key or reading.label_column
    others = [name for name in schema.names if name != images]
    usual = [name for name in others if name.lower() in (*LABEL_COLUMNS, "fine_label")]
    found = [asked] if asked in schema.names else usual or (others if len(others) == 1 else [])
    if (asked is not None and asked not in schema.names) or len(found) != 1:
        raise ValueError(
            f"Expected one column of labels in '{path}'. Received {', '.join(others) or 'none'}. Name it with --label-column."
        )
    return str(found[0])


def _values(file: Any, column: str) -> np.ndarray:
    values = file.read(columns=[column]).column(0).to_pylist()
    return np.array(values, dtype=np.str_ if values and isinstance(values[0], str) else None)


def _class_names(schema: Any, column: str, labels: np.ndarray) -> tuple[str, ...] | None:
    """The names that Hugging Face keeps in the file's metadata."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = tuple(str(name) for name in told["info"]["features"][column]["names"])
    except (KeyError, TypeError, ValueError):
        return None
    return (
        names if labels.dtype.kind in "iu" and labels.size and labels.min() >= 0 and labels.max() < len(names) else None
    )
