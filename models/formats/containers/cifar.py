"""CIFAR-10 and CIFAR-100 as they are published, in Python's pickles or binary, and other pickles of arrays.

Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009. A row is one image: all red values, all
green, all blue, 32x32 each; in binary the label stands before it, in CIFAR-100 the coarse and then the fine one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets.fingerprints import fingerprint, read_bytes
from ..array_files import stored_arrays
from ..reading import Reading
from ..stored_images import StoredImages
from .array_keys import chosen_keys
from .safe_unpickling import unpickled

_PIXELS = 3 * 32 * 32
_SPLITS = {  # split -> the files, in Python's pickles; in binary with .bin behind
    "test": ("test_batch", "test"),
    "train": ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "train"),
}
_ENDINGS = (".pkl", ".pickle", ".p")


def is_cifar_folder(path: Path) -> bool:
    """Whether a folder holds CIFAR's files."""
    return path.is_dir() and any(
        (path / name).is_file() for name in ("batches.meta", "batches.meta.txt", "meta", "fine_label_names.txt")
    )


def stored_cifar_folder(folder: Path, reading: Reading) -> StoredImages:
    """The batches of one split: 'test', unless another is asked for."""
    split = reading.split or "test"
    if split not in _SPLITS:
        raise ValueError(f"Expected --split test or train for '{folder}'. Received '{split}'. Pass one of these.")
    names = [name for stem in _SPLITS[split] for name in (stem, f"{stem}.bin") if (folder / name).is_file()]
    if not names:
        raise ValueError(
            f"Expected CIFAR's files of the {split} split in '{folder}'. Received none. Unpack the archive again."
        )
    told = () if reading.split else (f"Of '{folder}' the test split is read; --split train reads the other.",)
    return stored_batches([folder / name for name in names], folder, reading, told)


def is_cifar_file(path: Path) -> bool:
    """Whether a file is one of CIFAR's binary batches, by its name and length, or a pickle by its ending or first bytes."""
    if not path.is_file():
        return False
    if path.suffix == ".bin":
        return any(path.stat().st_size % (_PIXELS + labels) == 0 for labels in (1, 2))
    if path.suffix.lower() in _ENDINGS:
        return True
    with path.open("rb") as file:
        return path.suffix == "" and file.read(2) in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def stored_pickle(path: Path, reading: Reading) -> StoredImages:
    """A batch of CIFAR, or another pickle that holds arrays of images and labels."""
    return stored_batches([path], path.parent, reading, ())


def stored_batches(paths: Sequence[Path], folder: Path, reading: Reading, notes: tuple[str, ...]) -> StoredImages:
    """The images of several batches, one after another."""
    raws = [read_bytes(path) for path in paths]
    found = [_batch(raw, path, reading) for raw, path in zip(raws, paths, strict=True)]
    images = np.concatenate([images for images, _ in found])
    labels = np.concatenate([labels for _, labels in found])
    names = _class_names(folder, labels)
    source = f"{'CIFAR' if images.shape[1:] == (32, 32, 3) else 'pickle'} {folder if len(paths) > 1 else paths[0]}"
    files = tuple(fingerprint(path, raw) for path, raw in zip(paths, raws, strict=True))
    return stored_arrays(images, labels, source, reading, files=files, class_names=names, notes=notes)


def _batch(raw: bytes, path: Path, reading: Reading) -> tuple[np.ndarray, np.ndarray]:
    if path.suffix == ".bin":
        return _binary_batch(raw, path)
    content = unpickled(raw, str(path))
    if not isinstance(content, dict):
        raise ValueError(
            f"Expected a dict of arrays in '{path}'. Received a {type(content).__name__}. Save it as .npz."
        )
    arrays = {_text(key): _array(value, _text(key), path) for key, value in content.items() if _is_array(value)}
    labels = next((key for key in ("fine_labels", "labels") if key in arrays), None)
    if "data" in arrays and labels is not None and arrays["data"].shape[1:] == (_PIXELS,):
        return _channels_last(arrays["data"]), arrays[labels]
    images_key, labels_key, _ = chosen_keys({key: array.shape for key, array in arrays.items()}, path, reading)
    return arrays[images_key], arrays[labels_key]


def _binary_batch(raw: bytes, path: Path) -> tuple[np.ndarray, np.ndarray]:
    before = next((labels for labels in (1, 2) if len(raw) and len(raw) % (_PIXELS + labels) == 0), None)
    if before is None:
        raise ValueError(
            f"Expected rows of 3,073 or 3,074 bytes in '{path}'. Received {len(raw):,} bytes. Fetch it again."
        )
    rows = np.frombuffer(raw, np.uint8).reshape(-1, _PIXELS + before)
    return _channels_last(rows[:, before:]), rows[:, before - 1].astype(np.int64)


def _channels_last(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def _class_names(folder: Path, labels: np.ndarray) -> tuple[str, ...] | None:
    """The names that lie beside the batches, where there is one for each label."""
    names: list[str] = []
    for file in ("batches.meta.txt", "fine_label_names.txt"):
        if (folder / file).is_file():
            names = read_bytes(folder / file).decode("utf-8", "replace").split()
    for file in ("batches.meta", "meta"):
        if (folder / file).is_file():
            content = unpickled(read_bytes(folder / file), str(folder / file))
            known = {_text(key): value for key, value in content.items()} if isinstance(content, Mapping) else {}
            listed = known.get("fine_label_names", known.get("label_names", []))
            if not isinstance(listed, list) or not all(isinstance(name, (str, bytes)) for name in listed):
                raise ValueError(
                    f"Expected a list of class names in '{folder / file}'. Received {type(listed).__name__}. Fetch it again."
                )
            names = [_text(name) for name in listed]
    numbers = labels if labels.dtype.kind in "iu" else np.array([-1])
    return tuple(names) if names and numbers.size and numbers.min() >= 0 and numbers.max() < len(names) else None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (isinstance(value, list) and bool(value) and isinstance(value[0], int))


def _array(value: Any, key: str, path: Path) -> np.ndarray:
    try:
        return np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"Expected numbers under '{key}' in '{path}'. Received a list that is no array ({error}). Save it as .npz."
        ) from error


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
