"""Images in HDF5: one file with the arrays of images and labels, or a pair of files as in PatchCamelyon. Rows are read alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import require_regular_file, require_unpacked
from ...model_files.contents import stored_elsewhere
from ..array_files import file_print, stored_arrays
from ..reading import Reading
from ..stored_images import StoredImages
from .array_keys import NAME_KEYS, chosen_keys, named_classes

MAGIC = b"\x89HDF\r\n\x1a\n"
_DAMAGES = (OSError, KeyError, RuntimeError, TypeError, OverflowError)  # what h5py raises of a file that is not whole
_BLOCK = 2**28  # bytes that the texts read at once take at most, were each as long as the file


class Hdf5Rows:
    """An array in an HDF5 file, of which only the rows that are asked for are read.

    Args:
        path: the file.
        key: of the array.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key
        with opened(path) as file:
            self.shape = tuple(int(length) for length in file[key].shape)
            self.dtype = np.dtype(file[key].dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        try:
            with opened(self._path) as file:
                return np.asarray(file[self._key][rows])
        except _DAMAGES as error:
            raise _damaged(self._path, error) from error


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5 with arrays, by its content; a Keras model is none."""
    if not path.is_file() or path.suffix.lower() not in (".h5", ".hdf5", ".he5"):
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def stored_hdf5(path: Path, reading: Reading) -> StoredImages:
    """The images and labels of one file, or the images of one with the labels of the one beside it."""
    shapes = shapes_in(path)
    partner = label_partner(path)
    if len(shapes) == 1 and partner is not None:
        return stored_hdf5_pair(path, partner, reading)
    images, labels, notes = chosen_keys(shapes, path, reading)
    stored = values_in(path, labels)
    names_key = next((key for key in NAME_KEYS if key in shapes), None)
    names = None if names_key is None else values_in(path, names_key)
    return stored_arrays(
        Hdf5Rows(path, images),
        stored,
        f"HDF5 file {path}",
        reading,
        files=(file_print(path),),
        class_names=named_classes(names, stored),
        notes=notes,
    )


def stored_hdf5_pair(images: Path, labels: Path, reading: Reading) -> StoredImages:
    """Two files of one array each."""
    keys = [
        _only_key(images, reading.images_key, "--images-key"),
        _only_key(labels, reading.labels_key, "--labels-key"),
    ]
    source = f"HDF5 files {images}, {labels.name}"
    files = (file_print(images), file_print(labels))
    return stored_arrays(Hdf5Rows(images, keys[0]), values_in(labels, keys[1]), source, reading, files=files)


def label_partner(images: Path) -> Path | None:
    """The file of labels beside one of images: ..._x.h5 and ..._y.h5, or images and labels."""
    stem, ending = images.stem, images.suffix
    names = {stem.replace("images", "labels")} | ({f"{stem[:-1]}y"} if stem.lower().endswith("x") else set())
    found = [images.with_name(f"{name}{ending}") for name in sorted(names - {stem})]
    return next((path for path in found if path.is_file()), None)


def shapes_in(path: Path) -> Mapping[str, tuple[int, ...]]:
    """{name: shape} of all arrays in the file, also in its groups.

    Raises:
        ValueError: It is damaged, leads to another file, or claims more values than are taken.
    """
    import h5py

    _require_whole(path)
    found: dict[str, tuple[int, ...]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None and not name.startswith("#"):
            found[name] = tuple(int(length) for length in item.shape)

    with opened(path) as file:
        file.visititems(visit)
    return found


def values_in(path: Path, key: str) -> np.ndarray:
    """All values of an array, text as text."""
    try:
        with opened(path) as file:
            values = _all_of(file[key], path, key)
    except _DAMAGES as error:
        raise _damaged(path, error) from error
    if values.dtype.kind in "OS":
        texts = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values.ravel()
        ]
        return np.array(texts, dtype=np.str_).reshape(values.shape)
    return values


def _all_of(array: Any, path: Path, key: str) -> np.ndarray:
    """The values, texts some at a time: a small file may name one long text for each of a million rows."""
    import h5py

    if array.dtype.kind != "O":
        return np.asarray(array[()])
    if h5py.check_string_dtype(array.dtype) is None:
        raise ValueError(
            f"Expected numbers or text in '{key}' of '{path}'. Received values of another kind. Store them as an array."
        )
    if not array.shape:
        return np.asarray(array[()])
    size = path.stat().st_size
    rows, parts, letters = min(4096, max(16, _BLOCK // size)), [], 0
    for start in range(0, len(array), rows):
        parts.append(np.asarray(array[start : start + rows]))
        letters += sum(map(len, parts[-1].ravel()))
        require_unpacked(str(path), size, letters)
    return np.concatenate(parts) if parts else np.array([], dtype=np.str_)


def _require_whole(path: Path) -> None:
    """Refuse a file that leads out of itself, or that claims what it does not hold."""
    require_regular_file(path)
    try:
        elsewhere = stored_elsewhere(path, path.stat().st_size)
    except _DAMAGES as error:
        raise _damaged(path, error) from error
    if elsewhere is not None:
        raise ValueError(
            f"Expected all arrays of '{path}' in the file itself. Received {elsewhere}. Store the arrays where the name is."
        )


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"Expected a whole HDF5 file at '{path}'. Received one that cannot be read ({error}). Fetch it again."
    )


def opened(path: Path) -> Any:
    """The file, to be closed by the caller."""
    import h5py

    require_regular_file(path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise ValueError(
            f"Expected a whole HDF5 file at '{path}'. Received one that cannot be opened ({error}). Fetch it again."
        ) from error


def _only_key(path: Path, asked: str | None, option: str) -> str:
    shapes = shapes_in(path)
    if asked is not None and asked in shapes:
        return asked
    if asked is None and len(shapes) == 1:
        return next(iter(shapes))
    raise ValueError(f"Expected one array in '{path}'. Received {', '.join(shapes) or 'none'}. Name one with {option}.")
