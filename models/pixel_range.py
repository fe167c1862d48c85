"""Whether the images are in the range that a model takes, as far as its own rescaling tells."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .datasets import Dataset

_SMALLEST = 0.05  # of a unit: images that differ by less, once rescaled, all look alike to the layers behind
_LARGEST = 20.0  # units: images that reach further, once rescaled, are far outside of what networks are trained on


def warn_of_range(model: Any, dataset: Dataset) -> None:
    """Warn where the model's own `Rescaling` layer shows that it takes pixels of another range.

    A `Rescaling(1/255)` takes 0 to 255: images from 0 to 1 come out of it as nearly black, and nothing would say so.
    """
    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else ()
    scales = [np.abs(np.asarray(layer.scale)).max() for layer in layers if type(layer).__name__ == "Rescaling"]
    if not scales:
        return
    low, high = float(dataset.images.min()), float(dataset.images.max())
    span = float(scales[0]) * (high - low)
    if _SMALLEST <= span <= _LARGEST:
        return
    wanted = "0-255" if span < _SMALLEST else "0-1"
    warnings.warn(
        f"The model rescales its input by {scales[0]:.3g}, but the images seen range from {low:g} to {high:g}. "
        f"Pass --scale {wanted} if it was trained on that range.",
        stacklevel=2,
    )
