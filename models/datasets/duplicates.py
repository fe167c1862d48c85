"""Images that are equal in every pixel, within one split and across two: found by a hash of their bytes.

A hash of 128 bits (BLAKE2b) stands for each image, so that 70,000 images cost one reading of their bytes and no
comparison of pairs; two different ones share a hash with a probability below 1e-28.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np

_LARGE = 10_000  # numbers of an image, from which on they are looked at before they are hashed


def equal_images(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Groups of images that equal each other.

    Args:
        images: [B,H,W,C].

    Returns:
        int64[2 or more] each, numbers of the images of a group, rising; groups by their first image.

    Example:
        >>> equal_images(np.array([5, 7, 5]).reshape(3, 1, 1, 1))
        (array([0, 2]),)
    """
    return equal_contents(contents(images))


def contents(images: np.ndarray) -> list[bytes]:
    """What stands for each image: equal for equal images, else different."""
    return [blake2b(_bytes_of(image), digest_size=16).digest() for image in images]


def _bytes_of(image: np.ndarray) -> Any:
    """The image; a large one of whole numbers from 0 to 255, as photos are, as a byte for each: a quarter to be hashed."""
    if image.size < _LARGE or image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    with np.errstate(invalid="ignore"):  # what is no byte differs from what is made of it
        stored = image.astype(np.uint8)
    return np.ascontiguousarray(stored if np.array_equal(stored, image) else image)


def equal_contents(found: Iterable[bytes]) -> tuple[np.ndarray, ...]:
    """Groups of equal images, as `equal_images` gives them, from what stands for each image in order."""
    return tuple(np.array(group) for group in _numbers_of(found).values() if len(group) > 1)


def shared_images(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Images of one split that are in another one too.

    Args:
        first: [A,H,W,C], such as the training images.
        second: [B,H,W,C] of the same type and range of values, such as the test images.

    Returns:
        int64[N,2]: (number in the first, number in the second) for each image of the second that the first has; where
        the first has it several times, its first number.

    Example:
        >>> shared_images(np.zeros((2, 1, 1, 1)), np.zeros((1, 1, 1, 1))).tolist()
        [[0, 0]]
    """
    if first.dtype != second.dtype:
        raise ValueError(
            f"Expected two splits of one type. Received {first.dtype} and {second.dtype}. Convert one with astype."
        )
    if first.shape[1:] != second.shape[1:]:
        return np.zeros((0, 2), np.int64)
    known = _by_content(first)
    pairs = [
        (known[content][0], other)
        for content, group in _by_content(second).items()
        if content in known
        for other in group
    ]
    return np.array(sorted(pairs, key=lambda pair: pair[1]), np.int64).reshape(-1, 2)


def _by_content(images: np.ndarray) -> dict[bytes, list[int]]:
    """The numbers of the images of each content, in order."""
    return _numbers_of(contents(images))


def _numbers_of(found: Iterable[bytes]) -> dict[bytes, list[int]]:
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for number, content in enumerate(found):
        groups[content].append(number)
    return groups
