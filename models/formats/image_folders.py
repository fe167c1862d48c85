"""Images in folders, one folder per class, as people keep their own; or the class in each file's name."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ...kinds import checks_kinds
from ..datasets.dataset import Dataset
from ..truth.record import UNLABELLED
from .image_files import SUFFIXES, check_image, is_picture_name, not_a_picture
from .picture_files import file_reader, pictures
from .reading import Reading
from .stored_images import StoredImages, dataset_of

CHANNELS = {"grey": 1, "rgb": 3}
SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"}


@checks_kinds
def image_folder(path: str | Path, size: tuple[int, int] | None = None, color: str | None = None) -> Dataset:
    """Read a folder with one folder of pictures per class (PNG, JPEG, WebP, BMP, GIF, TIFF, AVIF).

    Classes and files are sorted by name as text and folders within a class are walked, as in
    `keras.utils.image_dataset_from_directory`. What cannot be read, and what is no image, is left out, named in a warning
    and kept in `Dataset.unreadable`; only hidden files (their name starts with a dot) pass unmentioned. Alpha is dropped;
    16-bit files keep their precision.

    Args:
        path: the folder.
        size: (H, W) that every image is resized to, as Keras resizes (bilinear); None: as stored, all must be of one size.
        color: 'grey' or 'rgb'; None: grey if all files are stored grey, else RGB.

    Returns:
        Images float32[B, H, W, 1 or 3] in [0, 1]; class names are the folders' names.
    """
    if color is not None and color not in CHANNELS:
        raise ValueError(f"Expected color 'grey', 'rgb' or None. Received '{color}'. Pass one of these.")
    height, width = size or (None, None)
    shape = (height, width, None if color is None else CHANNELS[color])
    wanted = Reading().for_model(shape, resize=True)
    return dataset_of(stored_folder(Path(path), wanted.reading), wanted)


def stored_folder(root: Path, reading: Reading) -> StoredImages:
    """The pictures of class folders; of all pictures in the folder where `reading.label_from` tells the class."""
    root = _split_folder(root, reading.split)
    if reading.label_from is not None:
        return _labelled_by_name(root, reading)
    classes = _class_folders(root)
    files: list[tuple[Path, int]] = []
    others = [entry.name for entry in _visible(root) if not entry.is_dir()]
    for label, folder in enumerate(classes):
        found, odd = _walked(folder, root)
        files += [(file, label) for file in found]
        others += odd
    return _stored(root, files, others, reading, classes=classes)


def class_folders(path: str | Path) -> tuple[str, ...]:
    """Names of the folders, one per class, sorted; no file in them is opened."""
    return tuple(folder.name for folder in _class_folders(Path(path)))


def pictures_of_classes(path: Path) -> list[Path]:
    """The pictures in the folders within a folder; without such, in the folder itself. No file is opened."""
    folders = [entry for entry in _visible(path) if entry.is_dir()] or [path]
    return [file for folder in folders for file in _walked(folder, path)[0]]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and in those within it, in Keras's order.

    Raises:
        ValueError: There are none.
    """
    found, _ = _walked(folder, folder)
    if not found:
        raise ValueError(f"Expected pictures in the folder '{folder}'. Received none. Check the path.")
    return found


def unlabelled_pictures(paths: Sequence[Path], reading: Reading) -> StoredImages:
    """Single pictures without labels: all of one class, 'unknown'.

    Raises:
        ValueError: One is not there, or no picture.
    """
    for path in paths:
        check_image(path)
    found = pictures([path.as_posix() for path in paths], [file_reader(path) for path in paths], reading)
    if found.unreadable:
        raise not_a_picture(Path(found.unreadable[0]))
    return StoredImages(
        pixels=found.pixels,
        labels=np.zeros(len(paths), np.int64),
        source=paths[0].as_posix() if len(paths) == 1 else f"{len(paths)} pictures",
        class_names=UNLABELLED,
        files=(("pictures", found.sha256),),
        names=tuple(path.name for path in paths),
        notes=found.notes,
    )


