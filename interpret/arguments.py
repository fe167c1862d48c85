"""Checks of the settings that several methods share."""

from __future__ import annotations

from typing import NoReturn

import numpy as np


def reference(baseline: float | np.ndarray, images: np.ndarray) -> np.ndarray:
    """The baseline as one image float32[H,W,C]: a number for every pixel, or an array that fits.

    Raises:
        ValueError: The array does not fit the images, or is not finite.
    """
    given = np.asarray(baseline, dtype=np.float32)
    shape = images.shape[1:]
    fits = given.ndim <= len(shape) and all(a in (1, b) for a, b in zip(given.shape[::-1], shape[::-1], strict=False))
    if not fits or not np.isfinite(given).all():
        what = f"shape {given.shape}" if not fits else "NaN or infinity"
        raise ValueError(
            f"Expected a baseline of one finite number, or of the images' shape {shape}. Received {what}. "
            f"Give a number such as 0.0, or one image of that shape."
        )
    return np.broadcast_to(given, shape)


def at_least(name: str, value: int, smallest: int) -> int:
    """`value`, a whole number of at least `smallest`.

    Raises:
        ValueError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < smallest:
        raise ValueError(
            f"Expected {name} of at least {smallest}, a whole number. Received {value!r}. "
            f"Give {name}={smallest} or more."
        )
    return int(value)


def refuse_other_than_pictures(axes: str) -> NoReturn:
    """Refuse an input that is no picture [B,H,W,C], for a method that varies pictures; `axes` such as '(B, T, C)'."""
    raise ValueError(
        f"Expected images of shape (B, H, W, C) as the input that is varied. Received {axes}. Where another input is a "
        f"picture, name it: wrt=. Saliency, SmoothGrad and IntegratedGradients take inputs of any form, Occlusion and RISE "
        f"series and volumes, channels last."
    )
