"""Images and labels in NumPy's files: `.npz` with both, or a pair of `.npy`. Pickled objects are never loaded."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.class_names import numbered_names
from ..datasets.dataset import Dataset
from ..datasets.fingerprints import fingerprint, read_bytes
from ..file_limits import require_unpacked

KEY_PAIRS = (("images", "labels"), ("x_test", "y_test"), ("x", "y"))


def npz_images(path: str | Path) -> Dataset:
    """Read a `.npz` file with the arrays images/labels, x_test/y_test or x/y (the first pair that is there)."""
    path = Path(path)
    raw = read_bytes(path)
    arrays = _loaded(raw, path)
    if isinstance(arrays, np.ndarray):
        raise ValueError(f"Expected several arrays (.npz) in '{path}', got a single array. Rename it to .npy.")
    with arrays:
        keys = list(arrays.keys())
        pair = next((pair for pair in KEY_PAIRS if set(pair) <= set(keys)), None)
        if pair is None:
            raise ValueError(
                f"Expected the arrays images and labels (or x_test and y_test, or x and y) in '{path}', got "
                f"{', '.join(keys) or 'none'}. Save with np.savez(path, images=..., labels=...)."
            )
        images, labels = (_member(arrays, key, path) for key in pair)
    return dataset_from_arrays(images, labels, f"NumPy file {path}", files=(fingerprint(path, raw),))


def npy_images(images_path: str | Path, labels_path: str | Path) -> Dataset:
    """Read a pair of `.npy` files: the images and their labels."""
    paths = Path(images_path), Path(labels_path)
    contents = [read_bytes(path) for path in paths]
    images, labels = (_single(raw, path) for raw, path in zip(contents, paths, strict=True))
    files = tuple(fingerprint(path, raw) for raw, path in zip(contents, paths, strict=True))
    return dataset_from_arrays(images, labels, f"NumPy files {paths[0]}, {paths[1].name}", files=files)


def npy_beside_labels(images: Path) -> Dataset:
    """Images with the labels beside them, named as in images.npy and labels.npy."""
    _, labels = npy_files(images)
    if labels == images or not labels.is_file():
        raise ValueError(
            f"Expected labels beside '{images}', named as in images.npy and labels.npy, got no such file. "
            "Pass both, as in IMAGES.npy,LABELS.npy."
        )
    return npy_images(images, labels)


def npy_files(images: Path) -> tuple[Path, Path]:
    """The images and, whether they are there or not, the labels beside them."""
    return images, images.with_name(images.name.replace("images", "labels"))


def dataset_from_arrays(
    images: np.ndarray, labels: np.ndarray, source: str, files: tuple[tuple[str, str], ...] = ()
) -> Dataset:
    """Return the Dataset in [0, 1] of images [B, H, W] or [B, H, W, C] of any number type, classes numbered.

    Args:
        images: integers from 0 to 255, or floats from 0 to 1; floats that reach above 1 but not above 255 are taken
            as 0 to 255, with a warning. Anything else is refused.
        labels: integers [B] or [B, 1].
        source: where they came from, for people.
        files: (name, SHA-256) of what was read.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    labels = _label_vector(labels, source)
    return Dataset(_unit_pixels(images, source), labels, numbered_names(labels), source, files=files)


def _unit_pixels(images: np.ndarray, source: str) -> np.ndarray:
    if images.dtype.kind in "buif" and images.ndim == 4 and images.size == 0:
        raise ValueError(
            f"Expected at least one image in '{source}', got an empty set {list(images.shape)}. Store some images in it."
        )
    if images.dtype.kind not in "buif" or images.ndim != 4:
        raise ValueError(
            f"Expected images as numbers [B, H, W] or [B, H, W, C] in '{source}', got {images.dtype}"
            f"{list(images.shape)}. Store the images as one array, channels last."
        )
    low, high = images.min(), images.max()
    if not np.isfinite([low, high]).all():
        return images.astype(np.float32)  # Dataset names the image with the NaN or Inf
    if low < 0 or high > 255:
        raise ValueError(
            f"Expected pixels from 0 to 1 or from 0 to 255 in '{source}', got {low:g} to {high:g}. Bring them to one "
            "of these, as in (x - x.min()) / (x.max() - x.min()); --scale gives the model the range that it wants."
        )
    whole = images.dtype.kind in "ui"
    if whole != (high > 1):  # floats that look like bytes, or bytes that look like floats
        warnings.warn(
            f"Pixels of type {images.dtype} from {low:g} to {high:g} in '{source}' are taken as 0 to 255 (white). "
            "Store bytes as uint8 from 0 to 255, fractions as float32 from 0 to 1.",
            stacklevel=4,
        )
    unit = images.astype(np.float32)
    unit /= 255 if whole or high > 1 else 1
    return unit


def _label_vector(labels: np.ndarray, source: str) -> np.ndarray:
    vector = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    numeric = vector.dtype.kind in "uif"
    if vector.ndim != 1 or not numeric or not np.array_equal(vector, np.floor(vector)):
        raise ValueError(
            f"Expected one whole number per image as labels in '{source}', got {labels.dtype}{list(labels.shape)}. "
            "Turn one-hot labels into numbers with labels.argmax(axis=1), names with np.unique(return_inverse=True)."
        )
    return vector.astype(np.int64)


def _single(raw: bytes, path: Path) -> np.ndarray:
    array = _loaded(raw, path)
    if isinstance(array, np.ndarray):
        return array
    array.close()
    raise ValueError(f"Expected one array (.npy) in '{path}', got several. Rename it to .npz.")


def _loaded(raw: bytes, path: Path) -> np.ndarray | np.lib.npyio.NpzFile:
    try:
        if raw.startswith(np.lib.format.MAGIC_PREFIX):
            _require_claim(io.BytesIO(raw), len(raw), str(path))
        elif raw.startswith(b"PK"):
            _require_claims(raw, path)
        return np.load(io.BytesIO(raw), allow_pickle=False)
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise _refusal(path, error) from error


def _require_claims(raw: bytes, path: Path) -> None:
    """Refuse an archive that unpacks to more than is taken, or whose arrays claim more than they hold."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        entries = archive.infolist()
        require_unpacked(str(path), len(raw), sum(entry.file_size for entry in entries))
        for entry in entries:
            with archive.open(entry) as member:
                if member.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX:
                    member.seek(0)
                    _require_claim(member, entry.file_size, f"{path}, {entry.filename}")


def _require_claim(file: Any, size: int, name: str) -> None:
    """Refuse an array whose header says that it is larger than its file: NumPy would take memory for all of it."""
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    major, _ = np.lib.format.read_magic(file)
    if major not in read:
        return  # NumPy names a version that it does not know
    shape, _, dtype = read[major](file)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size:
        raise ValueError(
            f"its header claims {list(shape)} values of {dtype}, {math.prod(shape) * dtype.itemsize:,} bytes, where "
            f"'{name}' has {size:,}"
        )


def _member(arrays: np.lib.npyio.NpzFile, key: str, path: Path) -> np.ndarray:
    try:
        return arrays[key]
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: Exception) -> ValueError:
    if "pickle" in str(error).lower():
        return ValueError(
            f"Expected an array of numbers in '{path}', got Python objects (a pickle), which could run code and are "
            "never loaded. Save it again as numbers, as in np.save(path, np.stack(images).astype(np.uint8))."
        )
    return ValueError(f"Expected a NumPy file at '{path}', got '{error}'. Check the path, or save it again.")
