"""Pictures as vectors whose products are normalised correlations, little moved by a shift, a blur or another brightness.

Grey pictures of at most 32 pixels a side. On a plain ground (most of the border of most pictures is of one value) they are
rolled until the centre of what is not ground lies in the middle; photos have no such ground and stay. Then blurred by one
pixel, their mean taken off, and scaled to length 1.
"""

from __future__ import annotations

import numpy as np

from ..datasets.neighbours import reduced
from ..opencv import opencv

_PLAIN = 0.5  # share of the border within the tolerance of its median, and share of the pictures that are like that
_TOLERANCE = 0.05  # of the range of the pixels
_BLUR = 1.0  # pixels, standard deviation


def small_grey(pictures: np.ndarray) -> np.ndarray:
    """Pictures float32[B,H,W,C] as float32[B,h,w], at most 32 pixels a side, grey by the mean of their channels."""
    return reduced(pictures).mean(axis=3)


def has_plain_ground(grey: np.ndarray) -> bool:
    """Whether most pictures float32[B,h,w] stand on a ground of one value."""
    border = _border(grey)
    tolerance = _TOLERANCE * (float(grey.max()) - float(grey.min()))
    near = np.abs(border - np.median(border, axis=1, keepdims=True)) <= tolerance
    return bool((near.mean(axis=1) >= _PLAIN).mean() >= _PLAIN)


def picture_vectors(grey: np.ndarray, *, centred: bool) -> np.ndarray:
    """float32[B,D] of length 1; zeros for a picture of one value.

    Args:
        grey: float32[B,h,w].
        centred: whether the centre of the ink is rolled into the middle first.
    """
    cv2 = opencv()
    placed = ink_centred(grey) if centred else grey
    smooth = np.stack([cv2.GaussianBlur(each, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE) for each in placed])
    rows = smooth.reshape(len(grey), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    least = 1e-4 * np.sqrt(rows.shape[1]) * max(float(np.abs(grey).max()), 1e-12)
    return np.where(lengths > least, rows / np.maximum(lengths, 1e-30), 0).astype(np.float32)


def ink_centred(grey: np.ndarray) -> np.ndarray:
    """The pictures rolled by whole pixels until the centre of what differs from the ground lies in the middle."""
    ink = np.abs(grey - np.median(_border(grey), axis=1)[:, np.newaxis, np.newaxis])
    rolled = np.empty_like(grey)
    for number, (picture, strength) in enumerate(zip(grey, ink, strict=True)):
        rolled[number] = np.roll(picture, (_off(strength.sum(axis=1)), _off(strength.sum(axis=0))), axis=(0, 1))
    return rolled


def _off(line: np.ndarray) -> int:
    """How many places the centre of a line of values is from the middle; the line is a ring, as pictures are rolled."""
    turn = complex(line @ np.exp(2j * np.pi * np.arange(len(line)) / len(line)))
    if abs(turn) <= 1e-9 * float(line.sum()):
        return 0
    return round((len(line) - 1) / 2 - float(np.angle(turn)) % (2 * np.pi) * len(line) / (2 * np.pi))


def _border(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], axis=1)
