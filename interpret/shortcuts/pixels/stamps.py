"""Marks that repeat exactly at changing places: on the object, or moved about by some pixels.

Of small pictures of at most 40 pixels a side, every square of 4 x 4 pixels that is not of one value is compared with all
others (`squares`). In real pictures such a square hardly ever repeats: of Fashion-MNIST's images of a class
at most 19 % have any one in common, of crops of one photograph 25 %. A square in at least 45 % of a class and four times as
rare in any other class is a candidate. What is blended into the picture, scaled or compressed does not repeat exactly and is
not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .grid import factor
from .squares import STEPS, keys, of_one_class, shares, squares, stepped, unevenness

SIDE = 4  # pixels of the squares that are compared
_VARIED = 0.2  # of the range, between the darkest and the brightest pixel of a square
_SHARE, _RARER = 0.45, 4.0  # of a class; how much rarer in every other
_AROUND = 4  # pixels that a stamp is grown by, at most
_ALIKE = 0.02  # of the range: the largest deviation of a pixel that belongs to the stamp
_FEWEST = 8
_LAST_BITS = 2**16 - 1  # of a key: hardly any other square has the same


@dataclass(frozen=True, eq=False)
class Stamp:
    """A few pixels that repeat."""

    square: np.ndarray  # int64[4,4,C], in 63rds of the range: by these it is found
    span: tuple[float, float]  # black and white, of which they are parts
    pixels: np.ndarray  # float32[h,w,C], the whole stamp
    part: np.ndarray  # bool[h,w], its pixels
    corner: tuple[int, int]  # row and column of the square within the stamp
    kind: Literal["stamp"] = "stamp"
    mask: None = None

    def places(self, images: np.ndarray) -> np.ndarray:
        """int64[n,2]: row and column of the square in each picture, the first of several; -1 where there is none."""
        equal = (squares(stepped(images, self.span), SIDE) == self.square.ravel()).all(axis=-1)
        first = equal.reshape(len(images), -1).argmax(axis=1)
        rows, columns = np.divmod(first, equal.shape[2])
        return np.where(equal.any(axis=(1, 2))[:, np.newaxis], np.stack([rows, columns], axis=1), -1)

    def both(self, images: np.ndarray, carriers: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pictures with the stamp where the carriers have it, and with the same places of the others; see `Content.both`.

        A stamp that a picture bears itself goes before, from both.
        """
        with_it, without = images.copy(), images.copy()
        for place, (own, at) in enumerate(zip(self.places(images), self.places(carriers), strict=True)):
            for made in (with_it, without):
                self._put(made[place], own, others[place])
            self._put(with_it[place], at, None)
            self._put(without[place], at, others[place])
        return with_it, without

    def seen(self, images: np.ndarray) -> np.ndarray:
        """float32[n,1]: 1 where a picture has its square, 0 elsewhere."""
        return (self.places(images)[:, :1] >= 0).astype(np.float32)

    def carried(self, seen: np.ndarray, sides: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """bool[n]: which pictures carry it, by what is `seen` in each."""
        return seen[:, 0] > 0

    def _put(self, image: np.ndarray, at: np.ndarray, other: np.ndarray | None) -> None:
        """Write the stamp, or the same pixels of another picture, into a picture, its square at a place; -1: nowhere."""
        if at[0] < 0:
            return
        rows, columns = np.nonzero(self.part)
        below, right = rows + at[0] - self.corner[0], columns + at[1] - self.corner[1]
        inside = (below >= 0) & (right >= 0) & (below < image.shape[0]) & (right < image.shape[1])
        below, right, rows, columns = (each[inside] for each in (below, right, rows, columns))
        image[below, right] = self.pixels[rows, columns] if other is None else other[below, right]


def stamp_of(pictures: np.ndarray, labels: np.ndarray) -> tuple[Stamp, np.ndarray] | None:
    """The stamp that is the most frequent in one class, and which pictures carry it.

    Args:
        pictures: float32[n,H,W,C], of at most 40 pixels a side.
        labels: int64[n].

    Returns:
        None where no square repeats as said above, or the pictures are larger.
    """
    low, high = float(pictures.min(initial=0)), float(pictures.max(initial=0))
    if factor(*pictures.shape[1:3]) > 1 or min(pictures.shape[1:3]) < SIDE or high - low < 1e-9:
        return None
    found = _repeated(stepped(pictures, (low, high)), labels)
    if found is None:
        return None
    stamp = Stamp(found.reshape(SIDE, SIDE, -1), (low, high), np.zeros((0, 0, 1)), np.zeros((0, 0), bool), (0, 0))
    places = stamp.places(pictures)
    return _grown(stamp, pictures, places), places[:, 0] >= 0


def _repeated(steps: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """The square that the largest share of a class has and the others have not; None where there is none."""
    found, varied = keys(steps, SIDE), unevenness(steps, SIDE) >= _VARIED * STEPS
    image, row, column = _frequent(found, varied)
    known = found[image, row, column]
    pairs, first = np.unique(np.stack([known, image]), axis=1, return_index=True)  # each picture counts once
    _, number, count = np.unique(pairs[0], return_inverse=True, return_counts=True)
    held = {int(each): shares(labels, pairs[1][number == each]) for each in np.flatnonzero(count >= _FEWEST)}
    held = {each: share for each, share in held.items() if of_one_class(share, _SHARE, _RARER)}
    if not held:
        return None
    best = max(held, key=lambda each: float(held[each].max()))
    one = first[np.flatnonzero(number == best)[0]]
    return steps[image[one], row[one] : row[one] + SIDE, column[one] : column[one] + SIDE].astype(np.int64)


def _frequent(found: np.ndarray, varied: np.ndarray) -> tuple[np.ndarray, ...]:
    """Picture, row and column, int64[m] each, of the varied squares that there are eight of: hardly any."""
    at = np.flatnonzero(varied)
    known = found.ravel()[at]
    ordered = np.sort(known)
    runs = max(len(ordered) - _FEWEST + 1, 0)
    often = np.unique(ordered[:runs][ordered[len(ordered) - runs :] == ordered[:runs]])
    possible = np.zeros(_LAST_BITS + 1, bool)
    possible[often & _LAST_BITS] = True
    ones = np.flatnonzero(possible[known & _LAST_BITS])
    ones = ones[np.isin(known[ones], often)]
    return np.unravel_index(at[ones], found.shape)


def _grown(stamp: Stamp, pictures: np.ndarray, places: np.ndarray) -> Stamp:
    """The stamp with the pixels around its square that are alike in all that carry it."""
    import cv2

    size, held = SIDE + 2 * _AROUND, np.flatnonzero(places[:, 0] >= 0)
    around = ((0, 0), (_AROUND, _AROUND), (_AROUND, _AROUND), (0, 0))
    padded = np.pad(pictures[held].astype(np.float64), around, constant_values=np.nan)
    crops = np.stack(
        [
            each[row : row + size, column : column + size]
            for each, (row, column) in zip(padded, places[held], strict=True)
        ]
    )
    alike = (crops.std(axis=0) <= _ALIKE * (stamp.span[1] - stamp.span[0])).all(axis=2)
    alike[_AROUND : _AROUND + SIDE, _AROUND : _AROUND + SIDE] = True
    _, regions = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    part = regions == regions[_AROUND, _AROUND]
    return replace(stamp, pixels=np.nan_to_num(crops[0]).astype(np.float32), part=part, corner=(_AROUND, _AROUND))
