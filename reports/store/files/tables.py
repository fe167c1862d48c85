"""The numbers of each image as Parquet, one file a unit: read by pandas, duckdb and whatever else reads columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .durable import written
from .needed import needed
from .units import Unit

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "tables"
IN_WORDS = ("true_class", "predicted_class")  # columns that say 'label' and 'predicted' by the classes' names


def table_name(unit: Unit) -> str:
    """Path of a unit's table within the store."""
    return f"{FOLDER}/unit-{unit.number:07d}.parquet"


def write_table(
    root: Path, unit: Unit, columns: Mapping[str, np.ndarray], files: tuple[str, ...], class_names: tuple[str, ...]
) -> None:
    """Write a unit's table for good.

    Args:
        root: The store.
        unit: Its number names the file.
        columns: {name: [n] or [n,K]}.
        files: [n] names of the images' files; none where files hold many images.
        class_names: By label; columns `true_class` and `predicted_class` hold them in words.
    """
    arrow, parquet = pyarrow()
    made = {name: _column(arrow, values) for name, values in columns.items()}
    made["true_class"] = _words(arrow, columns["label"], class_names)
    made["predicted_class"] = _words(arrow, columns["predicted"], class_names)
    made["file"] = arrow.array(list(files) if files else [None] * len(unit), arrow.string())
    table = arrow.table(made).replace_schema_metadata({"class_names": json.dumps(class_names)})
    with written(root / table_name(unit)) as partial:
        parquet.write_table(table, partial, compression="zstd")


def read_table(path: Path, columns: list[str] | None = None) -> dict[str, np.ndarray]:
    """{name: [n] or [n,K]} of one file."""
    _, parquet = pyarrow()
    table = parquet.ParquetFile(path).read(columns=columns)
    return {name: _values(table.column(name).combine_chunks()) for name in table.column_names}


def pyarrow() -> tuple[Any, Any]:
    """pyarrow and its Parquet.

    Raises:
        ImportError: It is not installed; the message says how.
    """
    parquet = needed("pyarrow.parquet", "pyarrow", ", which writes tables")
    return needed("pyarrow", "pyarrow", ", which writes tables"), parquet


def _column(arrow: Any, values: np.ndarray) -> pa.Array:
    if values.ndim == 1:
        return arrow.array(values)
    flat = arrow.array(np.ascontiguousarray(values).reshape(-1))
    return arrow.FixedSizeListArray.from_arrays(flat, int(values.shape[1]))


def _words(arrow: Any, labels: np.ndarray, class_names: tuple[str, ...]) -> pa.Array:
    """Names of classes, each kept once; null where a label stands for none."""
    known = (labels >= 0) & (labels < len(class_names))
    places = arrow.array(np.where(known, labels, 0).astype(np.int32), mask=~known)
    return arrow.DictionaryArray.from_arrays(places, arrow.array(list(class_names), arrow.string()))


def _values(column: Any) -> np.ndarray:
    if hasattr(column.type, "list_size"):
        return column.values.to_numpy(zero_copy_only=False).reshape(len(column), column.type.list_size)
    return column.to_numpy(zero_copy_only=False)
