"""Whether images are in the pixel range that a model takes: as its own rescaling tells, or as a trial shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .dataset import Dataset

_SMALLEST = 0.05  # of a unit: images that differ by less, once rescaled, all look alike to the layers behind
_LARGEST = 20.0  # units: images that reach further, once rescaled, are far outside of what networks are trained on
_TRIED = 32  # images that a model without a Rescaling is tried on
_FAR_BETTER = 0.75  # of the loss by chance: a model in the wrong range stays near chance
_RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0)}  # what --scale may be told to be
_UNITS_KEPT = {  # layers behind which the pixels are in the units that they were in before
    *("InputLayer", "Resizing", "CenterCrop", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Concatenate"),
    *("Reshape", "Flatten", "Permute", "Identity", "Dropout", "MaxPooling2D", "AveragePooling2D"),
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop"),
}


def warn_of_range(model: Any, dataset: Dataset) -> None:
    """Warn where `range_remark` has something to say."""
    remark = range_remark(model, dataset)
    if remark is not None:
        warnings.warn(remark, stacklevel=3)


def range_remark(model: Any, dataset: Dataset) -> str | None:
    """What is wrong where the `Rescaling` layers that the model begins with show that it takes pixels of another range.

    A `Rescaling(1/255)` takes 0 to 255: images from 0 to 1 come out of it as nearly black, and nothing would say so.
    Several in a row count as one: `Rescaling(255)` before a base with a `Rescaling(1/255)` of its own takes 0 to 1.
    None where the images have the range already that their span speaks for. A model without a `Rescaling` that is given
    more than 20 is tried: where it is right about the same images from 0 to 1, that is the range that it takes.
    """
    scale = first_scale(model)
    if scale is None:
        return _remark_of_trial(model, dataset)
    low, high = float(dataset.images.min()), float(dataset.images.max())
    span = scale * (high - low)
    wanted = "0-255" if span < _SMALLEST else "0-1"
    if _SMALLEST <= span <= _LARGEST or dataset.value_range == _RANGES[wanted]:
        return None
    return (
        f"The model rescales its input by {scale:.3g}, but the images seen range from {low:g} to {high:g}. "
        f"Pass --scale {wanted} if it was trained on that range."
    )


def _remark_of_trial(model: Any, dataset: Dataset) -> str | None:
    low, high = float(dataset.images.min()), float(dataset.images.max())
    if low < 0 or high <= _LARGEST:
        return None
    tried = np.unique(np.linspace(0, len(dataset) - 1, _TRIED).astype(int))
    answers = np.asarray(model(dataset.images[tried] / np.float32(255), training=False), np.float64)
    if answers.ndim != 2 or answers.shape[1] != len(dataset.class_names):
        return None
    loss, chance = _loss(answers, dataset.labels[tried]), np.log(len(dataset.class_names))
    if loss > _FAR_BETTER * chance:
        return None
    return (
        f"The images seen range from {low:g} to {high:g}, but the model, which rescales nothing, is right about them from 0 "
        f"to 1: there its loss is {loss:.2f} on {len(tried)} of them, by chance {chance:.2f}. Divide the images by 255 "
        f"(--scale 0-1)."
    )


def _loss(answers: np.ndarray, labels: np.ndarray) -> float:
    """Cross-entropy of probabilities, or of logits where the answers are none."""
    if answers.min() < 0 or answers.max() > 1:
        powers = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers = powers / powers.sum(axis=1, keepdims=True)
    return float(-np.log(np.maximum(answers[np.arange(len(labels)), labels], 1e-7)).mean())


def first_scale(model: Any) -> float | None:
    """What the pixels are multiplied by before the first layer that computes anything else; None: by nothing.

    Layers count in the model's order, those of nested models in their place.
    """
    scales = []
    for layer in _in_order(model):
        kind = type(layer).__name__
        if kind == "Rescaling":
            scales.append(float(np.abs(np.asarray(layer.scale)).max()))
        elif kind not in _UNITS_KEPT:
            break
    return float(np.prod(scales)) if scales else None


def _in_order(model: Any) -> Iterator[Any]:
    """Every layer and operation that has none inside, in the order in which they run."""
    inside = getattr(model, "operations", None)  # of a functional model: the layers and, between them, its arithmetic
    if not isinstance(inside, list):
        inside = model._flatten_layers(include_self=False, recursive=False) if hasattr(model, "_flatten_layers") else ()
    inside = list(inside)
    if not inside:
        yield model
    for layer in inside:
        yield from _in_order(layer)
