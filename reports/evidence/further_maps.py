"""Maps of the mistakes by the methods that were asked for, beside those that every report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret.methods.catalogue import KnownMethod
from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.datasets.resizing import resize_images


@dataclass(frozen=True, eq=False)
class FurtherMaps:
    """One method's maps of the explained mistakes, each for the predicted class."""

    known: KnownMethod
    values: np.ndarray  # float32[N,h,w], in `known.unit`; those larger than the pictures are averaged down to them


def further_maps(
    known: KnownMethod,
    model: Any,
    dataset: Dataset,
    numbers: np.ndarray,
    classes: np.ndarray,
    *,
    cam_layer: str,
    size: tuple[int, int],
    batch_size: int,
    progress: Progress = False,
) -> FurtherMaps:
    """The method's maps of the images of these numbers.

    Args:
        known: The method.
        model: A Keras model.
        dataset: Images in the range that the model takes.
        numbers: int64[N], of the images.
        classes: int64[N], the class explained of each.
        cam_layer: Where it looks, if it looks at a layer.
        size: (height, width) that maps are drawn at.
        batch_size: Images at a time.
        progress: Told of images done.

    Raises:
        ValueError: The model refuses the method; the message says why.
    """
    method = known.make(model, cam_layer, min(dataset.images.shape[1:3]))
    parts = []
    for start in range(0, len(numbers), batch_size):
        rows = slice(start, start + batch_size)
        parts.append(at_most(np.asarray(method(dataset.images[numbers[rows]], classes[rows])), size))
        if callable(progress):
            progress("images", min(start + batch_size, len(numbers)), len(numbers))
    return FurtherMaps(known, np.concatenate(parts) if parts else np.zeros((0, 1, 1), np.float32))


def chosen_beside(methods: Sequence[KnownMethod], shown: Sequence[str]) -> list[KnownMethod]:
    """The methods that are not shown anyway, each once."""
    return list({known.name: known for known in methods if known.name not in shown}.values())


def at_most(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Maps float32[N,h,w], averaged down where they are larger than (height, width)."""
    if maps.shape[1] <= size[0] and maps.shape[2] <= size[1]:
        return maps.astype(np.float32, copy=False)
    return resize_images(maps[..., np.newaxis], *size)[..., 0]
