"""A file's bytes and their fingerprint, so that a report can say which data it was made of."""

from __future__ import annotations

import hashlib
from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """Read a file whole; a missing or locked one gets a message with its name."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"Expected a file at '{path}', got '{error.strerror}'. Check the path and its permissions."
        ) from error


def fingerprint(path: Path, raw: bytes) -> tuple[str, str]:
    """Return the file's name and the SHA-256 of its bytes, as hex."""
    return path.name, hashlib.sha256(raw).hexdigest()
