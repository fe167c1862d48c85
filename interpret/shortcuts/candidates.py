"""Which images share content at a fixed place, whatever a model makes of it.

What repeats exactly at its place is one candidate (`repeats`), a border that is much the same in a class another (`tight`).
In small pictures, each window of a fifth of the side, each frame, the background and the levels are clustered; a cluster that
stands apart by D >= 3.3 (see `separation`) is another; and so is one where a class looks much the same (`likeness`).
Candidates that select the same images are one, with several ways to describe what they share: the pixels of all its windows,
or of the frame, the background, the levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .pixels.contents import Content, Kind, border, border_values, levels
from .pixels.grid import enlarged, parts
from .pixels.likeness import much_the_same
from .pixels.refining import shared_pixels
from .pixels.repeats import repeats
from .pixels.separation import far_apart
from .pixels.stamps import Stamp, stamp_of
from .pixels.tight import tight_groups

LEAST_SEPARATION = 3.3
MOST = 8
_SAME = 0.6  # shared images over those of either: two candidates select the same
_STEP = 28  # windows start every 3 of 28 pixels
_RIM = 6  # a frame is looked for in this part of the side, where the borders alone showed something
_PIECE = 0.8  # of a mark's pixels
_LEVEL = (
    0.15  # of the range, between the levels of a group and of the rest: whole numbers of few steps repeat by themselves
)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the small pictures, as numbers."""

    kind: Kind
    mask: np.ndarray | None  # bool[h,w]; None for background and levels
    features: np.ndarray  # float32[n,P,C] of pixels, float32[n,D] of other numbers, in 0..1
    is_alike: bool = False  # its images look much the same, though no pixel need repeat exactly


@dataclass(frozen=True, eq=False)
class Candidate:
    """Images that share something."""

    separation: float  # the largest D; NaN of what repeats exactly but does not stand apart
    members: np.ndarray  # bool[n], which of the images looked at
    ways: tuple[Content | Stamp, ...]  # what they share, at full size


def candidates(
    images: Any, numbers: np.ndarray, pictures: np.ndarray, labels: np.ndarray, seed: int = 0
) -> list[Candidate]:
    """The candidates, the furthest apart first.

    Args:
        images: [B,H,W,C], as an array reads.
        numbers: int64[n], those looked at.
        pictures: float32[n,h,w,C], the same, small (`grid.small`).
        labels: int64[n].
        seed: Of the first centres of the clusters.
    """
    low, high = float(pictures.min(initial=0)), float(pictures.max(initial=0))
    if len(pictures) < 2 or high - low < 1e-9:
        return []
    scaled = (pictures - low) / (high - low)
    found, much_alike = [], []
    with threadpool_limits(1, "blas"):  # several threads wait for each other, at many times the cost
        for part in parts_of(scaled):
            found += _apart(part, seed)
            much_alike += _much_the_same(part, labels)
    found += [(0.0, Part("mark", mask, scaled[:, mask]), members) for mask, members in repeats(scaled, labels)]
    found += list(_with_the_same_border(scaled, labels))
    found += much_alike
    found.sort(key=lambda each: -each[0])
    gathered: list[list[tuple[float, Part, np.ndarray]]] = []
    for each in found:
        home = next((group for group in gathered if _same(group[0][2], each[2])), None)
        if home is not None:
            home.append(each)
        elif len(gathered) < MOST:
            gathered.append([each])
    made = [_described(images, numbers, group, (low, high)) for group in gathered]
    return [each for each in [*made, *_stamped(pictures, labels, made)] if each.ways]


def _stamped(pictures: np.ndarray, labels: np.ndarray, known: Sequence[Candidate]) -> list[Candidate]:
    """The images that share a stamp, unless they are known already by what they share at a fixed place."""
    found = stamp_of(pictures, labels)
    if found is None or any(each.ways and _same(each.members, found[1]) for each in known):
        return []
    return [Candidate(float("nan"), found[1], (found[0],))]


def _apart(part: Part, seed: int) -> Iterator[tuple[float, Part, np.ndarray]]:
    """A part of the pictures with the images that share it, and how far they stand apart."""
    least = _LEVEL if part.kind == "level" else 1e-3
    for apart, members in far_apart(part.features, LEAST_SEPARATION, least=least, seed=seed):
        yield apart, part, members


