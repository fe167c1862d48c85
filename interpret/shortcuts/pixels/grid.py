"""Pictures made small, so that thousands can be compared, and a source's pictures a part at a time.

A picture of more than 40 pixels a side is averaged over squares of whole pixels; smaller ones stay as they are. Values are
brought to 0..1 by the range of the pictures looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

SIDE = 40  # pixels of a small picture, at most
_AT_ONCE = 2_000_000  # pixels times channels: 13 photos of 224 x 224, of which several copies are made


def factor(height: int, width: int) -> int:
    """How many pixels of a picture make one of the small one.

    Example:
        >>> factor(28, 28), factor(224, 224)
        (1, 6)
    """
    return -(-max(height, width) // SIDE)


def small(images: np.ndarray) -> np.ndarray:
    """float32[n,h,w,C] of float32[n,H,W,C]: means over squares; pixels that fill no square are left out."""
    import cv2

    by = factor(*images.shape[1:3])
    if by == 1:
        return np.ascontiguousarray(images, np.float32)
    height, width = (size // by for size in images.shape[1:3])
    made = np.empty((len(images), height, width, images.shape[3]), np.float32)
    for place, image in enumerate(images):
        cut = np.ascontiguousarray(image[: height * by, : width * by], np.float32)
        made[place] = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA).reshape(made.shape[1:])
    return made


def enlarged(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """bool[H,W] of bool[h,w]: each pixel as the square that it was made of; what was left out, as its neighbour."""
    by = factor(height, width)
    rows, columns = (
        np.minimum(np.arange(size) // by, most - 1) for size, most in zip((height, width), mask.shape, strict=True)
    )
    return mask[np.ix_(rows, columns)]


def at_once(shape: tuple[int, ...]) -> int:
    """How many images of a shape [B,H,W,C] are read together."""
    return max(1, _AT_ONCE // max(1, int(np.prod(shape[1:]))))


def parts(images: Any, numbers: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(numbers, float32[n,H,W,C]) of chosen images, a part at a time."""
    size = at_once(images.shape)
    for start in range(0, len(numbers), size):
        chosen = numbers[start : start + size]
        yield chosen, np.asarray(images[chosen], np.float32)
