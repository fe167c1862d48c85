"""Images in folders, one folder per class, as people keep their own."""

from __future__ import annotations

import hashlib
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.dataset import Dataset
from ..datasets.fingerprints import read_bytes
from ..datasets.model_fit import InputShape
from .collected_pictures import CollectedPictures
from .image_files import SUFFIXES, decode_image

CHANNELS = {"grey": 1, "rgb": 3}
_AHEAD = 8  # files that are decoded before they are needed


def image_folder(path: str | Path, size: tuple[int, int] | None = None, color: str | None = None) -> Dataset:
    """Read a folder with one folder of PNG, JPEG, WebP or BMP files per class.

    Classes and files are sorted by name as text, as in `keras.utils.image_dataset_from_directory`. What cannot be
    read, and what is no image, is left out, named in a warning and kept in `Dataset.unreadable`; only hidden files
    (their name starts with a dot) pass unmentioned. Alpha is dropped; 16-bit files keep their precision.

    Args:
        path: the folder.
        size: (H, W) that every image is resized to; None: as stored, all must be of one size.
        color: 'grey' or 'rgb'; None: grey if all files are stored grey, else RGB.

    Returns:
        Images float32[B, H, W, 1 or 3] in [0, 1]; class names are the folders' names.
    """
    if color is not None and color not in CHANNELS:
        raise ValueError(f"Expected color 'grey', 'rgb' or None, got '{color}'. Pass one of these.")
    root = Path(path)
    classes = _class_folders(root)
    kept, found = CollectedPictures(size, None if color is None else CHANNELS[color]), _Found()
    for label, name, raw, decoded in _decoded_ahead(root, classes, found):
        if decoded is None:
            found.unreadable.append(name)
            continue
        found.digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(raw).digest())
        found.labels.append(label)
        kept.add(decoded)
    _report(root, found)
    for label, folder in enumerate(classes):
        if label not in found.labels:
            raise ValueError(
                f"Expected at least one readable image for each class, got none in '{folder}'. "
                f"Put images there ({', '.join(SUFFIXES)}), or remove the folder."
            )
    return Dataset(
        images=kept.images(),
        labels=np.array(found.labels, np.int64),
        class_names=tuple(folder.name for folder in classes),
        source=f"folder {root}",
        files=((root.resolve().name, found.digest.hexdigest()),),
        unreadable=tuple(found.unreadable + found.others),
    )


def image_folder_for(path: Path, model_input: InputShape) -> Dataset:
    """The images at the size and with the channels of (H, W, C); what is None stays as it is."""
    height, width, channels = model_input
    size = (height, width) if height is not None and width is not None else None
    return image_folder(path, size=size, color={1: "grey", 3: "rgb"}.get(channels or 0))


def class_folders(path: str | Path) -> tuple[str, ...]:
    """Names of the folders, one per class, sorted; no file in them is opened."""
    return tuple(folder.name for folder in _class_folders(Path(path)))


def files_in_classes(path: Path) -> list[Path]:
    """Whatever lies in the folders of the classes; no file is opened."""
    return [file for folder in _class_folders(path) for file in folder.rglob("*")]


def _visible(folder: Path) -> list[Path]:
    return sorted((entry for entry in folder.iterdir() if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _class_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise ValueError(
            f"Expected a folder with one folder of images per class, got no folder '{root}'. Check the path."
        )
    classes = [entry for entry in _visible(root) if entry.is_dir()]
    if not classes:
        raise ValueError(
            f"Expected one folder of images per class in '{root}', got no folders. "
            "Put the images of each class into a folder of its name, as in cats/1.png, dogs/2.png."
        )
    return classes


@dataclass
class _Found:
    """What was found in the folders, beside the pixels."""

    labels: list[int] = field(default_factory=list)  # 0 to K-1, of the pictures that could be decoded
    unreadable: list[str] = field(default_factory=list)  # image files that could not be, relative to the folder
    others: list[str] = field(default_factory=list)  # anything else that was left out
    digest: Any = field(default_factory=hashlib.sha256)  # of all files that were decoded, names and contents, in order


def _decoded_ahead(
    root: Path, classes: list[Path], found: _Found
) -> Iterator[tuple[int, str, bytes, np.ndarray | None]]:
    """Label, name, bytes and pixels of each image file in order, decoded in a thread ahead of use, each once."""
    waiting: deque[tuple[int, str, Future[tuple[bytes, np.ndarray | None]]]] = deque()
    decoder = ThreadPoolExecutor(max_workers=1)
    try:
        for label, file in _files(root, classes, found):
            waiting.append((label, file.relative_to(root).as_posix(), decoder.submit(_decoded, file)))
            if len(waiting) > _AHEAD:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        decoder.shutdown(cancel_futures=True)


def _next(waiting: deque[Any]) -> tuple[int, str, bytes, np.ndarray | None]:
    label, name, decoding = waiting.popleft()
    return label, name, *decoding.result()


def _files(root: Path, classes: list[Path], found: _Found) -> Iterator[tuple[int, Path]]:
    """The label and path of each image file; whatever else there is is noted."""
    found.others += [entry.name for entry in _visible(root) if not entry.is_dir()]
    for label, folder in enumerate(classes):
        for file in _visible(folder):
            if file.suffix.lower() in SUFFIXES and not file.is_dir():
                yield label, file
            else:
                found.others.append(file.relative_to(root).as_posix())


def _decoded(file: Path) -> tuple[bytes, np.ndarray | None]:
    """The file's bytes and pixels; one that is gone, locked, a pipe, a device or too large counts as unreadable."""
    try:
        raw = read_bytes(file)
        return raw, decode_image(raw)
    except ValueError:
        return b"", None


def _report(root: Path, found: _Found) -> None:
    total = len(found.labels) + len(found.unreadable)
    for names, what in (
        (found.unreadable, f"{len(found.unreadable)} of {total} image files cannot be read"),
        (found.others, f"{len(found.others)} entries are not images in a class folder"),
    ):
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            warnings.warn(f"In '{root}' {what} and are left out: {shown}.", stacklevel=3)
