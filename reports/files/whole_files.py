"""Files that are written whole or not at all: pages, pictures and arrays, with a look beforehand whether they can be."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...models.model_files.partial_files import new_partial, refuse_special, written_whole
from ...models.opencv import opencv


def check_writable(path: Path) -> None:
    """Raise, before hours are spent, where a file cannot be written at `path`, or where a symlink there leads to.

    The name itself is tried: one may be too long, or hold a letter that the disk does not take.

    Raises:
        ValueError: The folder is missing or may not be written, or `path` is a folder, a device, a pipe or a socket.
    """
    folder = path.parent
    if os.path.isdir(path):  # noqa: PTH112 - of a name that is too long, Path raises
        raise ValueError(f"Expected a file to write. Received '{path}', which is a folder. Name a file in it.")
    refuse_special(path)
    if not folder.is_dir():
        raise ValueError(f"Expected a folder that exists for '{path.name}'. There is no '{folder}'. Make it first.")
    try:
        _try(Path(os.path.realpath(path)))
    except OSError as error:
        raise ValueError(
            f"Expected to be able to write '{path}'. It is not possible: {error.strerror}. Choose another name or folder."
        ) from error


def check_page(path: Path) -> None:
    """Raise where a page cannot be written at `path`, see `check_page_name` and `check_writable`."""
    check_page_name(path)
    check_writable(path)


def check_page_name(path: Path) -> None:
    """Raise ValueError where a name says that it is no page: it has another ending than .html or .htm."""
    if path.suffix.lower() not in ("", ".html", ".htm"):
        raise ValueError(f"Expected a page's name ending in .html. Received '{path}'. Change the ending.")


def _try(target: Path) -> None:
    """Make and delete what the writing will make: a file beside the target, and the target where it is missing."""
    new_partial(target).unlink()
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        if target.is_symlink():  # a circle of links
            raise
        if not os.access(target, os.W_OK):
            raise PermissionError(13, "the file is read-only") from None
    else:
        target.unlink()


def write_whole(path: Path, text: str) -> None:
    """Write text as UTF-8, see `write_bytes_whole`; what is no UTF-8 in a name from outside becomes an escape."""
    write_bytes_whole(path, text.encode("utf-8", "backslashreplace"))


def write_bytes_whole(path: Path, data: bytes) -> None:
    """Write beside the target and rename: an interruption leaves neither half a file nor loses the old one."""
    with written_whole(path) as partial:
        partial.write_bytes(data)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write uint8[H,W,3] RGB as PNG, JPEG or WebP, as the name ends.

    Raises:
        ValueError: The name ends in something else.
    """
    check_picture_name(path)
    cv2 = opencv()
    smaller = [cv2.IMWRITE_PNG_COMPRESSION, 6] if path.suffix.lower() == ".png" else []  # 6 times smaller than without
    _, data = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(picture[..., ::-1]), smaller)
    write_bytes_whole(path, data.tobytes())


def check_picture_name(path: Path) -> None:
    """Raise where `write_picture` does not know the ending of the name."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ValueError(
            f"Expected a picture's name ending in .png, .jpg or .webp. Received '{path}'. Change the ending."
        )


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as compressed .npz.

    Raises:
        ValueError: The name does not end in .npz.
    """
    check_arrays_name(path)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes_whole(path, buffer.getvalue())


def check_arrays_name(path: Path) -> None:
    """Raise where `write_arrays` does not know the ending of the name."""
    if path.suffix.lower() != ".npz":
        raise ValueError(f"Expected a name ending in .npz for arrays. Received '{path}'. Change the ending.")
