"""The parts of a picture that may be a shortcut, and how one is pasted from a picture into another.

    mark        pixels at a fixed place
    frame       the same, along the border
    stamp       a few pixels that repeat exactly, at a place that changes from picture to picture (`stamps`)
    background  what is connected to the border and of about its value: a texture, a colour
    level       how dark the dark pixels are and how bright the bright ones

What is pasted, with the content or without it, comes from another picture, so that both have the same seam. Of a frame this may
hide what is read: the border of another picture ends in an edge along the frame's inner side, which a network may take for the
frame (`docs/shortcuts.md`). A frame is therefore taken off in a second way as well: the picture is continued to its border,
mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .separation import likelier, nearest

Kind = Literal["mark", "frame", "stamp", "background", "level"]
_DARK, _BRIGHT = 5, 95  # percentiles of the pixels
_BORDER = 28  # the border is this part of the shorter side, at least 1 pixel
_TOLERATED = 3.0  # deviations of the border that a background's pixel may be off its median
_LEAST = 0.02  # of the range
_LARGE = 10_000  # pixels times channels of a picture: from there on counting pays off


@dataclass(frozen=True, eq=False)
class Content:
    """One part of a picture."""

    kind: Kind
    mask: np.ndarray | None = None  # bool[H,W] of a mark or a frame
    continued: bool = False  # of a frame: a picture without it is continued to its border

    def both(self, images: np.ndarray, carriers: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pictures with the content of pictures that carry it, and without it: with that of pictures that do not, or continued.

        Each depends on its own picture and donor alone; no pixel leaves the range of these two.

        Args:
            images, carriers, others: float32[n,H,W,C], one carrier and one other for each image.
        """
        without = self._mirrored(images) if self.continued else self._pasted(images, others)
        return self._pasted(images, carriers), without

    def seen(self, images: np.ndarray) -> np.ndarray:
        """float32[n,D]: the content of each picture, as numbers."""
        if self.mask is not None:
            return images[:, self.mask].reshape(len(images), -1)
        return levels(images) if self.kind == "level" else border_values(images)

    def carried(self, seen: np.ndarray, sides: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """bool[n]: which pictures carry it, by what is `seen` in each, in those known to and in those that do not.

        The pixels of a mark count by their distance from both means; those of a frame, which may be grain with the mean of all
        borders, by how far they are from the mean of those known to, and by the spread of that; levels and borders likewise.
        """
        if self.kind == "frame":
            middle = sides[0].mean(axis=0)
            away = [np.sqrt(np.square(each - middle).mean(axis=1, keepdims=True)) for each in (seen, *sides)]
            return likelier(away[0], away[1], away[2])
        if self.mask is None:
            return likelier(seen, *sides)
        return nearest(seen, *(side.mean(axis=0) for side in sides))

    def _mirrored(self, images: np.ndarray) -> np.ndarray:
        """Pictures whose inside is mirrored over their border, one pixel further in than the frame: JPEG leaves traces there."""
        assert self.mask is not None  # of a frame
        height, width = self.mask.shape
        by = min(int(self.mask[:, width // 2].argmin()) + 1, (min(height, width) - 1) // 2)
        inside = images[:, by : height - by, by : width - by]
        return np.pad(inside, ((0, 0), (by, by), (by, by), (0, 0)), mode="reflect")

    def _pasted(self, images: np.ndarray, donors: np.ndarray) -> np.ndarray:
        if self.mask is not None:
            return np.where(self.mask[np.newaxis, :, :, np.newaxis], donors, images)
        if self.kind == "level":
            return np.clip(_levelled(images, donors), *_ranges(images, donors))
        low, high = _ranges(images, donors)
        spans = (high - low).ravel().tolist()
        return np.stack([_with_background(*each) for each in zip(images, donors, spans, strict=True)])


def _ranges(images: np.ndarray, donors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32[n,1,1,1] twice: the darkest and the brightest pixel of each picture and its donor."""
    both = np.stack([images, donors])
    return both.min(axis=(0, 2, 3, 4))[:, None, None, None], both.max(axis=(0, 2, 3, 4))[:, None, None, None]


def levels(images: np.ndarray) -> np.ndarray:
    """float32[n,2]: the 5th and the 95th percentile of each picture's pixels."""
    flat = images.reshape(len(images), -1)
    if flat.shape[1] < _LARGE:
        return np.percentile(flat, (_DARK, _BRIGHT), axis=1).T.astype(np.float32)
    return np.array([_levels_of_large(pixels) for pixels in flat], np.float32)


def _levels_of_large(pixels: np.ndarray) -> np.ndarray:
    """float[2], of a photo's pixels: of bytes by counting them, in a tenth of the time."""
    with np.errstate(invalid="ignore"):  # what is no byte differs from what is made of it
        stored = pixels.astype(np.uint8)
    if not np.array_equal(stored, pixels):
        return np.percentile(pixels, (_DARK, _BRIGHT))
    until = np.cumsum(np.bincount(stored, minlength=256))  # pixels of this value or a lower one
    places = np.array([_DARK, _BRIGHT]) / 100 * (len(pixels) - 1)
    below, above = (np.searchsorted(until, np.floor(places) + step, side="right") for step in (0, 1))
    return below + (above - below) * (places % 1)


def border_values(images: np.ndarray) -> np.ndarray:
    """float32[n,2C]: the median and the spread (standard deviation) of each picture's border, channel by channel."""
    edge = images[:, border(*images.shape[1:3])]
    return np.concatenate([np.median(edge, axis=1), edge.std(axis=1)], axis=1).astype(np.float32)


def border(height: int, width: int, thickness: int | None = None) -> np.ndarray:
    """bool[H,W]: the pixels along the border.

    Example:
        >>> int(border(28, 28).sum())
        108
    """
    by = max(1, min(height, width) // _BORDER) if thickness is None else thickness
    mask = np.ones((height, width), bool)
    mask[by : height - by, by : width - by] = False
    return mask


def _levelled(images: np.ndarray, donors: np.ndarray) -> np.ndarray:
    own, other = levels(images), levels(donors)
    spread = own[:, 1] - own[:, 0]
    scale = np.divide(other[:, 1] - other[:, 0], spread, out=np.ones_like(spread), where=spread > 1e-6)
    shaped = (slice(None), np.newaxis, np.newaxis, np.newaxis)
    return (images - own[:, 0][shaped]) * scale[shaped] + other[:, 0][shaped]


def background(image: np.ndarray, value_range: float) -> np.ndarray:
    """bool[H,W]: what is connected to the border and within three of its deviations of its median."""
    import cv2

    edge = image[border(*image.shape[:2])]
    allowed = np.maximum(_TOLERATED * edge.std(axis=0), _LEAST * value_range)
    near = (np.abs(image - np.median(edge, axis=0)) <= allowed).all(axis=2)
    _, regions = cv2.connectedComponents(near.astype(np.uint8), connectivity=8)
    touching = np.unique(regions[border(image.shape[0], image.shape[1], 1) & near])
    return near & np.isin(regions, touching)


def _with_background(image: np.ndarray, donor: np.ndarray, value_range: float) -> np.ndarray:
    """The picture with the other one's background: its pixel where it has background there, else one of its own others."""
    own, other = background(image, value_range), background(donor, value_range)
    made = image.copy()
    both = own & other
    made[both] = donor[both]
    left = own & ~other
    if left.any() and other.any():
        pool = donor[other]
        made[left] = pool[np.arange(int(left.sum())) * 7919 % len(pool)]  # spread over the pool, the same each time
    return made
