"""Files that are on the disk for good: the bytes, the names in their folders, and the folders' own names.

A file that is renamed into its place is whole for whoever reads it; that it survives a power cut needs the file itself and
every folder that has a new name in it to be flushed (fsync(2)).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PARTIAL = "*.partial*"  # what zarr and this file write into before a file is whole


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder."""
    flags = os.O_RDONLY | (os.O_DIRECTORY if path.is_dir() and hasattr(os, "O_DIRECTORY") else 0)
    if os.name == "nt" and path.is_dir():  # Windows flushes names by itself
        return
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_down_to(path: Path, root: Path) -> None:
    """Flush a file of `root`, and the names of it and of each folder on the way."""
    sync(path)
    for folder in path.parents:
        sync(folder)
        if folder == root:
            return


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write into that takes the name `path` when the block ends well, and is then on the disk for good."""
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def clear_partial(root: Path) -> int:
    """Delete what an interrupted run left half written; how many files that were."""
    left = [path for path in root.rglob(_PARTIAL) if path.is_file()]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
