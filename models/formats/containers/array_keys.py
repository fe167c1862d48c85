"""Which of the arrays in a file are the images and the labels: by their names, by their shapes, or as asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..reading import Reading

KEY_PAIRS = (("images", "labels"), ("x_test", "y_test"), ("x", "y"), ("data", "target"), ("data", "labels"))
KEY_PAIRS += (("features", "labels"), ("features", "target"), ("image", "label"))
SPLIT_PAIRS = (("{}_images", "{}_labels"), ("x_{}", "y_{}"), ("{}_x", "{}_y"), ("{}/images", "{}/labels"))
NAME_KEYS = ("class_names", "label_names", "target_names")
_SPLITS = ("test", "val", "train", "valid", "validation")  # the first that is there is taken


def named_classes(names: np.ndarray | None, labels: np.ndarray) -> tuple[str, ...] | None:
    """Class names that a file keeps beside its labels, where there is one for each."""
    if names is None or names.ndim != 1 or names.dtype.kind not in "US" or labels.dtype.kind not in "ui":
        return None
    texts = tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names.tolist())
    return texts if labels.ndim == 1 and labels.size and labels.min() >= 0 and labels.max() < len(texts) else None


def chosen_keys(
    shapes: Mapping[str, tuple[int, ...]], path: Path, reading: Reading
) -> tuple[str, str, tuple[str, ...]]:
    """The names of the arrays of images and labels, and what was assumed; asked for where it is unclear."""
    listed = ", ".join(f"{key} {list(shape)}" for key, shape in shapes.items()) or "none"
    for option, key in (("--images-key", reading.images_key), ("--labels-key", reading.labels_key)):
        if key is not None and key not in shapes:
            raise ValueError(f"Expected {option} to name an array in '{path}'. Received '{key}'; it has {listed}.")
    if reading.images_key and reading.labels_key:
        return reading.images_key, reading.labels_key, ()
    lowered = {key.lower(): key for key in shapes}
    splits = [reading.split] if reading.split else [None, *_SPLITS]
    for split in splits:
        pairs = KEY_PAIRS if split is None else [tuple(part.format(split) for part in pair) for pair in SPLIT_PAIRS]
        pair = next((pair for pair in pairs if set(pair) <= lowered.keys()), None)
        if pair is not None:
            images, labels = reading.images_key or lowered[pair[0]], reading.labels_key or lowered[pair[1]]
            others = (
                [key for key in shapes if key.lower().endswith(pair[0].split(split)[-1]) and key != images]
                if split
                else []
            )
            note = f"Of '{path}' the split '{split}' is read ({images}); --split chooses another."
            return images, labels, (note,) if split and others and reading.split is None else ()
    found = None if reading.split else _keys_by_shape(shapes, reading)
    if found is None:
        raise ValueError(
            f"Expected the arrays images and labels (or x_test and y_test, or x and y) in '{path}'. Received "
            f"{listed}. Name them with --images-key and --labels-key (or a split with --split), or save with "
            "np.savez(path, images=..., labels=...)."
        )
    return *found, (
        f"Of '{path}' the array {found[0]} is taken as the images and {found[1]} as the labels, by their shapes.",
    )


def images_alone(shapes: Mapping[str, tuple[int, ...]], reading: Reading) -> str | None:
    """The images of a file whose labels are not looked at: as asked for, the one array, or that of the usual name; else None."""
    if reading.images_key in shapes:
        return reading.images_key
    lowered = {key.lower(): key for key in shapes}
    if len(shapes) == 1:
        return next(iter(shapes))
    return lowered.get("images") if reading.images_key is None and "labels" not in lowered else None


def _keys_by_shape(shapes: Mapping[str, tuple[int, ...]], reading: Reading) -> tuple[str, str] | None:
    images = [key for key, shape in shapes.items() if len(shape) in (3, 4)]
    images = images or [key for key, shape in shapes.items() if len(shape) == 2 and shape[1] >= 16]
    images = [reading.images_key] if reading.images_key else images
    if len(images) != 1:
        return None
    counts = {shapes[images[0]][0], shapes[images[0]][-1]}
    labels = [
        key for key, shape in shapes.items() if key not in images and 1 <= len(shape) <= 2 and counts & set(shape)
    ]
    labels = [reading.labels_key] if reading.labels_key else labels
    return (images[0], labels[0]) if len(labels) == 1 else None
