"""Fashion-MNIST: 70,000 grey images of clothing, 28x28, ten classes; the test split ships with the package.

Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
2017, arXiv:1708.07747. The four files are as published (MIT licence, data/LICENSE), each proven by its SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from ...kinds import checks_kinds
from ..datasets.dataset import Dataset
from ..datasets.fingerprints import fingerprint, read_bytes
from .csv_images import csv_images
from .idx import parse_idx, unzipped

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SHIPPED_FOLDER = Path(__file__).parent.parent / "data"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")


@checks_kinds
def fashion_mnist(split: str, source: str | Path | None = None) -> Dataset:
    """Return a split of Fashion-MNIST: images float32[B, 28, 28, 1] in [0, 1], labels int64[B], 0 to 9.

    IDX files must hold the published data, by SHA-256, wherever they were found.

    Args:
        split: 'test' (10,000 images, shipped) or 'train' (60,000 images: looked for in Keras's cache, then in
            Debian's folder, then downloaded by Keras).
        source: a folder with the split's IDX files (gzipped or not) or a CSV file; then nothing else is tried.
    """
    if split not in FILES:
        raise ValueError(f"Expected the split 'train' or 'test'. Received '{split}'. Pass one of these two.")
    if source is not None:
        return _from_source(split, Path(source))
    found = _searched(split)
    return _downloaded(split) if found is None else found


def is_at_hand(split: str) -> bool:
    """Return whether a split is on this computer, so that `fashion_mnist` downloads nothing."""
    return _folder_of(split) is not None


def _folder_of(split: str) -> Path | None:
    places = (SHIPPED_FOLDER, *_keras_caches(), DEBIAN_FOLDER)
    return next((folder for folder in places if published_pair(split, folder)), None)


def _searched(split: str) -> Dataset | None:
    folder = _folder_of(split)
    return None if folder is None else _from_folder(split, folder)


def _from_source(split: str, source: Path) -> Dataset:
    if source.is_dir() and published_pair(split, source):
        return _from_folder(split, source)
    if source.is_file():
        return csv_images(source, shape=(28, 28, 1), class_names=CLASS_NAMES)
    raise ValueError(
        f"Expected Fashion-MNIST's {split} split at '{source}': a folder with {' and '.join(FILES[split])} "
        f"(or both without .gz), or a CSV file. Received {'a folder without them' if source.is_dir() else 'no such path'}. "
        "Correct the path, or leave the source out to search the usual places."
    )


def _from_folder(split: str, folder: Path) -> Dataset:
    images, labels = published_pair(split, folder)
    (pixels, pixel_hash), (numbers, label_hash) = read_published(images), read_published(labels)
    place = "shipped with featurelens" if folder == SHIPPED_FOLDER else str(folder)
    return _dataset(pixels, numbers, split, place, ((images.name, pixel_hash), (labels.name, label_hash)))


def _dataset(
    pixels: np.ndarray, labels: np.ndarray, split: str, place: str, files: tuple[tuple[str, str], ...]
) -> Dataset:
    images = pixels[..., np.newaxis].astype(np.float32)
    images /= 255
    source = f"Fashion-MNIST, {split} split ({place})"
    return Dataset(images, labels.astype(np.int64), CLASS_NAMES, source, files=files)


def _keras_caches() -> tuple[Path, ...]:
    """Return the folders where Keras keeps its downloads (the second where the home folder is read-only)."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return tuple(root / "datasets" / "fashion-mnist" for root in (home, Path(tempfile.gettempdir()) / ".keras"))


def _downloaded(split: str) -> Dataset:
    try:
        import keras  # seconds, and only here

        train, test = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras wraps what urllib raises in a bare Exception
        raise ValueError(
            f"Expected Fashion-MNIST's {split} split. Received none: no source was given, nothing is in Keras's cache "
            f"({_keras_caches()[0]}) or Debian's folder ({DEBIAN_FOLDER}), and the download failed ({error}). "
            f"Do one of four: pass source (--data) with a folder of {' and '.join(FILES[split])} or a CSV file; copy "
            "these files to Keras's cache; apt-get install dataset-fashion-mnist; or connect and run again."
        ) from error
    found = _searched(split)  # Keras has kept the files: read there, they are proven by SHA-256
    if found is not None:
        return found
    pixels, labels = train if split == "train" else test
    return _dataset(pixels, labels, split, "downloaded by keras.datasets", ())


FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
PUBLISHED = {  # file name -> SHA-256 of the file, SHA-256 of its content (for files unpacked or packed again)
    "train-images-idx3-ubyte.gz": (
        "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    "train-labels-idx1-ubyte.gz": (
        "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    "t10k-images-idx3-ubyte.gz": (
        "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def published_pair(split: str, folder: Path) -> list[Path]:
    """Return the paths of the split's images and labels, packed (.gz) or not; an empty list unless both are there."""
    paths = []
    for name in FILES[split]:
        choices = (folder / name, folder / name.removesuffix(".gz"))
        paths.extend([path for path in choices if path.is_file()][:1])
    return paths if len(paths) == len(FILES[split]) else []


def read_published(path: Path) -> tuple[np.ndarray, str]:
    """Return the array uint8[B, ...] in a file and the file's SHA-256, once it is proven to be the published data."""
    file_hash, content_hash = PUBLISHED[path.name.removesuffix(".gz") + ".gz"]
    raw = read_bytes(path)
    _, seen = fingerprint(path, raw)
    content = unzipped(raw, str(path))
    if seen != file_hash and hashlib.sha256(content).hexdigest() != content_hash:
        raise ValueError(
            f"Expected the published Fashion-MNIST file with SHA-256 {file_hash} at '{path}'. Received {seen}. "
            "Delete it and fetch it again; to use other data of this form, open it as --data FOLDER."
        )
    return parse_idx(content, str(path)), seen
