"""Whether images fit a model: its input's size and channels, and the pixel range that its own rescaling tells of.

Images are made to fit only where that was asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .dataset import Dataset

InputShape = tuple[int | None, int | None, int | None]  # (H, W, C); None: any


def fits(dataset: Dataset, model_input: InputShape) -> bool:
    """Whether the images have the model's height, width and channels, where it fixes them."""
    have = dataset.images.shape[1:]
    return all(wanted is None or wanted == got for wanted, got in zip(model_input, have, strict=True))


def require_fit(dataset: Dataset, model_input: InputShape) -> Dataset:
    """Return the data as they are if they fit; a ValueError says what the model wants and what came."""
    if not fits(dataset, model_input):
        raise ValueError(
            f"Expected images of {describe(model_input)}, as the model wants, got "
            f"{describe(dataset.images.shape[1:])} from '{dataset.source}'. "
            "Pass --resize (resize=True) to match size and channels, or choose data of that shape."
        )
    return dataset


def resized_to_fit(dataset: Dataset, model_input: InputShape) -> Dataset:
    """Return the data with the model's channels (grey or RGB), height and width; what it leaves open stays."""
    if fits(dataset, model_input):
        return dataset
    height, width, channels = dataset.images.shape[1:]
    wanted_height, wanted_width, wanted_channels = model_input
    converted = dataset.with_channels(wanted_channels or channels)
    return converted.resized(wanted_height or height, wanted_width or width)


def describe(shape: InputShape) -> str:
    """Return a shape in words: '96x96 with 3 channels (RGB)'."""
    height, width, channels = ("any" if axis is None else str(axis) for axis in shape)
    color = {"1": " (grey)", "3": " (RGB)"}.get(channels, "")
    return f"{height}x{width} with {channels} channel{'' if channels == '1' else 's'}{color}"


_SMALLEST = 0.05  # of a unit: images that differ by less, once rescaled, all look alike to the layers behind
_LARGEST = 20.0  # units: images that reach further, once rescaled, are far outside of what networks are trained on
_RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0)}  # what --scale may be told to be
_UNITS_KEPT = {  # layers behind which the pixels are in the units that they were in before
    *("InputLayer", "Resizing", "CenterCrop", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Concatenate"),
    *("Reshape", "Flatten", "Permute", "Identity", "Dropout", "MaxPooling2D", "AveragePooling2D"),
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop"),
}


def warn_of_range(model: Any, dataset: Dataset) -> None:
    """Warn where the `Rescaling` layers that the model begins with show that it takes pixels of another range.

    A `Rescaling(1/255)` takes 0 to 255: images from 0 to 1 come out of it as nearly black, and nothing would say so.
    Several in a row count as one: `Rescaling(255)` before a base with a `Rescaling(1/255)` of its own takes 0 to 1.
    Silent where the images have the range already that their span speaks for.
    """
    scale = first_scale(model)
    if scale is None:
        return
    low, high = float(dataset.images.min()), float(dataset.images.max())
    span = scale * (high - low)
    wanted = "0-255" if span < _SMALLEST else "0-1"
    if _SMALLEST <= span <= _LARGEST or dataset.value_range == _RANGES[wanted]:
        return
    warnings.warn(
        f"The model rescales its input by {scale:.3g}, but the images seen range from {low:g} to {high:g}. "
        f"Pass --scale {wanted} if it was trained on that range.",
        stacklevel=2,
    )


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
