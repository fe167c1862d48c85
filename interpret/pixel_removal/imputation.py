"""Fill removed pixels in from their neighbours, so that what was removed leaves no shape behind.

Noisy linear imputation: Rong, Leemann, Borisov, Kasneci, Kasneci, "A Consistent and Efficient Evaluation Strategy for
Attribution Methods", ICML 2022, arXiv:2202.00449, section 4. Each removed pixel is the weighted mean of its eight
neighbours, known or removed themselves,

    x[i,j] = sum over neighbours n of w[n] * x[n],     w = 1/6 beside and above, 1/12 across a corner

which is one sparse system of linear equations per image; then normal noise is added to the removed pixels. At the
border the weights of the neighbours that exist are scaled up to sum to 1.

Beyond the paper: along a series the neighbours are the two beside a place, in a volume all 26 around it, each across one axis
more at half the weight, as in a picture.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np


def imputed(image: np.ndarray, removed: np.ndarray) -> np.ndarray:
    """The image with its removed pixels filled in, without noise.

    Args:
        image: float32[H,W,C]; a series [L,C] or a volume [D,H,W,C] likewise.
        removed: bool[H,W], the image's places; at least one pixel must be left.

    Returns:
        float32[H,W,C], within the range of the pixels that are left; those are as they were.

    Example:
        >>> imputed(np.array([[[0.0], [9.0], [6.0]]]), np.array([[False, True, False]]))[..., 0].tolist()
        [[0.0, 3.0, 6.0]]
    """
    from scipy.sparse import SparseEfficiencyWarning
    from scipy.sparse.linalg import spsolve

    if removed.all():
        raise ValueError(
            "Expected at least one pixel to be left. All are removed. Remove a smaller share, such as 0.9."
        )
    gone, left = np.flatnonzero(removed), np.flatnonzero(~removed)
    filled = image.reshape(-1, image.shape[-1]).astype(np.float64)
    if len(gone):
        rows = _laplacian(removed.shape)[gone]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SparseEfficiencyWarning)
            solved = spsolve(rows[:, gone].tocsc(), -(rows[:, left] @ filled[left]))
        filled[gone] = np.asarray(solved).reshape(len(gone), -1)
    return filled.reshape(image.shape).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _laplacian(sizes: tuple[int, ...]) -> Any:
    """Sum of a pixel's weights times itself, less the weighted sum of its neighbours; sparse [P,P]."""
    from scipy.sparse import coo_matrix, diags

    at = np.arange(int(np.prod(sizes))).reshape(sizes)
    pairs = []
    for step in itertools.product((0, 1, -1), repeat=len(sizes)):
        if next((part for part in step if part), -1) < 0:
            continue  # each pair of neighbours once
        one, other = (at[_with_neighbour(each, sizes)].ravel() for each in (step, [-part for part in step]))
        pairs.append((one, other, np.full(len(one), (1 / 6) * 0.5 ** (sum(map(abs, step)) - 1))))
    one, other, weights = (np.concatenate(part) for part in zip(*pairs, strict=True))
    upper = coo_matrix((weights, (one, other)), shape=(at.size, at.size))
    both = (upper + upper.T).tocsr()
    return (diags(np.asarray(both.sum(axis=1)).ravel()) - both).tocsr()


def _with_neighbour(step: Sequence[int], sizes: Sequence[int]) -> tuple[slice, ...]:
    """The places that have a neighbour so many places on along each axis."""
    return tuple(slice(max(0, -part), size - max(0, part)) for part, size in zip(step, sizes, strict=True))
