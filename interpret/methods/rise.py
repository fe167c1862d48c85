"""RISE: which pixels, when they are seen, go with a high score.

Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018, arXiv:1806.07421.
With M_n random masks in 0..1, y the score, p the chance of a cell to be seen:

    map[i,j] = 1 / (p * N) * sum over n of y(x * M_n) * M_n[i,j]          (eq. 6)

A mask is a grid of cells, each 1 with chance p = 0.5, enlarged linearly to one cell more than the image on each side, and
cut out at random (section 3.3). Departures: the score is a logit, as in every method here, where the paper takes the
probability; so values can be negative. A cell is rounded up to whole pixels, as in the authors' code, where the paper rounds
down, so that the mask covers the image. The masks are the same for every image. Along a series a mask is a line of cells, in a
volume a grid of three axes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..arguments import at_least
from ..maps.resampling import interpolation_matrix
from ..progress import Progress
from ..tracing.variants import Asked
from .attribution import Perturbation

_SEEN = 0.5  # p, the chance of a cell to be seen
_KEPT_BYTES = 16 * 2**20  # of masks that are kept from one call to the next
_WHOLE_BYTES = 512 * 2**20  # of masks that are made at once; larger ones, of volumes, some at a time


class RISE(Perturbation):
    """RISE: the score of many randomly masked copies, each credited to the pixels that the copy shows.

    Args:
        model: A Keras model.
        masks: Random masks N, at least 1; fewer are faster and noisier.
        grid: Cells of a mask along each side, at least 2.
        seed: Of the masks; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution ([B,L] of a series, [B,D,H,W] of a volume), in units of the
    score: the score to expect when the pixel is seen.
    Compare places of a map; its general level is the score of a half-hidden image and says nothing.

    Example:
        A model that answers the same logit z whatever it sees has the map z * (mean of the masks) / p, about z.
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        masks: int = 2000,
        grid: int = 7,
        seed: int = 0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.masks, self.grid, self.seed = at_least("masks", masks, 1), at_least("grid", grid, 2), seed
        self._kept: tuple[tuple[Any, ...], RandomMasks | np.ndarray] | None = None
        super().__init__(model, None, output=output, wrt=wrt)

    any_places = True

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        return self._summed(
            asked, self._masks(asked.axes.sizes(asked.images), len(asked.images)), batch_size, progress
        )[0]

    def _summed(
        self, asked: Asked, masks: RandomMasks | np.ndarray, batch_size: int, progress: Progress
    ) -> tuple[np.ndarray, np.ndarray]:
        """The maps of equation 6, and each image's mean score over the masks."""
        images, sizes = asked.images, asked.axes.sizes(asked.images)

        def masked(rows: slice, variants: slice) -> np.ndarray:
            return images[rows, np.newaxis] * asked.axes.with_channel(masks[variants])

        maps, total = np.zeros((len(images), *sizes), dtype=np.float32), np.zeros(len(images), dtype=np.float32)
        for block in asked.blocks(self.masks, masked, batch_size, progress):
            maps[block.rows] += np.tensordot(block.results["scores"], masks[block.variants], axes=1)
            total[block.rows] += block.results["scores"].sum(axis=1)
        return maps / np.float32(_SEEN * self.masks), total / self.masks

    def _masks(self, sizes: tuple[int, ...], images: int) -> RandomMasks | np.ndarray:
        """The masks; those of the latest size are kept where they are small, as they are the same for every image.

        For several images large ones are made at once; for a single one, which needs each once, as they come.
        """
        asked = self.masks, self.grid, sizes, self.seed
        if self._kept is None or self._kept[0] != asked:
            masks = RandomMasks(*asked)
            self._kept = asked, masks[:] if 4 * self.masks * math.prod(sizes) <= _KEPT_BYTES else masks
        masks = self._kept[1]
        return masks[:] if images > 1 and 4 * self.masks * math.prod(sizes) <= _WHOLE_BYTES else masks


class CentredRISE(RISE):
    """RISE from fewer masks: each score less its image's mean over all masks, which is added to the map again.

    What is expected of the map stays, as a place is seen in half of the masks, whichever it is. What falls away is the noise
    of places that happened to be seen more often, times the general level of the score. Arguments as for `RISE`.

    Example:
        A model that answers the same logit z whatever it sees has the map z everywhere, from any masks.
    """

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        masks = self._masks(asked.axes.sizes(asked.images), len(asked.images))
        maps, mean = self._summed(asked, masks, batch_size, progress)
        seen = sum(masks[start : start + 64].sum(axis=0) for start in range(0, self.masks, 64)) / self.masks
        return maps + mean.reshape(-1, *[1] * (maps.ndim - 1)) * (1 - seen / np.float32(_SEEN))


class RandomMasks:
    """Section 3.3, made when they are asked for: `masks[2:5]` is float32[3,H,W] in 0..1, grids of seen and hidden cells.

    Args:
        count: How many there are.
        grid: Cells along each side.
        sizes: Of the axes of places, such as (H, W); one of a series, three of a volume.
        seed: Of the cells and the shifts.
    """

    def __init__(self, count: int, grid: int, sizes: tuple[int, ...], seed: int) -> None:
        draw = np.random.default_rng(seed)
        cells = [-(-size // grid) for size in sizes]
        self._sizes = sizes
        self._latest: tuple[slice, np.ndarray] | None = None
        self._enlarging = [interpolation_matrix(grid, (grid + 1) * side) for side in cells]
        self._drawn = [
            (draw.random((grid,) * len(sizes)) < _SEEN, [int(draw.integers(side)) for side in cells])
            for _ in range(count)
        ]

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, numbers: slice) -> np.ndarray:
        if (
            self._latest is not None and self._latest[0] == numbers
        ):  # asked for when they are laid on, and when they are weighed
            return self._latest[1]
        chosen = self._drawn[numbers]
        masks = np.empty((len(chosen), *self._sizes), dtype=np.float32)
        for mask, (seen, shifts) in zip(masks, chosen, strict=True):
            mask[:] = self._one(seen.astype(np.float32), shifts)
        self._latest = (numbers, masks) if len(chosen) < len(self) else None
        return masks

    def _one(self, values: np.ndarray, shifts: list[int]) -> np.ndarray:
        """A grid enlarged and cut out, one axis after the other."""
        for matrix, start, size in zip(self._enlarging, shifts, self._sizes, strict=True):
            values = np.tensordot(values, matrix[start : start + size], axes=(0, 1))  # this axis becomes the last
        return values


def random_masks(count: int, grid: int, height: int, width: int, seed: int) -> np.ndarray:
    """Section 3.3: float32[count,height,width] in 0..1, grids of seen and hidden cells, enlarged and shifted."""
    return RandomMasks(count, grid, (height, width), seed)[:]
