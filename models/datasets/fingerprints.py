"""Fingerprints of images and files: whether figures measured elsewhere are of the same things."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..file_limits import LIMITS, Limits, require_regular_file

_AT_ONCE = 4_000_000  # numbers, 16 MB


def images_fingerprint(images: Any, first: int | None = None) -> str:
    """SHA-256 over the pixels of float32[B,H,W,C], an array or what reads as one, with their shape.

    Args:
        images: Read some megabytes at a time.
        first: As of an array of so many of the first images; None: of all.
    """
    count = len(images) if first is None else min(first, len(images))
    digest = hashlib.sha256(f"{images.dtype}{(count, *images.shape[1:])}".encode())
    at_once = max(1, min(1024, _AT_ONCE // max(1, int(np.prod(images.shape[1:])))))
    for start in range(0, count, at_once):
        digest.update(np.ascontiguousarray(images[start : min(start + at_once, count)]).data)
    return digest.hexdigest()


def read_bytes(path: Path, limits: Limits = LIMITS) -> bytes:
    """Read a regular file whole; one that is missing, locked, a pipe, a device or too large is refused by its name."""
    require_regular_file(path, limits)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"Expected a file at '{path}'. Received '{error.strerror}'. Check the path and its permissions."
        ) from error


def fingerprint(path: Path, raw: bytes) -> tuple[str, str]:
    """Return the file's name and the SHA-256 of its bytes, as hex."""
    return path.name, hashlib.sha256(raw).hexdigest()
