"""A pair of IDX files, images and labels, of any data set of the MNIST family."""

from __future__ import annotations

from pathlib import Path

from .array_files import dataset_from_arrays
from .datasets import Dataset
from .file_bytes import fingerprint, read_bytes
from .idx import parse_idx, unzipped

PATTERNS = ("*images*ubyte", "*images*ubyte.gz", "*images*.idx", "*images*.idx.gz")


def idx_images(images_path: str | Path, labels_path: str | Path) -> Dataset:
    """Read images float32[B, H, W, 1 or C] in [0, 1] and their labels from two IDX files, gzipped or not."""
    paths = Path(images_path), Path(labels_path)
    contents = [read_bytes(path) for path in paths]
    images, labels = (parse_idx(unzipped(raw, str(path)), str(path)) for raw, path in zip(contents, paths, strict=True))
    files = tuple(fingerprint(path, raw) for raw, path in zip(contents, paths, strict=True))
    return dataset_from_arrays(images, labels, f"IDX files {paths[0]}, {paths[1].name}", files=files)


def idx_files(folder: Path) -> list[Path]:
    """Return the IDX files of images in a folder, by their names (as in train-images-idx3-ubyte.gz)."""
    return sorted(path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file())


def idx_folder(folder: Path) -> Dataset:
    """Read the one IDX pair of a folder; where there are several, the caller must name one."""
    found = idx_files(folder)
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ValueError(
            f"Expected one IDX file of images in '{folder}', got {names}. "
            "Pass the file itself; its labels are looked for beside it."
        )
    return idx_images(found[0], idx_partner(found[0]))


def idx_partner(images_path: Path) -> Path:
    """Return the path of the labels beside an IDX file of images (train-images-idx3-... -> train-labels-idx1-...)."""
    partner = images_path.with_name(images_path.name.replace("images", "labels").replace("idx3", "idx1"))
    choices = (partner, partner.with_name(partner.name.removesuffix(".gz")), partner.with_name(partner.name + ".gz"))
    for choice in choices:
        if choice.is_file() and choice != images_path:
            return choice
    raise ValueError(
        f"Expected the labels of '{images_path}' beside it as '{partner.name}', got no such file. "
        "Pass both, as in IMAGES,LABELS."
    )
