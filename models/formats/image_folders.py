"""Images in folders, one folder per class, as people keep their own."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..datasets.dataset import Dataset
from ..datasets.fingerprints import read_bytes
from ..datasets.model_fit import InputShape
from ..datasets.resizing import convert_channels, resize_images
from .image_files import SUFFIXES, decode_image, to_unit_range

CHANNELS = {"grey": 1, "rgb": 3}


@dataclass(frozen=True, eq=False)
class _Pictures:
    pixels: list[np.ndarray]  # B arrays uint8 or uint16 [H, W, 1 or 3], each of its own size
    labels: list[int]  # B labels, 0 to K-1
    unreadable: list[str]  # image files that could not be decoded, relative to the folder
    others: list[str]  # anything else that was left out, relative to the folder
    sha256: str  # of all files that were decoded, names and contents, in order


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
    pictures = _read(root, classes)
    _report(root, pictures)
    for label, folder in enumerate(classes):
        if label not in pictures.labels:
            raise ValueError(
                f"Expected at least one readable image for each class, got none in '{folder}'. "
                f"Put images there ({', '.join(SUFFIXES)}), or remove the folder."
            )
    images = _stacked(pictures.pixels, size, color)
    return Dataset(
        images=images,
        labels=np.array(pictures.labels, np.int64),
        class_names=tuple(folder.name for folder in classes),
        source=f"folder {root}",
        files=((root.resolve().name, pictures.sha256),),
        unreadable=tuple(pictures.unreadable + pictures.others),
    )


def image_folder_for(path: Path, model_input: InputShape) -> Dataset:
    """The images at the size and with the channels of (H, W, C); what is None stays as it is."""
    height, width, channels = model_input
    size = (height, width) if height is not None and width is not None else None
    return image_folder(path, size=size, color={1: "grey", 3: "rgb"}.get(channels or 0))


def class_folders(path: str | Path) -> tuple[str, ...]:
    """Names of the folders, one per class, sorted; no file in them is opened."""
    return tuple(folder.name for folder in _class_folders(Path(path)))


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


def _read(root: Path, classes: list[Path]) -> _Pictures:
    pixels, labels, unreadable = [], [], []
    others = [entry.name for entry in _visible(root) if not entry.is_dir()]
    digest = hashlib.sha256()
    for label, folder in enumerate(classes):
        for file in _visible(folder):
            name = file.relative_to(root).as_posix()
            if file.suffix.lower() not in SUFFIXES or file.is_dir():
                others.append(name)
                continue
            raw, decoded = _decoded(file)
            if decoded is None:
                unreadable.append(name)
                continue
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(raw).digest())
            pixels.append(decoded)
            labels.append(label)
    return _Pictures(pixels, labels, unreadable, others, digest.hexdigest())


def _decoded(file: Path) -> tuple[bytes, np.ndarray | None]:
    """The file's bytes and pixels; one that is locked, a pipe, a device or too large counts as unreadable."""
    try:
        raw = read_bytes(file)
        return raw, decode_image(raw)
    except ValueError:
        return b"", None


def _report(root: Path, pictures: _Pictures) -> None:
    total = len(pictures.pixels) + len(pictures.unreadable)
    for names, what in (
        (pictures.unreadable, f"{len(pictures.unreadable)} of {total} image files cannot be read"),
        (pictures.others, f"{len(pictures.others)} entries are not images in a class folder"),
    ):
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            warnings.warn(f"In '{root}' {what} and are left out: {shown}.", stacklevel=3)


def _stacked(pixels: list[np.ndarray], size: tuple[int, int] | None, color: str | None) -> np.ndarray:
    height, width = size or _only_size(pixels)
    grey = color == "grey" or (color is None and all(picture.shape[2] == 1 for picture in pixels))
    channels = CHANNELS["grey" if grey else "rgb"]
    images = np.empty((len(pixels), height, width, channels), np.float32)
    for picture, target in zip(pixels, images, strict=True):
        image = convert_channels(to_unit_range(picture)[np.newaxis], channels)
        target[...] = resize_images(image, height, width)[0]
    return images


def _only_size(pixels: list[np.ndarray]) -> tuple[int, int]:
    sizes = sorted({picture.shape[:2] for picture in pixels})
    if len(sizes) > 1:
        shown = ", ".join(f"{height}x{width}" for height, width in sizes[:8]) + (", ..." if len(sizes) > 8 else "")
        raise ValueError(
            f"Expected images of one size (height x width), got {len(sizes)}: {shown}. "
            "To bring them to one, pass size=(H, W), on the command line --size HxW (train, explore) or --resize (where "
            "there is a model)."
        )
    return sizes[0]
