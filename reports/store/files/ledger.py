"""The ledger: one line for each unit that is done, with the size and the SHA-256 of each of its files.

A line is written after its files are on the disk for good, and carries a checksum of itself, so a line that was cut off by
a power cut is no line. Whatever has no valid line, or a file that is not what its line says, is done anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....models.json_files import parsed
from .durable import sync, written

NAME = "ledger.jsonl"
_BLOCK = 2**22


@dataclass(frozen=True)
class StoredFile:
    """What a file of the store has to be."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """A unit that is done."""

    unit: int
    images: int
    machine: str  # digest of what decides the last bits, see `settings`
    files: Mapping[str, StoredFile]  # {path within the store, with '/': what it is}
    seconds: float = 0.0  # that it took

    @property
    def content(self) -> list[Any]:
        """What does not depend on when and where the unit was done."""
        return [self.unit, self.images, [[name, kept.sha256] for name, kept in sorted(self.files.items())]]


def described(path: Path) -> StoredFile:
    """Size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return StoredFile(size, digest.hexdigest())


def append(root: Path, entry: Entry) -> None:
    """Add a line, for good."""
    path = root / NAME
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(handle, _line(entry))
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync(root)


def entries(root: Path) -> dict[int, Entry]:
    """{number of a unit: its line}, of all lines that are whole; of two lines of a unit the later one."""
    try:
        raw = (root / NAME).read_bytes()
    except FileNotFoundError:
        return {}
    found = [entry for line in raw.split(b"\n") if (entry := _entry(line)) is not None]
    return {entry.unit: entry for entry in found}


def rewrite(root: Path, kept: Iterable[Entry]) -> None:
    """The ledger with these lines alone, in the order of the units."""
    with written(root / NAME) as partial:
        partial.write_bytes(b"".join(_line(entry) for entry in sorted(kept, key=lambda each: each.unit)))


def is_whole(root: Path, entry: Entry) -> bool:
    """Whether each file of a unit is there, of its size and of its content."""
    for name, wanted in entry.files.items():
        path = root / name
        try:
            if path.stat().st_size != wanted.bytes or described(path) != wanted:
                return False
        except OSError:
            return False
    return True


def content_digest(found: Iterable[Entry]) -> str:
    """SHA-256 over the content of all units: two stores of equal content have the same, however they came about."""
    parts = [entry.content for entry in sorted(found, key=lambda each: each.unit)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _line(entry: Entry) -> bytes:
    files = {name: [kept.bytes, kept.sha256] for name, kept in sorted(entry.files.items())}
    told = [entry.unit, entry.images, entry.machine, round(entry.seconds, 3), files]
    text = json.dumps(told)
    return f"{json.dumps([hashlib.sha256(text.encode()).hexdigest()[:16], told])}\n".encode()


def _entry(line: bytes) -> Entry | None:
    """A line as a record; None where it is cut off, altered, or of another form."""
    try:
        check, told = parsed(line)
        if hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16] != check:
            return None
        unit, images, machine, seconds, files = told
        inside = {str(name): StoredFile(int(size), str(digest)) for name, (size, digest) in files.items()}
        if any(name.startswith("/") or ".." in Path(name).parts for name in inside):
            return None
        return Entry(int(unit), int(images), str(machine), inside, float(seconds))
    except (ValueError, TypeError, AttributeError):
        return None
