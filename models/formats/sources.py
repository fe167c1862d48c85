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
from .image_folders import image_folder

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
    if scale is not None and scale not in SCALES:
        raise ValueError(
            f"Expected a scale out of {', '.join(SCALES)}, got '{scale}'. Pass the range that the model wants."
        )
    dataset = _read(str(source), model_input if resize else None)
    if class_names is not None:
        dataset = match_class_names(dataset, class_names)
    if model_input is not None:
        dataset = resized_to_fit(dataset, model_input) if resize else require_fit(dataset, model_input)
    return dataset.scaled(*SCALES[scale or "0-1"])


def _read(source: str, resize_to: InputShape | None) -> Dataset:
    path = Path(source)
    if source in NAMED:
        return fashion_mnist(NAMED[source])
    if path.is_dir():
        return idx_folder(path) if idx_files(path) else _class_folders(path, resize_to)
    if path.is_file():
        return _read_file(path)
    if source.count(",") == 1:
        return _read_pair(*(Path(part.strip()) for part in source.split(",")))
    close = get_close_matches(source, NAMED, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ValueError(
        f"Expected data: {' or '.join(NAMED)}, {KINDS}; got '{source}', which is neither a name nor there.{hint} "
        "Correct the name or the path."
    )


def _class_folders(path: Path, resize_to: InputShape | None) -> Dataset:
    height, width, channels = resize_to or (None, None, None)
    color = {1: "grey", 3: "rgb"}.get(channels or 0)
    size = (height, width) if height is not None and width is not None else None
    return image_folder(path, size=size, color=color)


def _read_file(path: Path) -> Dataset:
    name = path.name.lower()
    if name.endswith(".npz"):
        return npz_images(path)
    if name.endswith((".csv", ".csv.gz")):
        return csv_images(path)
    if name.endswith(".npy"):
        return npy_images(path, _npy_partner(path))
    if "ubyte" in name or name.endswith((".idx", ".idx.gz")):
        return idx_images(path, idx_partner(path))
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
