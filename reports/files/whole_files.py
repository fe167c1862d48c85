"""Files that are written whole or not at all: pages, pictures and arrays, with a look beforehand whether they can be."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...models.opencv import opencv


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


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write uint8[H,W,3] RGB as PNG, JPEG or WebP, as the name ends.

    Raises:
        ValueError: The name ends in something else.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ValueError(
            f"Expected a picture's name ending in .png, .jpg or .webp. Received '{path}'. Change the ending."
        )
    cv2 = opencv()
    smaller = [cv2.IMWRITE_PNG_COMPRESSION, 6] if path.suffix.lower() == ".png" else []  # 6 times smaller than without
    _, data = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(picture[..., ::-1]), smaller)
    write_bytes_whole(path, data.tobytes())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as compressed .npz.

    Raises:
        ValueError: The name does not end in .npz.
    """
    if path.suffix.lower() != ".npz":
        raise ValueError(f"Expected a name ending in .npz for arrays. Received '{path}'. Change the ending.")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes_whole(path, buffer.getvalue())