def class_of_name(pattern: str) -> Callable[[str], str | None]:
    """What finds the class in a file's name: the first group of a pattern, or all that it matches.

    Example:
        >>> class_of_name(r"(.*?)\\.")("cat.0.jpg")
        'cat'
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"Expected a regular expression as --label-from. Received '{pattern}': {error}. Write it as in '(.*?)[._]', which "
            "takes what stands before the first dot or underscore."
        ) from error

    def found(name: str) -> str | None:
        match = compiled.search(name)
        return None if match is None else match[1] if compiled.groups else match[0]

    return found


def _labelled_by_name(root: Path, reading: Reading) -> StoredImages:
    found, others = _walked(root, root)
    label_of = class_of_name(reading.label_from or "")
    labels = [label_of(file.name) for file in found]
    without = [file.name for file, label in zip(found, labels, strict=True) if not label]
    if without or not found:
        what = f"no class in {', '.join(without[:5])}" if without else "no pictures"
        raise ValueError(
            f"Expected a class in the name of each picture in '{root}' by --label-from '{reading.label_from}'. Received "
            f"{what}. Correct the pattern: its first group in brackets is the class."
        )
    names = sorted({str(label) for label in labels})
    files = [(file, names.index(str(label))) for file, label in zip(found, labels, strict=True)]
    return _stored(root, files, others, reading, names=tuple(names))


def _stored(
    root: Path,
    files: Sequence[tuple[Path, int]],
    others: Sequence[str],
    reading: Reading,
    *,
    classes: Sequence[Path] = (),
    names: tuple[str, ...] = (),
) -> StoredImages:
    paths = [file.relative_to(root).as_posix() for file, _ in files]
    found = pictures(paths, [file_reader(file) for file, _ in files], reading)
    report_left_out(root, len(files), found.unreadable, others)
    labels = np.array([label for _, label in files], np.int64)[found.whole]
    for label, folder in enumerate(classes):
        if label not in labels:
            raise ValueError(
                f"Expected at least one readable image for each class. Received none in '{folder}'. "
                f"Put images there ({', '.join(SUFFIXES)})."
            )
    return StoredImages(
        pixels=found.pixels,
        labels=labels,
        source=f"folder {root}",
        class_names=names or tuple(folder.name for folder in classes),
        files=((root.resolve().name, found.sha256),),
        unreadable=(*found.unreadable, *others),
        names=tuple(paths[number] for number in found.whole),
        notes=found.notes,
    )


def report_left_out(root: Path, total: int, unreadable: Sequence[str], others: Sequence[str]) -> None:
    """Warn of the files that are no images, by their names."""
    for names, what in (
        (unreadable, f"{len(unreadable)} of {total} image files cannot be read"),
        (others, f"{len(others)} entries are not images in a class folder"),
    ):
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            warnings.warn(f"In '{root}' {what} and are left out: {shown}.", stacklevel=3)


def _visible(folder: Path) -> list[Path]:
    return sorted((entry for entry in folder.iterdir() if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _walked(folder: Path, root: Path) -> tuple[list[Path], list[str]]:
    """The pictures in a folder and in those within it, in Keras's order: folder by folder, by name; and what is none."""
    found, others = [], []
    for place, _, names in sorted(os.walk(folder), key=lambda walked: walked[0]):
        inside = Path(place).relative_to(folder).parts
        if any(part.startswith(".") for part in inside):
            continue
        for name in sorted(name for name in names if not name.startswith(".")):
            file = Path(place, name)
            if is_picture_name(name):
                found.append(file)
            else:
                others.append(file.relative_to(root).as_posix())
    return found, others


def _split_folder(root: Path, split: str | None) -> Path:
    if split is None:
        return root
    if not (root / split).is_dir():
        known = ", ".join(entry.name for entry in _visible(root) if entry.is_dir())
        remedy = "Pass one of these." if known else "Leave --split out."
        raise ValueError(
            f"Expected a folder for --split {split} in '{root}'. Received {known or 'no folders'}. {remedy}"
        )
    return root / split


def _class_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise ValueError(
            f"Expected a folder with one folder of images per class. Received no folder '{root}'. Check the path."
        )
    classes = [entry for entry in _visible(root) if entry.is_dir()]
    if not classes:
        raise ValueError(
            f"Expected one folder of images per class in '{root}'. Received no folders. "
            "Put the images of each class into a folder of its name, as in cats/1.png, dogs/2.png, or tell the class from "
            "each file's name with --label-from, as in --label-from '(.*?)[._]' for cat.0.jpg. Pictures without labels go "
            "to featurelens report MODEL --data FOLDER, or one by one to featurelens explain MODEL --image FOLDER; those with a "
            "class at every pixel to featurelens report and evaluate with --masks, with numbers or several labels in a table."
        )
    _refuse_splits(root, classes)
    return classes


def _refuse_splits(root: Path, folders: Sequence[Path]) -> None:
    names = [folder.name for folder in folders]
    if len(names) > 1 and {name.lower() for name in names} <= SPLITS:
        usual = next((name for name in names if name.lower() in ("test", "testing")), names[-1])
        raise ValueError(
            f"Expected one folder per class in '{root}'. Received {', '.join(names)}: these look like splits. Pass one of "
            f"them, as in --data {root / usual}."
        )
