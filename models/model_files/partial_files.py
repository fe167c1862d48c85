"""A file is written under another name until it is whole; what a killed run left under such a name is cleared away.

The name is short whatever the target's is, and tells the target, the computer and the process, so that the next run
knows which left-overs are of the same target and whether anybody still writes them.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = ".featurelens-"


@contextmanager
def written_whole(path: Path, ending: str = "") -> Iterator[Path]:
    """A new file to write into; as the block ends it takes the name `path`, and where the block fails it is deleted.

    Where `path` is a symlink, what it leads to is replaced, and the link stays. The mode of an older file is kept.

    Args:
        path: The file to write.
        ending: What the name of the new file must end in, such as '.keras'.

    Raises:
        ValueError: `path` is a device, a pipe or a socket.
    """
    refuse_special(path)
    target = Path(os.path.realpath(path))
    partial = new_partial(target, ending)
    try:
        yield partial
        partial.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def refuse_special(path: Path) -> None:
    """Raise where something is at `path` that is no file: replacing it would break what reads from it.

    Raises:
        ValueError: It is a device, a pipe or a socket.
    """
    try:
        mode = path.stat().st_mode  # of what a symlink leads to
    except OSError:
        return  # nothing there; what else is wrong is found when it is opened
    kinds = {
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
        stat.S_ISFIFO: "a pipe",
        stat.S_ISSOCK: "a socket",
    }
    kind = next((words for is_kind, words in kinds.items() if is_kind(mode)), None)
    if kind is not None:
        raise ValueError(f"Expected a file to write. Received '{path}', which is {kind}. Name a file.")


def new_partial(target: Path, ending: str = "") -> Path:
    """Make an empty file beside the target, after those that killed runs have left for this target are deleted."""
    start = f"{_MARK}{_short(target.name)}-{_short(platform.node())}-"
    for left in target.parent.glob(f"{start}*"):
        if not _is_running(left.name.removeprefix(start).partition("-")[0]):
            left.unlink(missing_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f"{start}{os.getpid()}-", suffix=f".part{ending}", dir=target.parent)
    os.close(handle)
    return Path(partial)


def _short(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:12]


def _is_running(process: str) -> bool:
    """Whether a process of this number is alive; where that cannot be told, it is taken to be."""
    if os.name != "posix" or not process.isdigit():  # on Windows os.kill would end it
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
