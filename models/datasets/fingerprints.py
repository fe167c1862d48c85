"""Fingerprints of images and files: whether figures measured elsewhere are of the same things."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..file_limits import LIMITS, Limits, require_regular_file
from .image_store import parts_of


def images_fingerprint(images: Any) -> str:
    """SHA-256 over the pixels of float32[B,H,W,C], an array or what reads as one, with their shape."""
    digest = hashlib.sha256(f"{images.dtype}{images.shape}".encode())
    for part in parts_of(images, 1024):
        digest.update(np.ascontiguousarray(part).data)
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
