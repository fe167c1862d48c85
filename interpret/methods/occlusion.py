"""Occlusion: how far the score falls when a patch of the image is covered.

Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, arXiv:1311.2901, section 4.2. With y
the score and x covered by patch p set to the baseline:

    drop[p] = y(x) - y(x covered by p)
    map[i,j] = mean of drop[p] over the patches p that cover pixel i,j

Departures: the paper draws y itself at each patch's centre; the drop has a zero that means "no effect", and its mean
over patches has a value at every pixel. Patches start every `stride` pixels; a last one is moved in so that it ends at
the border, and every pixel is covered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import at_least, reference
from ..progress import Progress
from ..tracing.variants import Asked
from .attribution import Perturbation


class Occlusion(Perturbation):
    """Occlusion: the mean fall of the score over the patches that cover a pixel.

    Args:
        model: A Keras model.
        patch: Side of a square patch in pixels, or (height, width) of a rectangle; it has to fit the image.
        stride: Pixels from one patch to the next, or (down, across); at most `patch`, else pixels between would stay uncovered.
        baseline: What covers the patch: one number for every pixel, or an array of the image's shape.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score: positive where covering hurts the
    class, negative where it helps, 0 where it changes nothing.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image, with patch 1 and stride 1: the map is 0.75 * x.
    """

    def __init__(
        self,
        model: Any,
        patch: int | tuple[int, int] = 4,
        stride: int | tuple[int, int] = 2,
        baseline: float | np.ndarray = 0.0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.patch, self.stride = patch, stride
        self._size, self._step = _both("patch", patch), _both("stride", stride)
        if any(step > side for step, side in zip(self._step, self._size, strict=True)):
            raise ValueError(
                f"Expected a stride of at most the patch's {patch} pixels. Received {stride}. "
                f"Give stride={patch} or less: else the pixels between patches are never covered."
            )
        self.baseline = baseline
        super().__init__(model, None, output=output, wrt=wrt)

    @property
    def remark(self) -> str:
        """What a reader of the map has to know of the settings."""
        return f"{self._size[0]} × {self._size[1]} pixels covered"

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images, blank = asked.images, reference(self.baseline, asked.images)
        covers = patches(images.shape[1], images.shape[2], self._size, self._step)

        def covered(rows: slice, variants: slice) -> np.ndarray:
            return np.where(covers[variants, :, :, np.newaxis], blank, images[rows, np.newaxis])

        weights = (covers / covers.sum(axis=0)).astype(np.float32)
        maps = np.zeros(images.shape[:3], dtype=np.float32)
        for block in asked.blocks(len(covers), covered, batch_size, progress):
            drops = asked.scores[block.rows, np.newaxis] - block.results["scores"]
            maps[block.rows] += np.tensordot(drops, weights[block.variants], axes=1)
        return maps


def _both(name: str, given: int | tuple[int, int]) -> tuple[int, int]:
    """A setting down and across, each at least 1."""
    pair = given if isinstance(given, (tuple, list)) else (given, given)
    if len(pair) != 2:
        raise ValueError(
            f"Expected {name} as one number, or as (height, width). Received {given!r}. Give {name}=4 or {name}=(4, 8)."
        )
    return at_least(name, pair[0], 1), at_least(name, pair[1], 1)


def patches(height: int, width: int, side: int | tuple[int, int], stride: int | tuple[int, int]) -> np.ndarray:
    """Where each patch covers the image, bool[P,H,W], in rows from the top left.

    Raises:
        ValueError: The patch is larger than the image.
    """
    (tall, wide), (down, across) = _both("patch", side), _both("stride", stride)
    if tall > height or wide > width:
        raise ValueError(
            f"Expected a patch that fits the image, {height} x {width} pixels. Received {side}. "
            f"Give patch={min(height, width)} or less."
        )
    rows, columns = _spans(height, tall, down), _spans(width, wide, across)
    return (rows[:, np.newaxis, :, np.newaxis] & columns[np.newaxis, :, np.newaxis, :]).reshape(-1, height, width)


def _spans(length: int, side: int, stride: int) -> np.ndarray:
    """bool[n,length]: the pixels that each place of a patch covers along one axis."""
    starts = sorted({*range(0, length - side + 1, stride), length - side})
    pixels = np.arange(length)
    return np.array([(pixels >= start) & (pixels < start + side) for start in starts])
