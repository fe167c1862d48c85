"""Whether images are in the pixel range that a model takes: as its own rescaling tells, or as a trial shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .dataset import Dataset
from .lazy_images import LazyImages
from .range_trial import RANGES, answers_of, cross_entropy

_SMALLEST = 0.05  # of a unit: images that differ by less, once rescaled, all look alike to the layers behind
_LARGEST = 20.0  # units: images that reach further, once rescaled, are far outside of what networks are trained on
_TRIED = 32  # images that a model without a Rescaling is tried on
_FAR_BETTER = 0.75  # of the loss by chance: a model in the wrong range stays near chance
_RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0)}  # what --scale may be told to be
_FAR = 2.0  # standard deviations that the images' mean may lie from the one that a layer states
_WIDTHS = (0.2, 5.0)  # of the stated standard deviation: what the images' own may be
_LOOKED_AT = 64  # images that are looked at where all would have to be read from the disk
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
    None where the images have the range already that their span speaks for. A `Normalization` or `BatchNormalization` in
    front tells the range by the mean and deviation that it was adapted to. A model without a `Rescaling` that is given
    more than 20 is tried: where it is right about the same images from 0 to 1, that is the range that it takes.
    """
    if dataset.preparation.preprocessing is not None:
        return None
    scale = first_scale(model)
    low, high = _seen_limits(dataset)
    if scale is None:
        return _remark_of_statistics(model, dataset) or _remark_of_trial(model, dataset, low, high)
    span = scale * (high - low)
    wanted = "0-255" if span < _SMALLEST else "0-1"
    if _SMALLEST <= span <= _LARGEST or dataset.value_range == _RANGES[wanted]:
        return None
    return (
        f"The model rescales its input by {scale:.3g}, but the images seen range from {low:g} to {high:g}. "
        f"Pass --scale {wanted} if it was trained on that range."
    )


def _remark_of_statistics(model: Any, dataset: Dataset) -> str | None:
    wanted = stated_range(model, dataset)
    if wanted is None or dataset.value_range == RANGES[wanted]:
        return None
    if dataset.value_range not in RANGES.values():
        return None
    mean, deviation = first_statistics(model) or (0.0, 1.0)
    low, high = dataset.value_range
    return (
        f"The model normalises its input by a mean of {mean:.4g} and a deviation of {deviation:.4g}, which are those of pixels "
        f"of another range than {low:g} to {high:g}. Pass --scale {wanted}: in it the images have about this mean."
    )


def _remark_of_trial(model: Any, dataset: Dataset, low: float, high: float) -> str | None:
    if low < 0 or high <= _LARGEST:
        return None
    tried = np.unique(np.linspace(0, len(dataset) - 1, _TRIED).astype(int))
    answers = answers_of(model, dataset.images[tried] / np.float32(255))
    losses = None if answers is None else cross_entropy(answers, dataset.labels[tried], len(dataset.class_names))
    loss = None if losses is None else float(losses.mean())
    chance = float(np.log(len(dataset.class_names))) if len(dataset.class_names) > 1 else 0.0
    if loss is None or loss > _FAR_BETTER * chance:
        return None
    return (
        f"The images seen range from {low:g} to {high:g}, but the model, which rescales nothing, is right about them from 0 "
        f"to 1: there its loss is {loss:.2f} on {len(tried)} of them, by chance {chance:.2f}. Divide the images by 255 "
        f"(--scale 0-1)."
    )


def _seen_limits(dataset: Dataset) -> tuple[float, float]:
    """The least and largest value; of images that are read when looked at, of the first ones."""
    some = dataset.images[:_LOOKED_AT] if isinstance(dataset.images, LazyImages) else dataset.images
    return float(some.min()), float(some.max())


def units_kept(kind: str) -> bool:
    """Whether pixels behind a layer of this kind are in the units that they were in before."""
    return kind in _UNITS_KEPT


def first_scale(model: Any) -> float | None:
    """What the pixels are multiplied by before the first layer that computes anything else; None: by nothing.

    Layers count in the model's order, those of nested models in their place.
    """
    scales = []
    for layer in in_order(model):
        kind = type(layer).__name__
        if kind == "Rescaling":
            scales.append(float(np.abs(np.asarray(layer.scale)).max()))
        elif kind not in _UNITS_KEPT:
            break
    return float(np.prod(scales)) if scales else None


def in_order(model: Any) -> Iterator[Any]:
    """Every layer and operation that has none inside, in the order in which they run."""
    inside = getattr(model, "operations", None)  # of a functional model: the layers and, between them, its arithmetic
    if not isinstance(inside, list):
        inside = model._flatten_layers(include_self=False, recursive=False) if hasattr(model, "_flatten_layers") else ()
    inside = list(inside)
    if not inside:
        yield model
    for layer in inside:
        yield from in_order(layer)


def stated_range(model: Any, dataset: Dataset) -> str | None:
    """The range that a `Normalization` or `BatchNormalization` in front was adapted to, as the images' own mean tells.

    Args:
        model: a Keras model.
        dataset: images in any of RANGES.

    Returns:
        The one of RANGES in which the images have about the mean and deviation that the layer states; None where there is
        no such layer, or no range fits.
    """
    stated = first_statistics(model)
    if stated is None:
        return None
    mean, deviation = stated
    some = np.asarray(dataset.shown[: min(len(dataset), 256)], np.float64)
    black, white = dataset.shown_range
    unit = (some - black) / (white - black)
    fitting = {}
    for name, (low, high) in RANGES.items():
        own_mean, own_deviation = low + unit.mean() * (high - low), unit.std() * (high - low)
        away = abs(own_mean - mean) / deviation
        if away <= _FAR and _WIDTHS[0] <= own_deviation / deviation <= _WIDTHS[1]:
            fitting[name] = away + abs(np.log(own_deviation / deviation))
    return min(fitting, key=fitting.__getitem__) if fitting else None


def first_statistics(model: Any) -> tuple[float, float] | None:
    """(mean, standard deviation) of the pixels that the first layer was adapted to, averaged over channels; None: no such."""
    for layer in in_order(model):
        kind = type(layer).__name__
        if kind in ("Normalization", "BatchNormalization"):
            mean, variance = (
                _weight(layer, name) for name in (("mean", "moving_mean"), ("variance", "moving_variance"))
            )
            if mean is None or variance is None or variance <= 0:
                return None
            untouched = kind == "BatchNormalization" and mean == 0 and variance == 1
            return None if untouched or getattr(layer, "invert", False) else (mean, float(np.sqrt(variance)))
        if not units_kept(kind):
            return None
    return None


def _weight(layer: Any, names: tuple[str, str]) -> float | None:
    for name in names:
        value = getattr(layer, name, None)
        if value is not None:
            return float(np.mean(np.asarray(value)))
    return None


def states_its_range(model: Any) -> bool:
    """Whether the first layers tell the range, so that none has to be assumed."""
    return first_scale(model) is not None or first_statistics(model) is not None


def assumed_range(model: Any, dataset: Dataset) -> str:
    """The range to assume where nobody names one: as the first layers tell by their numbers, else 0 to 1."""
    scale = first_scale(model)
    if scale is not None and scale < _SMALLEST:
        return "0-255"
    return stated_range(model, dataset) or "0-1"
