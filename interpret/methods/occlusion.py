"""Occlusion: how far the score falls when a patch of the image is covered.

Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, arXiv:1311.2901, section 4.2. With y
the score and x covered by patch p set to the baseline:

    drop[p] = y(x) - y(x covered by p)
    map[i,j] = mean of drop[p] over the patches p that cover pixel i,j

Departures: the paper draws y itself at each patch's centre; the drop has a zero that means "no effect", and its mean
over patches has a value at every pixel. Patches start every `stride` pixels; a last one is moved in so that it ends at
the border, and every pixel is covered. Along a series a patch is a stretch of it, in a volume a cube.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..arguments import at_least, reference
from ..progress import Progress
from ..tracing.variants import Asked
from .attribution import Perturbation


class Occlusion(Perturbation):
    """Occlusion: the mean fall of the score over the patches that cover a pixel.

    Args:
        model: A Keras model.
        patch: Side of a square patch in pixels (of a stretch of a series, of a cube in a volume), or (height, width) of a
            rectangle, a number for each axis; it has to fit the image.
        stride: Pixels from one patch to the next, or (down, across); at most `patch`, else pixels between would stay uncovered.
        baseline: What covers the patch: one number for every pixel, or an array of the image's shape.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution ([B,L] of a series, [B,D,H,W] of a volume), in units of the
    score: positive where covering hurts the class, negative where it helps, 0 where it changes nothing.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image, with patch 1 and stride 1: the map is 0.75 * x.
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        patch: int | tuple[int, ...] = 4,
        stride: int | tuple[int, ...] = 2,
        baseline: float | np.ndarray = 0.0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.patch, self.stride = patch, stride
        axes = max(len(each) if isinstance(each, (tuple, list)) else 1 for each in (patch, stride))
        sides, steps = each_axis("patch", patch, axes), each_axis("stride", stride, axes)
        if any(step > side for step, side in zip(steps, sides, strict=True)):
            raise ValueError(
                f"Expected a stride of at most the patch's {patch} pixels. Received {stride}. "
                f"Give stride={patch} or less: else the pixels between patches are never covered."
            )
        self.baseline = baseline
        self._places = 2  # axes of places of the images seen last
        super().__init__(model, None, output=output, wrt=wrt)

    @property
    def remark(self) -> str:
        """What a reader of the map has to know of the settings; of the axes of the latest map."""
        unit = {1: "steps", 2: "pixels"}.get(self._places, "voxels")
        return f"{' × '.join(map(str, each_axis('patch', self.patch, self._places)))} {unit} covered"

    any_places = True

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images, blank = asked.images, reference(self.baseline, asked.images)
        self._places = len(asked.axes.places)
        covers = Patches(asked.axes.sizes(images), self.patch, self.stride)

        def covered(rows: slice, variants: slice) -> np.ndarray:
            return np.where(asked.axes.with_channel(covers[variants]), blank, images[rows, np.newaxis])

        maps = np.zeros((len(images), *covers.sizes), dtype=np.float32)
        for block in asked.blocks(len(covers), covered, batch_size, progress):
            drops = asked.scores[block.rows, np.newaxis] - block.results["scores"]
            weights = (covers[block.variants] / covers.times).astype(np.float32)
            maps[block.rows] += np.tensordot(drops, weights, axes=1)
        return maps


def each_axis(name: str, given: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """A setting along each axis of places, at least 1: one number for all, or one for each.

    Raises:
        ValueError: It is another number of them, or less than 1.
    """
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * axes
    if len(several) != axes:
        raise ValueError(
            f"Expected {name} as one number, or one for each of {axes} axes, as (height, width). Received {given!r}. Give "
            f"{name}=4 or {name}={tuple(4 * (axis + 1) for axis in range(axes))}."
        )
    return tuple(at_least(name, each, 1) for each in several)


class Patches:
    """Where each patch covers an image, made when it is asked for: `patches[2:5]` is bool[3,H,W], in rows from the top left.

    Args:
        sizes: Of the axes of places, such as (H, W); one of a series, three of a volume.
        side: Of a patch, one number or one for each axis.
        stride: From one to the next, likewise.

    Raises:
        ValueError: The patch is larger than the image.
    """

    def __init__(self, sizes: tuple[int, ...], side: int | tuple[int, ...], stride: int | tuple[int, ...]) -> None:
        sides, steps = each_axis("patch", side, len(sizes)), each_axis("stride", stride, len(sizes))
        if any(one > size for one, size in zip(sides, sizes, strict=True)):
            shape, unit = " x ".join(map(str, sizes)), {1: "steps", 2: "pixels"}.get(len(sizes), "places")
            raise ValueError(
                f"Expected a patch that fits the image, {shape} {unit}. Received {side}. Give patch={min(sizes)} or less."
            )
        self.sizes = sizes
        self._spans = [_spans(*each) for each in zip(sizes, sides, steps, strict=True)]

    def __len__(self) -> int:
        return math.prod(len(spans) for spans in self._spans)

    def __getitem__(self, numbers: slice) -> np.ndarray:
        chosen = np.unravel_index(np.arange(len(self))[numbers], [len(spans) for spans in self._spans])
        covers = np.ones((len(chosen[0]), *[1] * len(self.sizes)), dtype=bool)
        for axis, (spans, places) in enumerate(zip(self._spans, chosen, strict=True)):
            form = [len(places), *(size if axis == other else 1 for other, size in enumerate(self.sizes))]
            covers = covers & spans[places].reshape(form)
        return covers

    @property
    def times(self) -> np.ndarray:
        """int64[H,W]: how many patches cover each pixel."""
        counts = np.ones((), dtype=np.int64)
        for spans in self._spans:
            counts = np.multiply.outer(counts, spans.sum(axis=0))
        return counts


def patches(height: int, width: int, side: int | tuple[int, ...], stride: int | tuple[int, ...]) -> np.ndarray:
    """Where each patch covers the image, bool[P,H,W], in rows from the top left.

    Raises:
        ValueError: The patch is larger than the image.
    """
    return Patches((height, width), side, stride)[:]


def _spans(length: int, side: int, stride: int) -> np.ndarray:
    """bool[n,length]: the pixels that each place of a patch covers along one axis."""
    starts = sorted({*range(0, length - side + 1, stride), length - side})
    pixels = np.arange(length)
    return np.array([(pixels >= start) & (pixels < start + side) for start in starts])
