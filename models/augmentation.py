"""Random changes of training images that leave their class as it is.

Each step takes images float32[B,H,W,C] and a generator and returns new images; nothing is changed in place.
Random erasing: Zhong, Zheng, Kang, Li, Yang, 2017, arXiv:1708.04896; here every rectangle lies wholly
inside the image and is filled with uniform noise.
"""

from collections.abc import Sequence

import numpy as np

REACH = 2  # pixels: how far an image is shifted at most
ERASED = (0.1, 0.4)  # share of an image's height, and of its width, that a rectangle covers


def augment(images: np.ndarray, steps: Sequence[str], random: np.random.Generator) -> np.ndarray:
    """Apply the named steps, one after the other.

    Args:
        images: float32[B,H,W,C], in [0, 1].
        steps: of 'shift', 'flip', 'erase'; each image gets its own draw.
        random: where the draws come from.

    Returns:
        float32[B,H,W,C], in [0, 1].

    Example:
        >>> augment(np.ones((1, 8, 8, 1), np.float32), [], np.random.default_rng(0)).min()
        np.float32(1.0)
    """
    known = {"shift": shift, "flip": flip, "erase": erase}
    for step in steps:
        images = known[step](images, random)
    return images


def shift(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Move each image by up to `REACH` pixels along both axes; what comes in is zero."""
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (REACH, REACH), (REACH, REACH), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))  # B, y, x, C, H, W
    down, right = random.integers(0, 2 * REACH + 1, (2, count))
    return np.moveaxis(windows[np.arange(count), down, right], 1, -1)


def flip(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mirror each image, left to right, with probability one half."""
    mirrored = random.random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)


def erase(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Put a rectangle of noise over each image with probability one half."""
    count, height, width, _ = images.shape
    chosen = random.random(count) < 0.5
    rows = _span(height, count, random)
    columns = _span(width, count, random)
    covered = chosen[:, None, None] & rows[:, :, None] & columns[:, None, :]
    noise = random.random(images.shape, dtype=np.float32)
    return np.where(covered[..., None], noise, images)


def _span(length: int, count: int, random: np.random.Generator) -> np.ndarray:
    """bool[count, length]: a random stretch of each row, between the two shares of `ERASED` long."""
    sizes = np.maximum(1, np.round(length * random.uniform(*ERASED, count))).astype(int)
    starts = (random.random(count) * (length - sizes + 1)).astype(int)
    positions = np.arange(length)
    return (positions >= starts[:, None]) & (positions < (starts + sizes)[:, None])
