"""The four files that Fashion-MNIST is published as: their names, their fingerprints, and reading them with proof."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .file_bytes import fingerprint, read_bytes
from .idx import parse_idx, unzipped

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
            f"Expected the published Fashion-MNIST file with SHA-256 {file_hash} at '{path}', got {seen}. "
            "Delete it and fetch it again; to use other data of this form, open it as --data FOLDER."
        )
    return parse_idx(content, str(path)), seen
