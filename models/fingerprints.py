"""Fingerprints of weights and of images: whether figures that were measured elsewhere are of the same things."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def weights_fingerprint(model: Any) -> str:
    """SHA-256 over the values of all weights, in the model's order, with their shapes.

    Args:
        model: a built Keras model.
    """
    return _digest(np.asarray(weight) for weight in model.get_weights())


def images_fingerprint(images: np.ndarray) -> str:
    """SHA-256 over the pixels of float32[B,H,W,C], with their shape."""
    return _digest([images])


def _digest(arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
