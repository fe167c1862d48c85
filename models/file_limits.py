"""What a file from outside may be: a regular file, of at most a stated size. All limits stand here.

A file that claims more than it holds, or that never ends, is refused by its name before its content is read. A limit that
is in the way of honest data is raised by `--size-limit GIGABYTES` behind any command, in Python by `LIMITS.raise_to`.
"""

from __future__ import annotations

import stat
from dataclasses import asdict, dataclass, replace
from pathlib import Path

MEGABYTE = 2**20


@dataclass
class Limits:
    """The most that is taken of one file."""

    file_bytes: int = 4096 * MEGABYTE  # of one file, and of what it unpacks to
    unpacked_share: int = 50  # times its own size that a packed file may unpack to, once that is more than `free_bytes`
    free_bytes: int = 256 * MEGABYTE  # what any file may unpack to
    description_bytes: int = 64 * MEGABYTE  # of the JSON that describes a model
    nesting: int = 150  # lists and mappings within each other in JSON
    line_bytes: int = 16 * MEGABYTE  # of one line of text
    picture_pixels: int = 200_000_000  # of one picture, before it is decoded

    def raised(self, file_bytes: int) -> Limits:
        """The same with another size for a file, what it unpacks to, and the pixels of a picture."""
        share = max(1.0, file_bytes / self.file_bytes)
        return replace(
            self,
            file_bytes=file_bytes,
            free_bytes=max(self.free_bytes, file_bytes),
            description_bytes=int(self.description_bytes * share),
            line_bytes=int(self.line_bytes * share),
            picture_pixels=int(self.picture_pixels * share),
        )

    def raise_to(self, file_bytes: int) -> None:
        """Take larger files from now on, wherever these limits are the ones that hold.

        Example:
            >>> LIMITS.raise_to(8 * 2**30)                                                     # doctest: +SKIP
        """
        for name, value in asdict(self.raised(file_bytes)).items():
            setattr(self, name, value)

    def most_unpacked(self, packed: int) -> int:
        """Bytes that a file of `packed` bytes may unpack to."""
        return min(self.file_bytes, max(self.free_bytes, self.unpacked_share * packed))


LIMITS = Limits()  # those that hold unless others are given


def require_regular_file(path: Path, limits: Limits = LIMITS) -> Path:
    """The path, where it leads to a regular file of at most `limits.file_bytes`.

    Raises:
        ValueError: It is a device, a pipe, a socket or a folder, it does not exist, or it is too large.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ValueError(
            f"Expected a file at '{path}'. Received '{error.strerror or error}'. Check the path."
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(
            f"Expected a regular file at '{path}'. Received {_kind(found.st_mode)}. Copy its content into a file."
        )
    if found.st_size > limits.file_bytes:
        raise too_large(str(path), found.st_size, limits.file_bytes)
    return path


def require_unpacked(name: str, packed: int, unpacked: int, limits: Limits = LIMITS) -> None:
    """Refuse a packed file that says it unpacks to more than is taken.

    Args:
        name: Of the file, for the message.
        packed: Its size, bytes.
        unpacked: What it says that it unpacks to, bytes.

    Raises:
        ValueError: `unpacked` is more than `Limits.most_unpacked`.
    """
    most = limits.most_unpacked(packed)
    if unpacked > most:
        raise ValueError(
            f"Expected '{name}' ({_size(packed)}) to unpack to at most {_size(most)}. Received one that unpacks to "
            f"{_size(unpacked)}. If you trust its author, raise the limit: --size-limit {_gigabytes(unpacked)}."
        )


def too_large(name: str, size: int, most: int) -> ValueError:
    """The refusal of a file that is larger than is taken."""
    return ValueError(
        f"Expected at most {_size(most)} in '{name}'. Received {_size(size)}. "
        f"If it is what you mean, raise the limit: --size-limit {_gigabytes(size * LIMITS.file_bytes // most)}."
    )


def _gigabytes(size: int) -> int:
    return -(-size // 2**30) + 1


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / MEGABYTE:.1f} MiB"


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe (FIFO)",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
