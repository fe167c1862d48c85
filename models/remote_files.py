"""Data that lie elsewhere (`s3://bucket/images`, `gs://`, `https://`): copied once to this machine, then read as any files.

What lies there is asked for at every call. A file whose size and version are those of the copy is not fetched again; one that
changed is; one that is gone there goes here too. So the copy never tells of what was there before.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_VERSIONS = (
    "ETag",
    "etag",
    "md5Hash",
    "md5",
    "content_md5",
    "mtime",
    "LastModified",
    "last_modified",
    "created",
    "updated",
)
_LISTING = "listing.json"


def is_remote(source: str) -> bool:
    """Whether it is an address rather than a path.

    Example:
        >>> is_remote("s3://bucket/images"), is_remote("images/"), is_remote("C:/images")
        (True, False, False)
    """
    return _SCHEME.match(source.strip()) is not None


def local_copy(source: str) -> str:
    """The path of a copy of what lies at an address; of a pair 'IMAGES,LABELS' of each part. Paths stay as they are.

    Raises:
        ImportError: fsspec, or what it needs for this kind of address, is not installed.
        ValueError: Nothing is there, it cannot be reached, or it does not fit on the disk.
    """
    if not is_remote(source):
        return source
    parts = source.split(",")
    if len(parts) == 2 and is_remote(parts[1]):
        return ",".join(str(_copied(part.strip())) for part in parts)
    return str(_copied(source))


def cache_folder() -> Path:
    """Where copies are kept: FEATURELENS_CACHE, or featurelens in the user's folder of caches."""
    named = os.environ.get("FEATURELENS_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "featurelens"


def _copied(address: str) -> Path:
    files, root = _opened(address)
    try:
        there = _listed(files, root)
        return _brought(address, files, root, there)
    except (OSError, RuntimeError) as error:
        if str(error).startswith("Expected"):
            raise
        raise ValueError(
            f"Expected data at '{address}'. Received '{error or type(error).__name__}'. Check the address, the network and the "
            f"permissions."
        ) from error


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError(
            f"Expected fsspec for data at '{address}'. Received an environment without it. Run: pip install "
            f'"featurelens[remote]".'
        ) from error
    try:
        return url_to_fs(address)
    except ImportError as error:  # fsspec says which package reads this kind of address
        raise ImportError(f"Expected what reads '{address}'. Received an environment without it: {error}") from error
    except ValueError as error:
        raise ValueError(
            f"Expected an address such as s3://bucket/images. Received '{address}': {error}. Correct it."
        ) from error


def _listed(files: Any, root: str) -> dict[str, dict[str, Any]]:
    """{path under the root, '' for the root itself: its facts} of every file."""
    found = files.find(root, detail=True)
    if not found and files.exists(root):
        found = {root: files.info(root)}
    if not found:
        raise FileNotFoundError("nothing is there")
    known = {}
    for path, facts in found.items():
        inside = path[len(root) :].strip("/") if path.startswith(root) else PurePosixPath(path).name
        if ".." in PurePosixPath(inside).parts:
            raise FileNotFoundError(f"a name that leads elsewhere, {inside!r}")
        known[inside] = {"path": path, "size": facts.get("size"), "version": _version(facts)}
    return known


def _version(facts: Mapping[str, Any]) -> str | None:
    """What changes when the file does; None where the file system tells nothing of the kind."""
    told = [f"{name} {facts[name]}" for name in _VERSIONS if facts.get(name) is not None]
    return "; ".join(told) or None


def _brought(address: str, files: Any, root: str, there: dict[str, dict[str, Any]]) -> Path:
    folder = cache_folder() / hashlib.sha256(address.encode()).hexdigest()[:16]
    target = folder / (PurePosixPath(root).name or "data")
    before = _listing(folder)
    wanted = {name: facts for name, facts in there.items() if not _is_same(target, name, facts, before.get(name))}
    _require_room(folder, sum(facts["size"] or 0 for facts in wanted.values()), address)
    for name in before.keys() - there.keys():
        (target / name).unlink(missing_ok=True)
    for name, facts in wanted.items():
        _fetch(files, facts["path"], target / name if name else target)
    _write_listing(folder, {name: [facts["size"], facts["version"]] for name, facts in there.items()})
    return target


def _is_same(target: Path, name: str, facts: Mapping[str, Any], before: list[Any] | None) -> bool:
    path = target / name if name else target
    known = facts["version"] is not None and before == [facts["size"], facts["version"]]
    return known and path.is_file() and path.stat().st_size == facts["size"]


def _fetch(files: Any, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        files.get_file(path, str(partial))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _require_room(folder: Path, size: int, address: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ValueError(
            f"Expected room for a copy of '{address}', {size / 1e9:.1f} GB. Received {free / 1e9:.1f} GB free in '{folder}'. "
            f"Name another folder in FEATURELENS_CACHE, or take a part of the data."
        )


def _listing(folder: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads((folder / _LISTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_listing(folder: Path, listing: Mapping[str, list[Any]]) -> None:
    partial = folder / f"{_LISTING}.partial-{os.getpid()}"
    partial.write_text(json.dumps(listing), encoding="utf-8")
    partial.replace(folder / _LISTING)
