"""The data set's images as pictures on the page: colours a browser can show, at a size that fits."""

from __future__ import annotations

import numpy as np

from ...models.datasets.resizing import resize_images
from .colors import as_rgb

_NUMBERS = 1_250_000  # pixels times channels that are read at a time (5 MB): 8 photos of 224 x 224 x 3
MOST_PIXELS = 96  # a side; larger pictures are averaged down to it


def pictures(images: np.ndarray, value_range: tuple[float, float], most: int = MOST_PIXELS) -> np.ndarray:
    """Return uint8[B,h,w,3]: one channel as grey, two as their mean, of more than three the first three.

    Args:
        images: float32[B,H,W,C].
        value_range: (black, white).
        most: pixels a side, at most.
    """
    channels = images.shape[-1]
    shown = images.mean(axis=-1, keepdims=True) if channels == 2 else images[..., :3] if channels > 3 else images
    return as_rgb(shrunk(shown, most), value_range)


def pictures_at(
    images: np.ndarray, numbers: np.ndarray | list[int], value_range: tuple[float, float], most: int = MOST_PIXELS
) -> np.ndarray:
    """`pictures` of the images of these numbers, read some at a time, so that many large ones do not fill the memory."""
    size = max(1, _NUMBERS // max(1, int(np.prod(images.shape[1:]))))
    first = [numbers[start : start + size] for start in range(0, len(numbers), size)] or [numbers]
    return np.concatenate([pictures(images[some], value_range, most) for some in first])


def shrunk(images: np.ndarray, most: int = MOST_PIXELS) -> np.ndarray:
    """Return float32[B,h,w,C], averaged down where a side has more than `most` pixels, else as it is."""
    height, width = images.shape[1:3]
    scale = most / max(height, width)
    if scale >= 1:
        return images
    return resize_images(images.astype(np.float32), max(1, round(height * scale)), max(1, round(width * scale)))
