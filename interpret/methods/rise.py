"""RISE: which pixels, when they are seen, go with a high score.

Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018, arXiv:1806.07421.
With M_n random masks in 0..1, y the score, p the chance of a cell to be seen:

    map[i,j] = 1 / (p * N) * sum over n of y(x * M_n) * M_n[i,j]          (eq. 6)

A mask is a grid of cells, each 1 with chance p = 0.5, enlarged linearly to one cell more than the image on each side, and
cut out at random (section 3.3). Departures: the score is a logit, as in every method here, where the paper takes the
probability; so values can be negative. A cell is rounded up to whole pixels, as in the authors' code, where the paper rounds
down, so that the mask covers the image. The masks are the same for every image.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import at_least
from ..maps.resampling import interpolation_matrix
from ..progress import Progress
from ..tracing.variants import Asked
from .attribution import Perturbation

_SEEN = 0.5  # p, the chance of a cell to be seen
_KEPT_BYTES = 16 * 2**20


class RISE(Perturbation):
    """RISE: the score of many randomly masked copies, each credited to the pixels that the copy shows.

    Args:
        model: A Keras model.
        masks: Random masks N, at least 1; fewer are faster and noisier.
        grid: Cells of a mask along each side, at least 2.
        seed: Of the masks; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score: the score to expect when the pixel
    is seen. Compare places of a map; its general level is the score of a half-hidden image and says nothing.

    Example:
        A model that answers the same logit z whatever it sees has the map z * (mean of the masks) / p, about z.
    """

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
        self._kept: tuple[tuple[int, ...], np.ndarray] | None = None
        super().__init__(model, None, output=output, wrt=wrt)

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images = asked.images
        masks = self._masks(images.shape[1], images.shape[2])

        def masked(rows: slice, variants: slice) -> np.ndarray:
            return images[rows, np.newaxis] * masks[variants, :, :, np.newaxis]

        maps = np.zeros(images.shape[:3], dtype=np.float32)
        for block in asked.blocks(self.masks, masked, batch_size, progress):
            maps[block.rows] += np.tensordot(block.results["scores"], masks[block.variants], axes=1)
        return maps / np.float32(_SEEN * self.masks)

    def _masks(self, height: int, width: int) -> np.ndarray:
        """The masks; those of the latest size are kept where they are small, as they are the same for every image."""
        asked = self.masks, self.grid, height, width, self.seed
        if self._kept is not None and self._kept[0] == asked:
            return self._kept[1]
        masks = random_masks(*asked)
        self._kept = (asked, masks) if masks.nbytes <= _KEPT_BYTES else None
        return masks


def random_masks(count: int, grid: int, height: int, width: int, seed: int) -> np.ndarray:
    """Section 3.3: float32[count,height,width] in 0..1, grids of seen and hidden cells, enlarged and shifted."""
    draw = np.random.default_rng(seed)
    cell = -(-height // grid), -(-width // grid)
    rows, columns = (interpolation_matrix(grid, (grid + 1) * side) for side in cell)
    masks = np.empty((count, height, width), dtype=np.float32)
    for mask in masks:
        seen = (draw.random((grid, grid)) < _SEEN).astype(np.float32)
        top, left = draw.integers(cell[0]), draw.integers(cell[1])
        mask[:] = rows[top : top + height] @ seen @ columns[left : left + width].T
    return masks
