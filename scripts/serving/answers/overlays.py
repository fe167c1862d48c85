"""A map over its picture, as PNG at the size of the model's input: for those who want a picture and no numbers."""

from __future__ import annotations

import numpy as np

from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.models.opencv import opencv
from featurelens.reports.drawing.colors import as_rgb, overlay
from featurelens.reports.drawing.enlarging import enlarge
from featurelens.reports.drawing.method_maps import limits_for, scale_for


def overlay_png(pixels: np.ndarray, values: np.ndarray, known: KnownMethod, value_range: tuple[float, float]) -> bytes:
    """The overlay.

    Args:
        pixels: float32[H,W,C], within `value_range`.
        values: float32[h,w], the method's map.
        known: The method.
        value_range: (black, white).
    """
    picture = as_rgb(pixels[np.newaxis, ..., :3] if pixels.shape[-1] > 3 else pixels[np.newaxis], value_range)
    scale = scale_for(known, values)
    drawn = overlay(
        picture,
        enlarge(values[np.newaxis], (pixels.shape[0], pixels.shape[1])),
        scale,
        limits_for(known, values, scale),
    )
    done, png = opencv().imencode(".png", np.ascontiguousarray(drawn[0, ..., ::-1]))
    assert done  # an array of bytes with three channels
    return png.tobytes()