def _with_the_same_border(pictures: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, Part, np.ndarray]]:
    """The images of a class with much the same border: a background, or a frame where pixels are shared, or much the same."""
    edges, (height, width) = border_values(pictures), pictures.shape[1:3]
    mask = border(height, width, max(1, min(height, width) // _RIM))
    for members in tight_groups(edges, labels):
        yield 0.0, Part("background", None, edges), members
        for is_alike in (False, True):
            yield 0.0, Part("frame", mask, pictures[:, mask], is_alike), members


def _much_the_same(part: Part, labels: np.ndarray) -> Iterator[tuple[float, Part, np.ndarray]]:
    """The images that look like one class's in a window or along the border."""
    if part.mask is not None:
        for members in much_the_same(part.features, labels, may_be_plain=part.kind == "frame"):
            yield 0.0, replace(part, is_alike=True), members


def parts_of(pictures: np.ndarray) -> Iterator[Part]:
    """All parts that are looked at, of pictures in 0..1."""
    height, width = pictures.shape[1:3]
    for window in _windows(height, width):
        mask = np.zeros((height, width), bool)
        mask[window] = True
        yield Part("mark", mask, pictures[:, *window].reshape(len(pictures), -1, pictures.shape[3]))
    for thickness in (1, 2):
        if min(height, width) > 4 * thickness:
            mask = border(height, width, thickness)
            yield Part("frame", mask, pictures[:, mask])
    yield Part("background", None, border_values(pictures))
    yield Part("level", None, levels(pictures))


def _windows(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    side, step = (max(1, round(min(height, width) / by)) for by in (5, _STEP / 3))
    starts = [sorted({*range(0, size - side + 1, step), size - side}) for size in (height, width)]
    for row in starts[0]:
        for column in starts[1]:
            yield slice(row, row + side), slice(column, column + side)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two candidates select the same images, or one those that the other leaves: content, and its absence."""
    return any(_overlap(one, side) for side in (other, ~other))


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return (one & other).sum() >= _SAME * (one | other).sum()


def _described(
    images: Any, numbers: np.ndarray, group: Sequence[tuple[float, Part, np.ndarray]], span: tuple[float, float]
) -> Candidate:
    """One candidate, with one way to describe it for each kind of content."""
    members, found = group[0][2], [part for _, part, _ in group]
    ways = [Content(kind) for kind in ("background", "level") if kind in {part.kind for part in found}]
    exact, much_alike = (
        _masks(images, numbers, members, [part for part in found if part.is_alike == alike], span)
        for alike in (False, True)
    )
    if not any(kind == "frame" for kind, _ in exact):  # of what looks the same, some pixels may repeat as well
        exact += [each for each in much_alike if not any(np.array_equal(each[1], mask) for _, mask in exact)]
    ways = [*(Content(kind, mask) for kind, mask in exact), *ways]
    ways += [Content("frame", mask, continued=True) for kind, mask in exact if kind == "frame"]
    return Candidate(group[0][0] or float("nan"), members, _without_pieces(ways))


def _masks(
    images: Any, numbers: np.ndarray, members: np.ndarray, found: Sequence[Part], span: tuple[float, float]
) -> list[tuple[Kind, np.ndarray]]:
    """The mark and the frame that some parts are of, with their pixels at full size."""
    made: list[tuple[Kind, np.ndarray]] = []
    kinds: tuple[Kind, ...] = ("mark", "frame")
    for kind in kinds:
        of_kind = [part for part in found if part.kind == kind]
        mask = _exact(images, numbers, members, of_kind, kind, span) if of_kind else np.zeros(0, bool)
        if mask.any():
            made.append((kind, mask))
    return made


def _without_pieces(ways: Sequence[Content]) -> tuple[Content, ...]:
    """The ways without a mark that is but a piece of the frame: most of its pixels lie in it."""
    frame = next((each.mask for each in ways if each.kind == "frame"), None)

    def is_piece(mask: np.ndarray | None) -> bool:
        return (
            mask is not None
            and frame is not None
            and bool((mask & frame).sum() >= _PIECE * mask.sum() > 0.1 * frame.sum())
        )

    return tuple(way for way in ways if way.kind == "frame" or not is_piece(way.mask))


def _exact(
    images: Any, numbers: np.ndarray, members: np.ndarray, found: Sequence[Part], kind: Kind, span: tuple[float, float]
) -> np.ndarray:
    """bool[H,W]: the pixels of what some windows or frames have in common, at full size."""

    def see(chosen: np.ndarray) -> Iterator[np.ndarray]:
        for _, part in parts(images, chosen):
            yield (part - span[0]) / (span[1] - span[0])

    near = enlarged(np.any([part.mask for part in found if part.mask is not None], axis=0), *images.shape[1:3])
    is_alike = any(part.is_alike for part in found)
    mask = shared_pixels(see, numbers[members], numbers[~members], near, and_alike=is_alike)
    return whole_frame(mask) if kind == "frame" else mask


def whole_frame(mask: np.ndarray) -> np.ndarray:
    """The frame that a mask is part of: as thick as its rings are in the mask by at least half; none where no ring is.

    Where objects touch the border the rest may look like the frame, so that its own pixels there do not stand out.
    """
    thick = 0
    for by in range(1, min(mask.shape) // 4 + 1):
        ring = border(mask.shape[0], mask.shape[1], by) & ~(
            border(mask.shape[0], mask.shape[1], by - 1) if by > 1 else np.zeros_like(mask)
        )
        if mask[ring].mean() < 0.5:
            break
        thick = by
    return border(mask.shape[0], mask.shape[1], thick) if thick else np.zeros_like(mask)
