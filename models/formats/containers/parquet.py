"""Parquet: encoded images in a column, as the data sets of Hugging Face are kept, or a table of files and labels.

One group of rows is in memory at a time. Reading needs pyarrow, an extra.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...file_limits import require_regular_file, require_unpacked
from ..array_files import file_print
from ..image_folders import report_left_out
from ..manifest import LABEL_COLUMNS, pictures_named, stored_table
from ..picture_files import pictures
from ..reading import Reading
from ..stored_images import StoredImages

MAGIC = b"PAR1"
R = TypeVar("R")
_ROW = 256  # bytes that a row takes in memory, at least


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
    _require_same_columns(files, shards)
    images = _images_column(schema, reading, path)
    if images is None:
        return stored_table(_texts(shards[0]), path, reading)
    labels_column = _labels_column(schema, images, reading, path)
    labels = np.concatenate([_values(shard, labels_column) for shard in shards])
    rows = _Rows(shards, images)
    names = [f"row {number}" for number in range(len(rows))]
    found = pictures(names, [_reader(rows, number) for number in range(len(rows))], reading)
    if rows.refusal is not None and not found.whole.size:
        raise rows.refusal
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
    return [*shards, *pictures_named(_texts(shards[0]), path)]


def _texts(path: Path) -> dict[str, list[str]]:
    """The columns of a table as texts."""
    file = _opened(path, each_once=True)
    table = _read(path, file.read)
    for name in table.column_names:
        _require_room(table.column(name), path)
    return {
        name: ["" if cell is None else str(cell) for cell in table.column(name).to_pylist()]
        for name in table.column_names
    }


class _Rows:
    """The encoded images of a column, a group of rows at a time; one that repeats is in memory once.

    A group that would unpack to more than is taken has no image that is whole; `refusal` says why.
    """

    def __init__(self, paths: list[Path], column: str) -> None:
        self._column = column
        self.refusal: ValueError | None = None
        files = [(path, _opened(path, each_once=True)) for path in paths]
        self._groups = [(path, file, group) for path, file in files for group in range(file.metadata.num_row_groups)]
        counts = [file.metadata.row_group(group).num_rows for _, file, group in self._groups]
        self._ends = np.cumsum(counts)
        self._held: tuple[int, Any] = (-1, None)
        self._one_reads = threading.Lock()
        self._names: dict[int, str] = {}

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, number: int) -> bytes:
        place = int(np.searchsorted(self._ends, number, side="right"))
        start = 0 if place == 0 else int(self._ends[place - 1])
        cells = self._group(place)
        cell = b"" if cells is None else cells[number - start].as_py()
        if isinstance(cell, dict):
            self._names[number] = cell.get("path") or f"row {number}"
            cell = cell.get("bytes")
        if not isinstance(cell, bytes):
            raise ValueError(f"Expected the bytes of an image in row {number}. Received {type(cell).__name__}.")
        return cell

    def _group(self, place: int) -> Any:
        """The cells of a group, which the threads that decode take turns to read."""
        with self._one_reads:
            if self._held[0] != place:
                path, file, group = self._groups[place]
                cells = _read(path, lambda: file.read_row_group(group, columns=[self._column])).column(0)
                try:
                    _require_room(cells, path)
                except ValueError as error:
                    self.refusal, cells = error, None
                self._held = (place, cells)
            return self._held[1]

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


def _opened(path: Path, *, each_once: bool = False) -> Any:
    """The file, of whose texts and bytes each that repeats is read once, where that is asked for.

    Raises:
        ValueError: It is damaged, or claims more rows than it can hold.
    """
    require_regular_file(path)
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f"Expected pyarrow, which reads Parquet files such as '{path}'. Received {error}. Install it: pip install "
            "'featurelens[formats]', or pip install pyarrow."
        ) from error
    plain = _read(path, lambda: parquet.ParquetFile(path))
    about, size = plain.metadata, path.stat().st_size
    require_unpacked(str(path), size, about.num_rows * _ROW)
    columns = [
        about.row_group(group).column(place)
        for group in range(about.num_row_groups)
        for place in range(about.num_columns)
    ]
    require_unpacked(str(path), size, sum(column.total_uncompressed_size for column in columns))
    texts = sorted({column.path_in_schema for column in columns if column.physical_type == "BYTE_ARRAY"})
    return _read(path, lambda: parquet.ParquetFile(path, read_dictionary=texts)) if each_once else plain


def _read(path: Path, read: Callable[[], R]) -> R:
    """What pyarrow reads; what it stumbles over is told with the file's name."""
    try:
        return read()
    except (OSError, ValueError, TypeError, KeyError, NotImplementedError, MemoryError) as error:
        raise ValueError(
            f"Expected a whole Parquet file at '{path}'. Received one that cannot be read ({error}). Fetch it again."
        ) from error


def _require_room(cells: Any, path: Path) -> None:
    """Refuse cells that would unpack to more than is taken, as a long one does that every row repeats."""
    require_unpacked(str(path), path.stat().st_size, sum(_unpacked_size(chunk) for chunk in cells.chunks))


def _unpacked_size(array: Any) -> int:
    """Bytes of an array, were each text in it written out."""
    arrow = importlib.import_module("pyarrow")
    if arrow.types.is_struct(array.type):
        return sum(_unpacked_size(array.field(place)) for place in range(array.type.num_fields))
    if not arrow.types.is_dictionary(array.type):
        return int(array.nbytes)
    lengths = np.array([0 if text is None else len(text) for text in array.dictionary.to_pylist()] or [0], np.int64)
    return int(lengths[array.indices.fill_null(0).to_numpy(zero_copy_only=False)].sum())


def _require_same_columns(files: list[Any], shards: list[Path]) -> None:
    """Refuse shards that have other columns than the first."""
    first = files[0].schema_arrow.names
    if len(set(first)) != len(first):
        raise ValueError(
            f"Expected columns of different names in '{shards[0]}'. Received {', '.join(first)}. Rename one of them."
        )
    for file, shard in zip(files, shards, strict=True):
        if file.schema_arrow.names != first:
            raise ValueError(
                f"Expected the columns {', '.join(first)} in '{shard}', as in '{shards[0].name}'. Received "
                f"{', '.join(file.schema_arrow.names)}. Put shards of one table into a folder."
            )


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


def _values(path: Path, column: str) -> np.ndarray:
    file = _opened(path, each_once=True)
    cells = _read(path, lambda: file.read(columns=[column])).column(0)
    _require_room(cells, path)
    values = cells.to_pylist()
    odd = next((value for value in values if not isinstance(value, (str, bytes, int, float))), None)
    if odd is not None or None in values:
        raise ValueError(
            f"Expected a number or a text in each row of the column '{column}' of '{path}'. Received "
            f"{'an empty cell' if odd is None else type(odd).__name__}. Name another with --label-column, or correct it."
        )
    return np.array(values, dtype=np.str_ if values and isinstance(values[0], str) else None)


def _class_names(schema: Any, column: str, labels: np.ndarray) -> tuple[str, ...] | None:
    """The names that Hugging Face keeps in the file's metadata."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = tuple(str(name) for name in told["info"]["features"][column]["names"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return (
        names if labels.dtype.kind in "iu" and labels.size and labels.min() >= 0 and labels.max() < len(names) else None
    )
