"""The formats that data may have, a line each: how one is recognised, and what reads it.

Nothing is imported until a format is read, so that `--help` can list them at once. A format is added by its module and one
line here, one of the user's own by `FORMATS.register`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..registry import Registry

Function = str | Callable[..., Any]  # 'module:function' of this folder, or the function itself


@dataclass(frozen=True, eq=False)
class Format:
    """One form of data on disk."""

    name: str
    short: str  # in the help of --data, such as '.npz'
    words: str  # in a message that lists what can be read, such as 'a file .npz'
    read: Function  # path -> Dataset
    endings: tuple[str, ...] = ()  # of a file's name in lower case
    takes: Function | None = None  # path -> whether it is of this format, where endings do not tell
    read_resized: Function | None = (
        None  # (path, (H, W, C) or None for any) -> Dataset; where pictures may differ in size
    )
    read_pair: Function | None = None  # (images, labels) -> Dataset, for two files given as IMAGES,LABELS
    class_names: Function | None = None  # path -> names, without opening an image
    files: Function | None = None  # path -> every file that is read; None: the file, or all in the folder
    needs: tuple[str, ...] = ()  # packages that it is read with, as they are imported, beside those of featurelens

    def recognises(self, path: Path) -> bool:
        """Whether a path is of this format, by its name and, of a folder, by the names in it."""
        if path.is_file() and path.name.lower().endswith(self.endings or ("\0",)):
            return True
        return self.takes is not None and bool(call(self.takes, path))

    def require_packages(self) -> None:
        """Refuse to read it where a package that it needs is not installed.

        Raises:
            ValueError: With the packages, and how to get them.
        """
        missing = [package for package in self.needs if importlib.util.find_spec(package) is None]
        if missing:
            raise ValueError(
                f"Expected the package {' and '.join(missing)}, with which {self.words} is read. It is not installed. "
                f"Install it: pip install {' '.join(missing)}."
            )


def call(function: Function, *arguments: Any) -> Any:
    """Call a function of this folder by its name, or a function."""
    if not isinstance(function, str):
        return function(*arguments)
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(f".{module}", __package__), name)(*arguments)


FORMATS: Registry[Format] = Registry(
    "format",
    lambda known: known.name,
    [
        Format(
            name="IDX folder",
            short="a folder with an IDX pair",
            words="a folder with an IDX pair",
            read="idx:idx_folder",
            takes="idx:idx_files",
        ),
        Format(
            name="image folders",
            short="a folder per class",
            words="a folder with one folder of images per class",
            read="image_folders:image_folder",
            takes=Path.is_dir,
            read_resized="image_folders:image_folder_for",
            class_names="image_folders:class_folders",
            files="image_folders:files_in_classes",
        ),
        Format("npz", ".npz", "a file .npz", "array_files:npz_images", (".npz",)),
        Format(
            name="npy",
            short=".npy",
            words="a file images.npy (labels.npy beside it)",
            read="array_files:npy_beside_labels",
            endings=(".npy",),
            read_pair="array_files:npy_images",
            files="array_files:npy_files",
        ),
        Format("csv", ".csv", "a file .csv or .csv.gz", "csv_images:csv_images", (".csv", ".csv.gz")),
        Format(
            name="IDX",
            short="IDX files",
            words="an IDX file",
            read="idx:idx_beside_labels",
            endings=(".idx", ".idx.gz"),
            takes=lambda path: path.is_file() and "ubyte" in path.name.lower(),
            read_pair="idx:idx_images",
            files="idx:idx_pair",
        ),
    ],
)


def format_of(path: Path) -> Format | None:
    """The first format that recognises a path."""
    return next((known for known in FORMATS if known.recognises(path)), None)


def format_of_pair(images: Path) -> Format:
    """The format of the first of two files; IDX, whose files often have no ending, where none recognises it."""
    pairs = [known for known in FORMATS if known.read_pair is not None]
    return next((known for known in pairs if known.recognises(images)), pairs[-1])


def kinds() -> str:
    """What can be read, for messages."""
    return f"{', '.join(known.words for known in FORMATS)}, or two files as IMAGES,LABELS"


def kinds_in_short() -> str:
    """What can be read, for the help of --data."""
    return ", ".join(known.short for known in FORMATS)
