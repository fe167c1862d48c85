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
_TOGETHER = 64  # pictures that are looked at at a time; OpenCV 5 takes at most 128 channels


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
    return _vectors(grey, _steps(*_ink(grey)) if centred else None)


def mirrored_vectors(grey: np.ndarray, vectors: np.ndarray, *, centred: bool) -> np.ndarray:
    """The vectors of the pictures mirrored: the `vectors` float32[B,D] of the pictures as they are, mirrored.

    A picture whose mirrored one is rolled by another whole pixel, where its centre lies between two, is made anew.
    """
    return _mirrored(grey, vectors, _ink(grey) if centred else None)


def vectors_both_ways(grey: np.ndarray, *, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """The `picture_vectors` and the `mirrored_vectors` of pictures whose centres are looked for once."""
    ink = _ink(grey) if centred else None
    vectors = _vectors(grey, None if ink is None else _steps(*ink))
    return vectors, _mirrored(grey, vectors, ink)


Ink = tuple[
    np.ndarray, np.ndarray
]  # float32[B,h] and float32[B,w]: what differs from the ground in each row and column
Steps = tuple[np.ndarray, np.ndarray]  # int64[B] each: the pixels that a picture is rolled by, down and to the right


def _vectors(grey: np.ndarray, steps: Steps | None) -> np.ndarray:
    """The pictures rolled, blurred, around their mean and at length 1, some at a time: they stay in the processor's cache."""
    vectors = np.empty((len(grey), int(np.prod(grey.shape[1:]))), np.float32)
    least = 1e-4 * np.sqrt(vectors.shape[1]) * max(float(grey.max(initial=0)), -float(grey.min(initial=0)), 1e-12)
    for start in range(0, len(grey), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        rolled = grey[some] if steps is None else _rolled(grey[some], *(each[some] for each in steps))
        rows = _blurred(rolled).reshape(len(rolled), -1)
        rows = rows - rows.mean(axis=1, keepdims=True)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        vectors[some] = np.where(lengths > least, rows / np.maximum(lengths, 1e-30), 0)
    return vectors


def _mirrored(grey: np.ndarray, vectors: np.ndarray, ink: Ink | None) -> np.ndarray:
    height, width = grey.shape[1:]
    flipped = np.array(vectors.reshape(-1, height, width)[:, :, ::-1], order="C")
    mirrored = flipped.reshape(vectors.shape)
    if ink is not None:
        rows, columns = ink
        down, right = _steps(rows, columns)
        left = _steps(rows, columns[:, ::-1])[1]
        other = np.flatnonzero((right + left) % width != 0)
        mirrored[other] = _vectors(grey[other][:, :, ::-1], (down[other], left[other]))
    return mirrored


def ink_centred(grey: np.ndarray) -> np.ndarray:
    """The pictures rolled by whole pixels until the centre of what differs from the ground lies in the middle."""
    return _rolled(grey, *_steps(*_ink(grey)))


def _rolled(grey: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The pictures rolled by int64[B] pixels each way: windows of pictures that are laid beside themselves."""
    height, width = grey.shape[1:]
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([grey, grey], axis=2), width, axis=2)
    rows = (np.arange(height) - down[:, np.newaxis]) % height
    return windows[np.arange(len(grey))[:, np.newaxis], rows, (-right % width)[:, np.newaxis]]


def _ink(grey: np.ndarray) -> Ink:
    """How much differs from the ground, in each row and in each column."""
    height, width = grey.shape[1:]
    rows, columns = np.empty((len(grey), height), np.float32), np.empty((len(grey), width), np.float32)
    for start in range(0, len(grey), _TOGETHER):
        some = grey[start : start + _TOGETHER]
        ink = np.abs(some - np.median(_border(some), axis=1)[:, np.newaxis, np.newaxis])
        rows[start : start + _TOGETHER] = ink.sum(axis=2)
        columns[start : start + _TOGETHER] = ink.sum(axis=1)
    return rows, columns


def _steps(rows: np.ndarray, columns: np.ndarray) -> Steps:
    return _off(rows) % rows.shape[1], _off(columns) % columns.shape[1]


def _off(lines: np.ndarray) -> np.ndarray:
    """int64[B]: how far the centre of each line of values [B,n] is from the middle; a line is a ring, as pictures are rolled."""
    places = lines.shape[1]
    turns = lines @ np.exp(2j * np.pi * np.arange(places) / places)
    centres = np.angle(turns) % (2 * np.pi) * places / (2 * np.pi)
    is_plain = np.abs(turns) <= 1e-9 * lines.sum(axis=1)
    return np.where(is_plain, 0, np.rint((places - 1) / 2 - centres)).astype(np.int64)


def _blurred(grey: np.ndarray) -> np.ndarray:
    """At most 64 pictures blurred; they go through OpenCV as channels of one."""
    cv2 = opencv()
    channels = np.ascontiguousarray(grey.transpose(1, 2, 0), np.float32)
    smooth = cv2.GaussianBlur(channels, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(smooth.reshape(channels.shape).transpose(2, 0, 1))


def _border(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], axis=1)
