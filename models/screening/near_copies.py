"""Which images are nearly the same picture: shifted, mirrored, brighter, stored anew; within a split and across two.

Pictures are compared by normalised correlation (see `picture_vectors`), as they are and mirrored. A threshold on it alone
would call all black trousers copies of each other; so an image is a near copy of its nearest one only if that one stands
out from the next ones:

    correlation >= 0.98   and   d1^2 <= d5^2 / 4,   d^2 = 2 - 2 correlation, of the nearest and the fifth nearest

or if they are equal but for rounding. Candidates come from 64 principal components: a projection never enlarges a distance,
so no pair of 0.98 is missed; only the fifth nearest is looked for among the five nearest there.

Planted in Fashion-MNIST's test images it finds rolled by 2 pixels 99 of 100, mirrored and darkened 100, JPEG of quality 60
91, moved by one pixel in each direction (a row and a column lost) 65. In 110 photos, which are not centred: mirrored,
darkened and JPEG of quality 50 100 of 100, moved by 1 % 98, cropped by 2 % 75, moved by 3 % 6: such are not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..datasets.exploration import Described, Images
from .box_search import Boxes
from .picture_vectors import has_plain_ground, picture_vectors, small_grey, vectors_both_ways

CORRELATION = 0.98
_STANDS_OUT = 0.25  # of the fifth nearest's squared distance
_EQUAL = 1e-4  # squared distance: equal, but for rounding
_NEXT = 5
_COMPONENTS = 64
_ROUNDING = 1e-5  # of products of two vectors
_ITERATIONS = 4
_FITTED = 5000  # vectors that the components are computed from
_BLOCK = 64
_READ = 512  # pictures read at a time


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Images with a picture that is nearly theirs."""

    pairs: np.ndarray  # int64[M,2], numbers of an image and of its near copy, the most alike first; within a split once
    correlation: np.ndarray  # float32[M], 0.98 to 1
    mirrored: np.ndarray  # bool[M], whether one has to be mirrored
    compared: int  # images that a near copy was looked for
    among: int  # images that it was looked for in
    centred: bool  # whether the pictures stand on a plain ground and were centred: only then shifts are seen through


def near_copies(pictures: np.ndarray, others: np.ndarray | None = None, *, seed: int = 0) -> NearCopies:
    """Find near copies within images, or of images among others.

    Args:
        pictures: float32[B,H,W,C], or what reads like it.
        others: float32[A,H,W,C], another split; None to look among the images themselves.
        seed: of the sample that the principal components are computed from.
    """
    return copies_among(small_pictures(pictures), None if others is None else small_pictures(others), seed=seed)


def copies_among(own: np.ndarray, other: np.ndarray | None, *, seed: int = 0) -> NearCopies:
    """The same, of pictures that are small and grey already, float32[B,h,w] (see `small_grey`)."""
    centred = has_plain_ground(own)
    rows, mirror = vectors_both_ways(own, centred=centred)
    within = other is None
    known = rows if other is None else picture_vectors(other, centred=centred)
    if len(known) < 1 + within or known.shape[1] != rows.shape[1]:
        return _record([], len(rows), len(known), centred, within)
    found = _search(rows, mirror, known, _projection(known, seed), within)
    return _record(found, len(rows), len(known), centred, within)


class SmallPictures:
    """Small grey pictures of a sample of the images, as a statistic of the stream: no image is read twice.

    Args:
        source: what is known of the images, as for `DataStatistic`.
        most: of more images, so many are sampled.
        seed: of that sample.
    """

    state = ("_seen",)

    def __init__(self, source: Described, *, most: int, seed: int = 0) -> None:
        self.key = f"small grey pictures|{most}|{seed}"
        self._pictures = source.pictures  # what people see, where a preprocessing made the images unlike it
        self._kept = np.zeros(len(source), bool)
        self._kept[np.random.default_rng(seed).permutation(len(source))[:most]] = True
        self._seen: list[tuple[np.ndarray, np.ndarray]] = []

    def taps(self, taps: Any, scores: Any) -> None:
        """Nothing of a model."""
        return None

    def update(self, batch: Images) -> None:
        """See some more images."""
        rows = np.flatnonzero(self._kept[batch.numbers])
        if len(rows):
            numbers = batch.numbers[rows]
            pictures = batch.images[rows] if self._pictures is None else self._pictures[numbers]
            self._seen.append((numbers, small_grey(pictures)))

    def merge(self, later: SmallPictures) -> None:
        """Take over what another one saw."""
        self._seen += later._seen

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """int64[N], numbers of the images, rising, and float32[N,h,w]."""
        if not self._seen:
            return np.zeros(0, np.int64), np.zeros((0, 1, 1), np.float32)
        numbers = np.sort(np.concatenate([some for some, _ in self._seen]))
        pictures = np.empty((len(numbers), *self._seen[0][1].shape[1:]), self._seen[0][1].dtype)
        for some, seen in self._seen:
            pictures[np.searchsorted(numbers, some)] = seen
        return numbers, pictures


