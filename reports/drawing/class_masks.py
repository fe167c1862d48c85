"""The class of each pixel as colours: a mask laid over its picture, and where a model was wrong."""

from __future__ import annotations

import colorsys

import numpy as np

_FIRST = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0), (0, 114, 178))
WRONG = (255, 64, 129)  # of a pixel whose class was not named
LEFT_OUT = (128, 128, 128)
_OPACITY = 0.72


def class_colors(classes: int) -> np.ndarray:
    """uint8[K,3]: a colour for each class; the first seven are told apart by those who see no red or green (Okabe, Ito 2008).

    >>> class_colors(1).tolist()
    [[86, 180, 233]]
    """
    further = max(0, classes - len(_FIRST))
    made = [colorsys.hsv_to_rgb(k * 0.618 % 1, 0.65 if k % 2 else 0.9, 0.95 if k % 3 else 0.7) for k in range(further)]
    rest = [tuple(round(255 * part) for part in color) for color in made]
    return np.array([*_FIRST, *rest], np.uint8)[:classes]


def mask_overlay(shown: np.ndarray, labels: np.ndarray, classes: int, opacity: float = _OPACITY) -> np.ndarray:
    """The pictures uint8[B,H,W,3], in grey, under the colours of their classes int[B,H,W]; -1, a pixel left out, is grey too."""
    colors = np.concatenate([class_colors(classes), np.array([LEFT_OUT], np.uint8)])[labels]
    grey = shown.mean(axis=-1, keepdims=True)  # a picture's own colours would turn one class's colour into another's
    return np.rint(grey * (1 - opacity) + colors * opacity).astype(np.uint8)


def error_overlay(shown: np.ndarray, truth: np.ndarray, named: np.ndarray) -> np.ndarray:
    """The pictures, darkened, with the pixels whose class was not named in a bright colour; those left out are grey."""
    dark = np.rint(shown * 0.45).astype(np.uint8)
    wrong, out = (truth != named) & (truth >= 0), truth < 0
    made = np.where(wrong[..., None], np.array(WRONG, np.uint8), dark)
    return np.where(out[..., None], np.array(LEFT_OUT, np.uint8), made)


def at_size(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Classes int[B,h,w] at (H, W), each pixel that of the nearest one: a mean of classes is none."""
    rows, columns = (
        (2 * np.arange(new) + 1) * old // (2 * new) for new, old in zip(size, labels.shape[1:], strict=True)
    )
    return labels[:, rows[:, None], columns]
