"""Fingerprints of weights, images and files: whether figures measured elsewhere are of the same things."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..file_limits import LIMITS, Limits, require_regular_file
from .lazy_images import LazyImages


def weights_fingerprint(model: Any) -> str:
    """SHA-256 over the values of all weights, in the model's order, with their shapes.

    Args:
        model: a built Keras model.
    """
    return _digest(np.asarray(weight) for weight in model.get_weights())


def images_fingerprint(images: np.ndarray) -> str:
    """SHA-256 over the pixels of float32[B,H,W,C], with their shape; of images on the disk some at a time."""
    if not isinstance(images, LazyImages):
        return _digest([images])
    digest = hashlib.sha256(f"{images.dtype}{images.shape}".encode())
    for block in images.blocks():
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def _digest(arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_bytes(path: Path, limits: Limits = LIMITS) -> bytes:
    """Read a regular file whole; one that is missing, locked, a pipe, a device or too large is refused by its name."""
    require_regular_file(path, limits)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"Expected a file at '{path}', got '{error.strerror}'. Check the path and its permissions."
        ) from error


def fingerprint(path: Path, raw: bytes) -> tuple[str, str]:
    """Return the file's name and the SHA-256 of its bytes, as hex."""
    return path.name, hashlib.sha256(raw).hexdigest()
