"""Images in MATLAB's files, as SVHN is published: images along the last axis, and the digit 0 stored as label 10."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import require_regular_file
from ..array_files import file_print, stored_arrays
from ..reading import Reading
from ..stored_images import StoredImages
from .array_keys import chosen_keys
from .hdf5 import MAGIC, Hdf5Rows, shapes_in, values_in
from .matlab_elements import require_honest_elements


def stored_mat(path: Path, reading: Reading) -> StoredImages:
    """The images and labels of a `.mat` file; from version 7.3 on it is HDF5, with the axes the other way round."""
    require_regular_file(path)
    with path.open("rb") as file:
        file.seek(0)
        is_hdf5 = MAGIC in file.read(1024)
    if is_hdf5:
        images_key, labels_key, notes = chosen_keys(shapes_in(path), path, reading)
        images: Any = Hdf5Rows(path, images_key)
        whole = np.asarray(images[:]).transpose() if len(images.shape) > 2 else np.asarray(images[:])
        images, labels = whole, values_in(path, labels_key).ravel()
        notes = (*notes, f"'{path}' is of MATLAB 7.3: its axes are turned round to MATLAB's own order.")
    else:
        arrays = _arrays(path)
        images_key, labels_key, notes = chosen_keys({key: array.shape for key, array in arrays.items()}, path, reading)
        images, labels = arrays[images_key], arrays[labels_key]
    labels, told = _digits(images, labels, path, reading)
    return stored_arrays(
        images, labels, f"MATLAB file {path}", reading, files=(file_print(path),), notes=(*notes, *told)
    )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    require_honest_elements(path)
    try:
        content = loadmat(path, simplify_cells=True)
    except (MatReadError, ValueError, TypeError, OSError, KeyError, NotImplementedError, MemoryError) as error:
        raise ValueError(
            f"Expected a whole MATLAB file at '{path}'. Received one that cannot be read ({error}). Fetch it again."
        ) from error
    return dict(_flat(content, ""))


def _flat(content: Mapping[str, Any], prefix: str) -> list[tuple[str, np.ndarray]]:
    """The arrays of nested structures under joined names; a structure that stands alone gives its name no part."""
    named = {key: value for key, value in content.items() if not key.startswith("__")}
    alone = len(named) == 1
    found: list[tuple[str, np.ndarray]] = []
    for key, value in named.items():
        name = prefix if alone and isinstance(value, Mapping) else f"{prefix}/{key}".strip("/")
        if isinstance(value, Mapping):
            found += _flat(value, name)
        elif isinstance(value, np.ndarray):
            found.append((name, value))
    return found


def _digits(images: Any, labels: np.ndarray, path: Path, reading: Reading) -> tuple[np.ndarray, tuple[str, ...]]:
    """SVHN's label 10 as the digit 0 that it stands for; other labels, and where a label map is given, as stored."""
    flat = np.asarray(labels).ravel()
    is_svhn = (
        tuple(images.shape[:3]) == (32, 32, 3)
        and flat.dtype.kind in "iuf"
        and set(np.unique(flat)) == set(range(1, 11))
    )
    if not is_svhn or reading.label_map is not None:
        return labels, ()
    note = f"Label 10 of '{path}' is taken as the digit 0, as SVHN means it; --label-map from-1 counts from 1 instead."
    return np.where(flat == 10, 0, flat), (note,)
