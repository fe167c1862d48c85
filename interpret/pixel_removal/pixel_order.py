"""In which order a map names the pixels, and the two orders that any map should beat.

A map at a layer's resolution is enlarged bilinearly first (half-pixel centres), as it is drawn over its picture; linearly along
a series, in a volume along each of its axes: their places are then the pixels. Pixels
of equal value come in an order sampled for each image, never from the top left on: a map that is zero everywhere is
then exactly the random control, and the empty part of a map has no order that it did not earn.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..maps.resampling import enlarged

RANDOM, BRIGHTNESS = "random order", "brightness order"  # the names of the controls


def tie_breaks(numbers: np.ndarray, pixels: int, seed: int) -> np.ndarray:
    """float32[B,P]: a random number per pixel, from the seed and the image's number alone."""
    return np.stack([np.random.default_rng((seed, int(n))).random(pixels, dtype=np.float32) for n in numbers])


def pixel_ranks(maps: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """int32[B,H,W]: 0 for the pixel of the largest value, H*W - 1 for the smallest; equal ones in the order of `ties`.

    Args:
        maps: float32[B,H,W], signed or not.
        ties: float32[B,H*W], the smaller the earlier.

    Example:
        >>> pixel_ranks(np.array([[[1.0, 3.0], [1.0, -2.0]]]), np.array([[0.9, 0.1, 0.2, 0.3]])).tolist()
        [[[2, 0], [1, 3]]]
    """
    return _ranks_in(maps, np.argsort(ties, axis=1, kind="stable"))


def _ranks_in(maps: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """`pixel_ranks`, equal ones in the order int64[B,P] that was drawn of the pixels."""
    flat = maps.reshape(len(maps), -1)
    ranks = np.empty(flat.shape, dtype=np.int32)
    for values, order, rank in zip(flat, drawn, ranks, strict=True):
        by_value = order
        if (values != values[0]).any():
            by_value = order[np.argsort(-values[order], kind="stable")]
        rank[by_value] = np.arange(len(values), dtype=np.int32)
    return ranks.reshape(maps.shape)


def orders(maps: Mapping[str, np.ndarray], images: np.ndarray, numbers: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The ranks of each method's pixels and of the two controls: {name: int32[B,H,W]}, of a series [B,L], a volume [B,D,H,W].

    The random control is drawn from `seed` and the image's number; the brightness control takes the brightest pixel
    first (mean over channels) and knows nothing of the model.
    """
    size = images.shape[1:-1]
    drawn = np.argsort(tie_breaks(numbers, int(np.prod(size)), seed), axis=1, kind="stable")
    shown = {name: enlarged(_checked(each, name, images), size) for name, each in maps.items()}
    controls = {RANDOM: np.zeros(images.shape[:-1], np.float32), BRIGHTNESS: images.mean(axis=-1)}
    return {name: _ranks_in(values, drawn) for name, values in {**shown, **controls}.items()}


def _checked(maps: np.ndarray, name: str, images: np.ndarray) -> np.ndarray:
    if name in (RANDOM, BRIGHTNESS):
        raise ValueError(f"Expected another name than that of a control. Received {name!r}. Rename the method.")
    if maps.ndim != images.ndim - 1 or len(maps) != len(images):
        places = {3: "l", 4: "h, w", 5: "d, h, w"}[images.ndim]
        raise ValueError(
            f"Expected maps of shape ({len(images)}, {places}) from {name!r}, one per image. Received shape {maps.shape}. "
            f"Give one map per image, summed over channels."
        )
    if not np.isfinite(maps).all():
        raise ValueError(
            f"Expected finite maps from {name!r}. Received NaN or infinity: such a map names no order of pixels. "
            f"Leave these images out."
        )
    return maps
