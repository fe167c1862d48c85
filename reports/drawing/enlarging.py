"""Maps enlarged to the size of their picture: a step with a name, since tools that hide it disagree by it alone.

Two ways. `enlarge` interpolates bilinearly between the centres of the cells (half-pixel centres, edges held: OpenCV's
INTER_LINEAR), which is how a coarse map is laid over its picture. `repeat` shows the cells of the layer's own grid as
they are. Neither changes the largest value by normalising, and `repeat` changes no value at all.
"""

from __future__ import annotations

import numpy as np

from ...models.opencv import opencv

MAPS_AT_ONCE = 64  # maps go through OpenCV as channels of one image; OpenCV 5 takes at most 128


def enlarge(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Interpolate maps bilinearly with half-pixel centres.

    Args:
        maps: float[B,h,w], in any unit.
        size: (height, width) of the result; smaller than the map is allowed, and then the map is sampled.

    Returns:
        float32[B,H,W], in the same unit; no value lies outside the range of its own map.

    >>> enlarge(np.array([[[0.0, 1.0]]]), (1, 4)).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    checked(maps, size)
    cv2 = opencv()
    enlarged = np.empty((len(maps), *size), np.float32)
    for start in range(0, len(maps), MAPS_AT_ONCE):
        part = maps[start : start + MAPS_AT_ONCE]
        channels = np.ascontiguousarray(part.transpose(1, 2, 0), dtype=np.float32)
        resized = cv2.resize(channels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
        enlarged[start : start + len(part)] = resized.reshape(*size, len(part)).transpose(2, 0, 1)
    return enlarged


def repeat(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Give each pixel the value of the cell that it lies in: the layer's own grid, [B,h,w] to [B,H,W], same dtype.

    >>> repeat(np.array([[[1, 2]]]), (1, 4)).tolist()
    [[[1, 1, 2, 2]]]
    """
    checked(maps, size)
    rows, columns = ((2 * np.arange(new) + 1) * old // (2 * new) for new, old in zip(size, maps.shape[1:], strict=True))
    return maps[:, rows[:, None], columns]


def checked(maps: np.ndarray, size: tuple[int, int]) -> None:
    """Say what cannot be resized."""
    if maps.ndim != 3 or 0 in maps.shape[1:]:
        raise ValueError(
            f"Expected maps of shape [B,h,w]. Received {maps.shape}. Take one channel, or sum over them, first."
        )
    if min(size) < 1:
        raise ValueError(
            f"Expected a height and a width of at least 1 pixel. Received {size}. Pass the picture's size."
        )
