"""What can be said of a picture in a few numbers: how bright, how large, where, in which direction.

Of the brightness of each pixel (the mean over the channels), brought to 0..1 by the range of all pictures; the object is what
differs from the border's median.
"""

from __future__ import annotations

import numpy as np

from .pixels.grid import small

WORDS = {  # {attribute: what more of it and less of it are called}
    "brightness": ("brighter", "darker"),
    "contrast": ("of more contrast", "of less contrast"),
    "border": ("with a brighter border", "with a darker border"),
    "size": ("with a larger object", "with a smaller object"),
    "row": ("with the object lower", "with the object higher"),
    "column": ("with the object further right", "with the object further left"),
    "height": ("taller", "less tall"),
    "width": ("wider", "narrower"),
    "tilt": ("tilted to the left", "tilted to the right"),
    "sharpness": ("sharper", "more blurred"),
    "texture": ("of more texture", "smoother"),
    "horizontal lines": ("with more horizontal lines", "with fewer horizontal lines"),
    "upper half": ("with more in the upper half", "with more in the lower half"),
    "left half": ("with more in the left half", "with more in the right half"),
    "colour": ("more colourful", "less colourful"),
    "likeness": ("more like the mean of its class", "unlike the mean of its class"),
    "quarter turn": ("as if turned by 90 degrees", "less as if turned"),
    "half turn": ("as if turned by 180 degrees", "less as if turned"),
}
_SMALL = 1e-9
_TOGETHER = 256  # pictures: what is made of so many stays near the processor


def attributes_of(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float64[n,18]: the attributes of pictures, in the order of `WORDS`.

    Args:
        images: float32[n,H,W,C], all of them: the range is that of all.
        labels: int64[n], the class of each: its mean is what a picture is like or unlike.
    """
    pictures = small(images)
    low, high = float(pictures.min(initial=0)), float(pictures.max(initial=0))
    scaled = (pictures - low) / max(high - low, _SMALL)
    grey = scaled.mean(axis=3, dtype=np.float64)
    parts = (slice(start, start + _TOGETHER) for start in range(0, len(grey), _TOGETHER))
    alone = [_of_each(grey[part], scaled[part]) for part in parts]
    return np.concatenate([np.concatenate(alone), np.stack(_of_likeness(grey, labels), axis=1)], axis=1)


def _of_each(grey: np.ndarray, scaled: np.ndarray) -> np.ndarray:
    """float64[n,15]: what a picture is by itself, grey and in its colours."""
    values = (*_of_values(grey), *_of_object(grey), *_of_edges(grey), *_of_halves(grey), _colour(scaled))
    return np.stack(values, axis=1)


def _of_values(grey: np.ndarray) -> tuple[np.ndarray, ...]:
    return grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), _border(grey)


def _border(grey: np.ndarray) -> np.ndarray:
    edge = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    return np.median(edge, axis=1)


def _of_object(grey: np.ndarray) -> tuple[np.ndarray, ...]:
    """Size, row, column, height, width and tilt of what differs from the border."""
    weight = np.abs(grey - _border(grey)[:, np.newaxis, np.newaxis]) + _SMALL
    whole = weight.sum(axis=(1, 2))
    rows, columns = np.linspace(0, 1, grey.shape[1]), np.linspace(0, 1, grey.shape[2])
    row = (weight.sum(axis=2) @ rows) / whole
    column = (weight.sum(axis=1) @ columns) / whole
    height = np.sqrt(np.maximum(weight.sum(axis=2) @ rows**2 / whole - row**2, 0))
    width = np.sqrt(np.maximum(weight.sum(axis=1) @ columns**2 / whole - column**2, 0))
    tilt = np.einsum("nij,i,j->n", weight, rows, columns) / whole - row * column
    return whole / grey[0].size, row, column, height, width, tilt / (height * width + 1e-6)


def _of_edges(grey: np.ndarray) -> tuple[np.ndarray, ...]:
    """Sharpness (second over first differences), texture (first differences), and the share of horizontal lines in them."""
    down, right = np.diff(grey, axis=1), np.diff(grey, axis=2)
    first = np.square(down).mean(axis=(1, 2)) + np.square(right).mean(axis=(1, 2))
    second = np.square(np.diff(down, axis=1)).mean(axis=(1, 2)) + np.square(np.diff(right, axis=2)).mean(axis=(1, 2))
    return second / (first + 1e-6), np.sqrt(first), np.square(down).mean(axis=(1, 2)) / (first + 1e-6)


def _of_halves(grey: np.ndarray) -> tuple[np.ndarray, ...]:
    weight = np.abs(grey - _border(grey)[:, np.newaxis, np.newaxis])
    whole = weight.sum(axis=(1, 2)) + _SMALL
    upper, left = weight[:, : grey.shape[1] // 2], weight[:, :, : grey.shape[2] // 2]
    return upper.sum(axis=(1, 2)) / whole, left.sum(axis=(1, 2)) / whole


def _colour(scaled: np.ndarray) -> np.ndarray:
    return (scaled.max(axis=3) - scaled.min(axis=3)).mean(axis=(1, 2), dtype=np.float64)


def _of_likeness(grey: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    """Correlation with the class's median picture, and how much more a quarter turn or a half turn would bring.

    Pictures that are not square are cut to a square in the middle.
    """
    side = min(grey.shape[1:])
    top, left = ((size - side) // 2 for size in grey.shape[1:])
    square = grey[:, top : top + side, left : left + side]
    upright, left_turn, half, right_turn = (np.zeros(len(grey)) for _ in range(4))
    for label in np.unique(labels):
        rows = labels == label
        typical = np.median(square[rows], axis=0)
        turned = np.stack([np.rot90(typical, -turns) for turns in range(4)])  # in the place of all the pictures
        likeness = _normalised(square[rows]) @ _normalised(turned).T
        for found, column in zip((upright, left_turn, half, right_turn), likeness.T, strict=True):
            found[rows] = column
    as_it_is = np.maximum(upright, 0)  # an inverted picture is no turned one
    return upright, np.maximum(np.maximum(left_turn, right_turn), 0) - as_it_is, np.maximum(half, 0) - as_it_is


def _normalised(pictures: np.ndarray) -> np.ndarray:
    """float64[n,P]: without their mean, of length 1."""
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + _SMALL)
