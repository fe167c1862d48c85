"""From what a person writes after --data to a Dataset that fits the model."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from ..datasets.class_names import match_class_names
from ..datasets.dataset import Dataset
from ..datasets.model_fit import InputShape, require_fit, resized_to_fit
from .array_files import npy_images, npz_images
from .csv_images import csv_images
from .fashion_mnist import fashion_mnist
from .idx import idx_files, idx_folder, idx_images, idx_partner
from .image_folders import class_folders, image_folder

SCALES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0), "-1-1": (-1.0, 1.0)}
NAMED = {"fashion_mnist": "test", "fashion_mnist:test": "test", "fashion_mnist:train": "train"}  # name -> split
KINDS = (
    "a folder with one folder of images per class, a folder with an IDX pair, a file .npz, .csv, .csv.gz or "
    "images.npy (labels.npy beside it), an IDX file, or two files as IMAGES,LABELS"
)


def open_dataset(
    source: str | Path,
    *,
    model_input: InputShape | None = None,
    scale: str | None = None,
    resize: bool = False,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Read labelled images from a name, a folder or files, and make them fit a model.

    Args:
        source: 'fashion_mnist', 'fashion_mnist:train', a folder (of class folders, or with one IDX pair), a `.npz`,
            `.csv`, `.csv.gz`, `images.npy` with `labels.npy` beside it, an IDX file, or a pair 'IMAGES,LABELS'.
            A folder of one of the two names is reached as './fashion_mnist'.
        model_input: (H, W, C) that the model takes, None where it takes any; None: nothing is matched.
        scale: the range that the model wants, '0-1' (also None), '0-255' or '-1-1'.
        resize: match size and channels to `model_input`; otherwise images that differ are refused.
        class_names: in the order of the model's outputs (see `match_class_names`); None: those of the data.

    Returns:
        The data, images in the range of `scale`.
    """
    check_scale(scale)
    dataset = _read(str(source), model_input if resize else None)
    if class_names is not None:
        dataset = match_class_names(dataset, class_names)
    if model_input is not None:
        dataset = resized_to_fit(dataset, model_input) if resize else require_fit(dataset, model_input)
    return dataset.scaled(*SCALES[scale or "0-1"])


def class_names_of(source: str | Path) -> tuple[str, ...]:
    """The class names of data; where folders bear them, no image is opened, so that it does not matter which fit a model."""
    path = Path(source)
    if str(source) not in NAMED and path.is_dir() and not idx_files(path):
        return class_folders(path)
    return open_dataset(source).class_names


def check_scale(scale: str | None) -> None:
    """Refuse the name of a pixel range that does not exist."""
    if scale is not None and scale not in SCALES:
        raise ValueError(
            f"Expected a scale out of {', '.join(SCALES)}, got '{scale}'. Pass the range that the model wants."
        )


def check_source(source: str) -> None:
    """Refuse what is neither a name nor there, or is of no kind that can be read; nothing is opened.

    Raises:
        ValueError: With the names and kinds that there are.
    """
    path = Path(source)
    if source in NAMED:
        return
    if path.is_dir():
        if not idx_files(path):
            class_folders(path)
        return
    if path.is_file():
        _file_kind(path)
        return
    if source.count(",") == 1:
        missing = [part for part in source.split(",") if not Path(part.strip()).is_file()]
        if missing:
            raise ValueError(
                f"Expected two files as IMAGES,LABELS, got '{source}', of which '{missing[0].strip()}' is not there. "
                "Correct the path."
            )
        return
    close = get_close_matches(source, NAMED, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ValueError(
        f"Expected data: {' or '.join(NAMED)}, {KINDS}; got '{source}', which is neither a name nor there.{hint} "
        "Correct the name or the path."
    )


def _read(source: str, resize_to: InputShape | None) -> Dataset:
    check_source(source)
    path = Path(source)
    if source in NAMED:
        return fashion_mnist(NAMED[source])
    if path.is_dir():
        return idx_folder(path) if idx_files(path) else _class_folders(path, resize_to)
    if path.is_file():
        return _read_file(path)
    return _read_pair(*(Path(part.strip()) for part in source.split(",")))


def _class_folders(path: Path, resize_to: InputShape | None) -> Dataset:
    height, width, channels = resize_to or (None, None, None)
    color = {1: "grey", 3: "rgb"}.get(channels or 0)
    size = (height, width) if height is not None and width is not None else None
    return image_folder(path, size=size, color=color)


def _read_file(path: Path) -> Dataset:
    kind = _file_kind(path)
    if kind == "npz":
        return npz_images(path)
    if kind == "csv":
        return csv_images(path)
    if kind == "npy":
        return npy_images(path, _npy_partner(path))
    return idx_images(path, idx_partner(path))


def _file_kind(path: Path) -> str:
    """'npz', 'csv', 'npy' or 'idx', as the name says."""
    name = path.name.lower()
    for kind, endings in {
        "npz": (".npz",),
        "csv": (".csv", ".csv.gz"),
        "npy": (".npy",),
        "idx": (".idx", ".idx.gz"),
    }.items():
        if name.endswith(endings):
            return kind
    if "ubyte" in name:
        return "idx"
    raise ValueError(f"Expected data: {KINDS}; got the file '{path}' of another kind. Convert it to one of these.")


def _read_pair(images: Path, labels: Path) -> Dataset:
    if images.suffix.lower() == ".npy":
        return npy_images(images, labels)
    return idx_images(images, labels)


def _npy_partner(images: Path) -> Path:
    labels = images.with_name(images.name.replace("images", "labels"))
    if labels == images or not labels.is_file():
        raise ValueError(
            f"Expected labels beside '{images}', named as in images.npy and labels.npy, got no such file. "
            "Pass both, as in IMAGES.npy,LABELS.npy."
        )
    return labels
