"""Which cell each pixel belongs to: a grid, superpixels, or cells of one's own."""

from __future__ import annotations

import importlib.util

import numpy as np

from ...arguments import at_least

QUICKSHIFT = "quickshift"
Cells = int | str | np.ndarray | None  # as `cells_of` takes them
_KERNEL = 4  # LIME's, for pictures of 256 pixels and more; smaller ones have it in proportion, at least 1
_USUAL = {1: 28, 2: 7, 3: 4}  # cells along each axis of a series, a picture, a volume: 28, 49, 64


def cells_of(cells: Cells, image: np.ndarray, sizes: tuple[int, ...], seed: int) -> np.ndarray:
    """The cell of each place, int64 of the sizes, from 0 without a gap.

    Args:
        cells: Cells along each axis of a grid; None for the usual number; 'quickshift' for superpixels; or the cell of each
            place, whole numbers of the sizes.
        image: The image, [H,W,C].
        sizes: Of its axes of places.
        seed: Of the superpixels, where colours are as near to each other.

    Raises:
        ValueError: `cells` is none of these, or does not fit the image.

    Example:
        >>> cells_of(2, None, (2, 4), 0).tolist()
        [[0, 0, 1, 1], [2, 2, 3, 3]]
    """
    if cells is None or isinstance(cells, (int, np.integer)):
        return _grid(_USUAL.get(len(sizes), 2) if cells is None else at_least("cells", cells, 1), sizes)
    if isinstance(cells, str):
        return _numbered(_superpixels(cells, image, sizes, seed))
    given = np.asarray(cells)
    if given.shape != sizes or given.dtype.kind not in "iub":
        raise ValueError(
            f"Expected the cell of each place as whole numbers of shape {sizes}. Received {given.dtype.name} of shape "
            f"{given.shape}. Give cells=7 for a grid, or such an array."
        )
    return _numbered(given)


def _grid(along: int, sizes: tuple[int, ...]) -> np.ndarray:
    """Cells in rows, as equal as they can be; at most one for each place."""
    places = [np.arange(size) * min(along, size) // size for size in sizes]
    return np.ravel_multi_index(np.meshgrid(*places, indexing="ij"), [min(along, size) for size in sizes])


def _superpixels(name: str, image: np.ndarray, sizes: tuple[int, ...], seed: int) -> np.ndarray:
    """Superpixels by quickshift (Vedaldi, Soatto 2008) as LIME has them, on the image brought to 0..1.

    LIME's kernel of 4 pixels makes about 45 cells of a photo of 256 pixels, and one of 28 x 28: it shrinks with the image.
    """
    if name != QUICKSHIFT or len(sizes) != 2:
        raise ValueError(
            f"Expected cells as a number, an array, or 'quickshift' for pictures. Received {name!r} for {len(sizes)} axes of "
            f"places. Give cells=7 for a grid."
        )
    if importlib.util.find_spec("skimage") is None:
        raise ValueError(
            "Expected scikit-image for superpixels. Received an environment without it. Run: pip install scikit-image. Or give "
            "cells=7 for a grid, which needs nothing."
        )
    from skimage.segmentation import quickshift

    pixels = image.reshape(*sizes, -1).astype(np.float64)
    pixels = (pixels - pixels.min()) / (np.ptp(pixels) or 1.0)
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    kernel, in_colour = np.clip(_KERNEL * min(sizes) / 256, 1, _KERNEL), pixels.shape[2] == 3
    found = quickshift(pixels, kernel_size=kernel, max_dist=200, ratio=0.2, rng=seed, convert2lab=in_colour)
    if not found.any():
        raise ValueError(
            f"Expected an image that falls into superpixels. Received one of {sizes} that is a single one. Give "
            f"cells=7 for a grid."
        )
    return found


def _numbered(cells: np.ndarray) -> np.ndarray:
    """The same cells, numbered from 0 without a gap."""
    return np.unique(cells, return_inverse=True)[1].reshape(cells.shape)
