"""The fingerprint of a model's weights: whether a card, or figures measured elsewhere, are of the same model."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def weights_fingerprint(model: Any) -> str:
    """SHA-256 over the values of all weights, in the model's order, with their shapes; then those of inputs that are held.

    Args:
        model: a built Keras model.
    """
    held = [layer.held_value for layer in model.layers if hasattr(layer, "held_value")]
    digest = hashlib.sha256()
    for array in [*map(np.asarray, model.get_weights()), *held]:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
