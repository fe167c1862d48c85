"""Images and labels in NumPy's files: `.npz` with both, or a pair of `.npy`. Pickled objects are never loaded.

Files above some megabytes are read row by row from the disk, never whole, unless they are compressed.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.fingerprints import read_bytes
from ..file_limits import require_regular_file, require_unpacked
from ..truth.record import NOT_LOOKED_AT
from .containers.array_keys import NAME_KEYS, chosen_keys, images_alone, named_classes
from .containers.array_pixels import ArrayPixels, images_first
from .containers.npy_rows import MAGIC, refusal, require_claim, rows_of_member, rows_of_npy, shape_in
from .reading import Reading
from .stored_images import StoredImages


def stored_arrays(
    images: Any,
    labels: np.ndarray,
    source: str,
    reading: Reading,
    *,
    files: tuple[tuple[str, str], ...] = (),
    class_names: tuple[str, ...] | None = None,
    notes: tuple[str, ...] = (),
) -> StoredImages:
    """Arrays in any order of axes as stored images; `images` may lie on the disk."""
    labels = np.asarray(labels)
    ordered, told = images_first(
        images, max(labels.shape) if labels.size == max(labels.shape, default=0) else len(labels), source
    )
    if labels.ndim > 1 and labels.size == max(labels.shape):
        labels = labels.ravel()  # [B, 1], [1, B] or, in PatchCamelyon, [B, 1, 1, 1]
    return StoredImages(
        ArrayPixels(ordered, source, reading.depth), labels, source, class_names, files, notes=(*notes, *told)
    )


def stored_npz(path: Path, reading: Reading) -> StoredImages:
    """The images and labels of a `.npz` file, by their names or, where these say nothing, by their shapes."""
    with _archive(path) as arrays:
        shapes = {key: shape_in(arrays, key, path) for key in arrays.files}
        alone = images_alone(shapes, reading) if reading.task == NOT_LOOKED_AT else None
        images_key, labels_key, notes = (alone, "", ()) if alone else chosen_keys(shapes, path, reading)
        images = rows_of_member(path, images_key) or _member(arrays, images_key, path)
        labels = _unknown(images) if alone else _member(arrays, labels_key, path)
        names_key = next((key for key in NAME_KEYS if key in shapes), None)
        names = None if names_key is None else _member(arrays, names_key, path)
    class_names = named_classes(names, labels)
    found = stored_arrays(
        images, labels, f"NumPy file {path}", reading, files=(file_print(path),), class_names=class_names, notes=notes
    )
    columns = None if reading.task is None or names is None or labels.ndim != 2 else tuple(map(str, names.tolist()))
    return replace(found, label_columns=columns) if columns and len(columns) == labels.shape[1] else found


def stored_npy_pair(images_path: Path, labels_path: Path, reading: Reading) -> StoredImages:
    """A pair of `.npy` files."""
    images = _images(images_path)
    labels = _single(read_bytes(labels_path), labels_path)
    files = file_print(images_path), file_print(labels_path)
    return stored_arrays(images, labels, f"NumPy files {images_path}, {labels_path.name}", reading, files=files)


def stored_npy(images: Path, reading: Reading) -> StoredImages:
    """Images with the labels beside them, named as in images.npy and labels.npy, or X_test.npy and y_test.npy."""
    _, *beside = npy_files(images)
    if reading.task == NOT_LOOKED_AT and not beside:
        pixels = _images(images)
        return stored_arrays(pixels, _unknown(pixels), f"NumPy file {images}", reading, files=(file_print(images),))
    if len(beside) != 1:
        raise ValueError(
            f"Expected labels beside '{images}', named as in images.npy and labels.npy. Received no such file. "
            "Pass both, as in IMAGES.npy,LABELS.npy."
        )
    return stored_npy_pair(images, beside[0], reading)


def _images(path: Path) -> Any:
    """The images of a `.npy` file, on the disk where they are many."""
    require_regular_file(path)
    images = rows_of_npy(path)
    return _single(read_bytes(path), path) if images is None else images


def _unknown(images: Any) -> np.ndarray:
    """Labels in the place of those that are not looked at."""
    return np.zeros(images.shape[0], np.int64)


def array_of(path: Path, key: str | None = None) -> np.ndarray:
    """The one array of a `.npy` file, or of a `.npz` that holds no other, or one called `key`.

    Raises:
        ValueError: It cannot be read, or there are several.
    """
    require_regular_file(path)
    if path.suffix.lower() != ".npz":
        return _single(read_bytes(path), path)
    with _archive(path) as arrays:
        if key in arrays.files:
            return _member(arrays, str(key), path)
        if len(arrays.files) != 1:
            raise ValueError(
                f"Expected one array in '{path}'. Received {len(arrays.files)}: {', '.join(arrays.files[:6])}. Save the one that "
                f"is meant by np.save."
            )
        return _member(arrays, arrays.files[0], path)


def arrays_of(
    path: Path, reading: Reading
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...] | None, tuple[str, ...]]:
    """The values of a `.npz`, of any shape, with labels and class names where it has them, and what was assumed."""
    with _archive(path) as arrays:
        if len(arrays.files) == 1:
            return _member(arrays, arrays.files[0], path), None, None, ()
        shapes = {key: shape_in(arrays, key, path) for key in arrays.files}
        values_key, labels_key, notes = chosen_keys(shapes, path, reading)
        labels = _member(arrays, labels_key, path)
        names_key = next((key for key in NAME_KEYS if key in shapes), None)
        names = None if names_key is None else _member(arrays, names_key, path)
        return _member(arrays, values_key, path), labels, named_classes(names, labels), notes


def npy_files(images: Path) -> list[Path]:
    """The images, and what may be their labels by its name."""
    names = {
        images.name.replace("images", "labels"),
        images.name.replace("X", "y", 1),
        images.name.replace("x", "y", 1),
    }
    beside = (images.with_name(name) for name in sorted(names - {images.name}))
    return [images, *(file for file in beside if file.is_file())]


def file_print(path: Path) -> tuple[str, str]:
    """(name, SHA-256) of a file, read some at a time."""
    require_regular_file(path)
    with path.open("rb") as file:
        return path.name, hashlib.file_digest(file, "sha256").hexdigest()


def _archive(path: Path) -> np.lib.npyio.NpzFile:
    require_regular_file(path)
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                raise ValueError(
                    f"Expected several arrays (.npz) in '{path}'. Received a single array. Rename it to .npy."
                )
        _require_claims(path)
        arrays = np.load(path, allow_pickle=False)
    except (OSError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise refusal(path, error) from error
    except ValueError as error:
        raise (error if str(error).startswith("Expected") else refusal(path, error)) from error
    return arrays


def _single(raw: bytes, path: Path) -> np.ndarray:
    array = _loaded(raw, path)
    if isinstance(array, np.ndarray):
        return array
    array.close()
    raise ValueError(f"Expected one array (.npy) in '{path}'. Received several. Rename it to .npz.")


def _loaded(raw: bytes, path: Path) -> np.ndarray | np.lib.npyio.NpzFile:
    try:
        if raw.startswith(MAGIC):
            require_claim(io.BytesIO(raw), len(raw), str(path))
        return np.load(io.BytesIO(raw), allow_pickle=False)
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise refusal(path, error) from error


def _require_claims(path: Path) -> None:
    """Refuse an archive that unpacks to more than is taken, or whose arrays claim more than they hold."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        require_unpacked(str(path), path.stat().st_size, sum(entry.file_size for entry in entries))
        for entry in entries:
            with archive.open(entry) as member:
                if member.read(len(MAGIC)) == MAGIC:
                    member.seek(0)
                    require_claim(member, entry.file_size, f"{path}, {entry.filename}")


def _member(arrays: np.lib.npyio.NpzFile, key: str, path: Path) -> np.ndarray:
    try:
        return arrays[key]
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise refusal(path, error) from error
