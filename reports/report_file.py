"""A report's file: found writable before the work starts, and never half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise, before hours are spent, where a file cannot be written at `path`.

    Raises:
        ValueError: The folder is missing or may not be written, or `path` is a folder.
    """
    folder = path.parent
    if path.is_dir():
        raise ValueError(f"Expected a file to write the report to. '{path}' is a folder. Name a file in it.")
    if not folder.is_dir():
        raise ValueError(f"Expected a folder that exists for '{path.name}'. There is no '{folder}'. Make it first.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "the file is read-only")
    except OSError as error:
        raise ValueError(
            f"Expected to be able to write '{path}'. It is not possible: {error.strerror}. Choose another folder."
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Write text as UTF-8, see `write_bytes_whole`."""
    write_bytes_whole(path, text.encode("utf-8"))


def write_bytes_whole(path: Path, data: bytes) -> None:
    """Write beside the target and rename: an interruption leaves neither half a file nor loses the old one."""
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(partial).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
