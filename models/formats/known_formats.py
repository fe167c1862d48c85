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
    read: Function | None = None  # path -> Dataset, of a format of the user's own
    endings: tuple[str, ...] = ()  # of a file's name in lower case
    takes: Function | None = None  # path -> whether it is of this format, where endings do not tell
    stored: Function | None = None  # (path, Reading) -> StoredImages: read when looked at
    stored_pair: Function | None = None  # (images, labels, Reading) -> StoredImages, for two files as IMAGES,LABELS
    class_names: Function | None = None  # path -> names, without opening an image
    files: Function | None = None  # path -> every file that is read; None: the file, or all in the folder
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
            takes="idx:idx_files",
            stored="idx:stored_idx_folder",
        ),
        Format(
            name="CIFAR folder",
            short="CIFAR's folder",
            words="CIFAR's folder of batches",
            takes="containers.cifar:is_cifar_folder",
            stored="containers.cifar:stored_cifar_folder",
        ),
        Format(
            name="TFRecord",
            short="TFRecord",
            words="TFRecord files with encoded images",
            takes="containers.tfrecord:is_tfrecord",
            stored="containers.tfrecord:stored_tfrecord",
        ),
        Format(
            name="Parquet",
            short="Parquet",
            words="Parquet with encoded images or file names",
            takes="containers.parquet:is_parquet",
            stored="containers.parquet:stored_parquet",
            files="containers.parquet:parquet_files",
        ),
        Format(
            name="image folders",
            short="a folder per class",
            words="a folder with one folder of images per class",
            takes=Path.is_dir,
            stored="image_folders:stored_folder",
            class_names="image_folders:class_folders",
            files="image_folders:pictures_of_classes",
        ),
        Format("npz", ".npz", "a file .npz", endings=(".npz",), stored="array_files:stored_npz"),
        Format(
            name="npy",
            short=".npy",
            words="a file images.npy (labels.npy beside it)",
            endings=(".npy",),
            stored="array_files:stored_npy",
            files="array_files:npy_files",
            stored_pair="array_files:stored_npy_pair",
        ),
        Format(
            name="table",
            short="a table of files and labels",
            words="a table of files and labels (.csv, .tsv, .parquet)",
            takes="manifest:is_manifest",
            stored="manifest:stored_manifest",
            files="manifest:manifest_files",
        ),
        Format(
            name="csv",
            short=".csv",
            words="a file .csv or .csv.gz",
            endings=(".csv", ".csv.gz"),
            stored="csv_images:stored_csv",
        ),
        Format(
            name="HDF5",
            short=".h5",
            words="HDF5 (.h5)",
            takes="containers.hdf5:is_hdf5",
            stored="containers.hdf5:stored_hdf5",
            stored_pair="containers.hdf5:stored_hdf5_pair",
        ),
        Format(
            name="MATLAB", short=".mat", words="MATLAB (.mat)", endings=(".mat",), stored="containers.matlab:stored_mat"
        ),
        Format(
            name="CIFAR",
            short="CIFAR's batches",
            words="CIFAR's batches or a pickle of arrays",
            takes="containers.cifar:is_cifar_file",
            stored="containers.cifar:stored_pickle",
        ),
        Format(
            name="IDX",
            short="IDX files",
            words="an IDX file",
            endings=(".idx", ".idx.gz"),
            takes=lambda path: path.is_file() and "ubyte" in path.name.lower(),
            stored="idx:stored_idx",
            files="idx:idx_pair",
            stored_pair="idx:stored_idx_pair",
        ),
    ],
)


def format_of(path: Path) -> Format | None:
    """The first format that recognises a path."""
    return next((known for known in FORMATS if known.recognises(path)), None)


def format_of_pair(images: Path) -> Format:
    """The format of the first of two files; IDX, whose files often have no ending, where none recognises it."""
    pairs = [known for known in FORMATS if known.stored_pair is not None]
    return next((known for known in pairs if known.recognises(images)), pairs[-1])


def kinds() -> str:
    """What can be read, for messages."""
    return f"{', '.join(known.words for known in FORMATS)}, or two files as IMAGES,LABELS"


def kinds_in_short() -> str:
    """What can be read, for the help of --data."""
    return ", ".join(known.short for known in FORMATS)