def small_pictures(pictures: np.ndarray) -> np.ndarray:
    """Pictures float32[B,H,W,C], or what reads like it, small and grey, read some at a time."""
    return np.concatenate([small_grey(pictures[start : start + _READ]) for start in range(0, len(pictures), _READ)])


def _projection(known: np.ndarray, seed: int) -> np.ndarray:
    """float32[D,64], orthonormal: about the directions in which the vectors differ most, by a few power iterations."""
    random = np.random.default_rng(seed)
    some = known[random.permutation(len(known))[:_FITTED]]
    some -= some.mean(axis=0)
    size = some.shape[1], min(_COMPONENTS, some.shape[1])
    with threadpool_limits(1, "blas"):  # several threads wait for each other, at thirty times the cost
        directions = np.linalg.qr(random.normal(size=size).astype(np.float32))[0]
        for _ in range(_ITERATIONS):
            directions = np.linalg.qr(some.T @ (some @ directions))[0]
    return directions


Found = tuple[int, int, float, bool]  # number of the image, of its near copy, correlation, mirrored


def _search(
    rows: np.ndarray, mirror: np.ndarray, known: np.ndarray, projection: np.ndarray, within: bool
) -> list[Found]:
    """The near copies; where fewer than five are near a picture, the others are too far not to let its nearest stand out."""
    queries = rows @ projection, mirror @ projection
    boxes = Boxes(queries[0] if within else known @ projection)
    every, most = np.arange(len(rows)), (2 - 2 * CORRELATION) * 1.01
    some = _promising(rows, mirror, known, *_both_ways(queries, boxes, every, most, within))
    found = []
    for row, places, squares in zip(some, *_both_ways(queries, boxes, some, most / _STANDS_OUT, within), strict=True):
        found += _verified(int(row), places[np.isfinite(squares)], rows[row], mirror[row], known)
    return found


def _both_ways(
    queries: tuple[np.ndarray, np.ndarray], boxes: Boxes, some: np.ndarray, most: float, within: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The five nearest of some images, as they are or mirrored, as far as they are near: int64[N,5], squares float32[N,5]."""
    own = some if within else None
    (places, squares), (others, more) = (boxes.nearest(way[some], most, _NEXT, left_out=own) for way in queries)
    same = places[:, :, np.newaxis] == others[:, np.newaxis]
    np.minimum(squares, np.where(same, more[:, np.newaxis], np.inf).min(axis=2), out=squares)
    more[same.any(axis=1)] = np.inf
    places, squares = np.concatenate([places, others], axis=1), np.concatenate([squares, more], axis=1)
    best = np.argpartition(squares, _NEXT - 1, axis=1)[:, :_NEXT]
    return np.take_along_axis(places, best, axis=1), np.take_along_axis(squares, best, axis=1)


def _promising(
    rows: np.ndarray, mirror: np.ndarray, known: np.ndarray, places: np.ndarray, squares: np.ndarray
) -> np.ndarray:
    """Numbers of the images, int64[...], that may have a near copy, by as many of the five nearest as are known."""
    promising = []
    close = np.flatnonzero(np.isfinite(squares).any(axis=1))
    for some in np.array_split(close, -(-len(close) // _BLOCK)) if len(close) else ():
        both = np.stack([rows[some], mirror[some]], axis=2)
        likeness = (known[places[some]] @ both).max(axis=2)
        is_known = np.isfinite(squares[some])
        best = np.where(is_known, likeness, -1).max(axis=1)
        fifth = np.where(is_known, likeness, -1).min(axis=1)  # one that is not known may be anywhere
        stands_out = 2 - 2 * best <= np.maximum(_STANDS_OUT * (2 - 2 * fifth), _EQUAL) + _ROUNDING
        promising.append(some[(best >= CORRELATION - _ROUNDING) & stands_out])
    return np.concatenate(promising) if promising else close


def _verified(number: int, places: np.ndarray, row: np.ndarray, mirror: np.ndarray, known: np.ndarray) -> list[Found]:
    """The nearest one, if it is a near copy by the whole vectors."""
    as_is, mirrored = known[places] @ row, known[places] @ mirror
    likeness = np.maximum(as_is, mirrored)
    best = int(likeness.argmax())
    squares = 2 - 2 * np.sort(likeness)[::-1]
    alone = len(places) < _NEXT or squares[0] <= max(_STANDS_OUT * squares[-1], _EQUAL)
    if likeness[best] < CORRELATION or not alone:
        return []
    return [(number, int(places[best]), min(float(likeness[best]), 1.0), bool(mirrored[best] > as_is[best]))]


def _record(found: list[Found], compared: int, among: int, centred: bool, within: bool) -> NearCopies:
    once: dict[tuple[int, int], Found] = {}
    for each in found:
        once.setdefault((min(each[:2]), max(each[:2])) if within else each[:2], each)
    ordered = sorted(once.items(), key=lambda item: (-round(item[1][2], 5), item[0]))
    return NearCopies(
        pairs=np.array([pair for pair, _ in ordered], np.int64).reshape(-1, 2),
        correlation=np.array([each[2] for _, each in ordered], np.float32),
        mirrored=np.array([each[3] for _, each in ordered], bool),
        compared=compared,
        among=among,
        centred=centred,
    )
