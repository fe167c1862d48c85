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
_TOGETHER = 64  # pictures that are blurred at a time; OpenCV 5 takes at most 128 channels


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
    rows = _blurred(ink_centred(grey) if centred else grey).reshape(len(grey), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    least = 1e-4 * np.sqrt(rows.shape[1]) * max(float(np.abs(grey).max()), 1e-12)
    return np.where(lengths > least, rows / np.maximum(lengths, 1e-30), 0).astype(np.float32)


def mirrored_vectors(grey: np.ndarray, vectors: np.ndarray, *, centred: bool) -> np.ndarray:
    """The vectors of the pictures mirrored: the `vectors` float32[B,D] of the pictures as they are, mirrored.

    A picture whose mirrored one is rolled by another whole pixel, where its centre lies between two, is made anew.
    """
    height, width = grey.shape[1:]
    flipped = np.array(vectors.reshape(-1, height, width)[:, :, ::-1], order="C")
    mirrored = flipped.reshape(vectors.shape)
    if centred:
        ink = _ink(grey)
        (down, right), (down_too, left) = _steps(ink), _steps(ink[:, :, ::-1])
        other = np.flatnonzero((down != down_too) | ((right + left) % width != 0))
        if len(other):
            mirrored[other] = picture_vectors(grey[other][:, :, ::-1], centred=True)
    return mirrored


def ink_centred(grey: np.ndarray) -> np.ndarray:
    """The pictures rolled by whole pixels until the centre of what differs from the ground lies in the middle."""
    height, width = grey.shape[1:]
    down, right = _steps(_ink(grey))
    rows = (np.arange(height) - down[:, np.newaxis]) % height
    columns = (np.arange(width) - right[:, np.newaxis]) % width
    every = np.arange(len(grey))[:, np.newaxis, np.newaxis]
    return grey[every, rows[:, :, np.newaxis], columns[:, np.newaxis]]


def _ink(grey: np.ndarray) -> np.ndarray:
    """What differs from the ground, float32[B,h,w]."""
    return np.abs(grey - np.median(_border(grey), axis=1)[:, np.newaxis, np.newaxis])


def _steps(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64[B] each: the pixels that a picture is rolled by, down and to the right."""
    height, width = ink.shape[1:]
    return _off(ink.sum(axis=2)) % height, _off(ink.sum(axis=1)) % width


def _off(lines: np.ndarray) -> np.ndarray:
    """int64[B]: how far the centre of each line of values [B,n] is from the middle; a line is a ring, as pictures are rolled."""
    places = lines.shape[1]
    turns = lines @ np.exp(2j * np.pi * np.arange(places) / places)
    centres = np.angle(turns) % (2 * np.pi) * places / (2 * np.pi)
    is_plain = np.abs(turns) <= 1e-9 * lines.sum(axis=1)
    return np.where(is_plain, 0, np.rint((places - 1) / 2 - centres)).astype(np.int64)


def _blurred(grey: np.ndarray) -> np.ndarray:
    """Each picture blurred; some go through OpenCV at a time, as channels of one."""
    cv2 = opencv()
    blurred = np.empty(grey.shape, np.float32)
    for start in range(0, len(grey), _TOGETHER):
        channels = np.ascontiguousarray(grey[start : start + _TOGETHER].transpose(1, 2, 0), np.float32)
        smooth = cv2.GaussianBlur(channels, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE)
        blurred[start : start + _TOGETHER] = smooth.reshape(channels.shape).transpose(2, 0, 1)
    return blurred


def _border(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], axis=1)
