"""Deletion and insertion curves: what the score does while pixels go, or come, in the order of a map.

Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018,
arXiv:1806.07421, section 4.1. With the P pixels in the order of the map, the largest value first, and y the score:

    deletion(f)  = y(image, its first f * P pixels replaced by the baseline)
    insertion(f) = y(baseline, its first f * P pixels replaced by the image's)
    area         = integral over f from 0 to 1, by the trapezium rule

A map that names the pixels that count makes the deletion curve fall at once (small area) and the insertion curve rise
at once (large area). Departures: the paper removes one pixel (or 224) at a time, here f goes in equal steps; it deletes
to zero and inserts on a blurred image, here both are done with every baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ... import Record
from ..progress import Progress
from ..tracing.variants import Asked, VariantScores, Vary


@dataclass(frozen=True, eq=False)
class Curves(Record):
    """The curves of one order of the pixels; N baselines, B images, S steps."""

    deletion: np.ndarray  # float32[N,B,S+1], the score with a share 0, 1/S, ..., 1 of the pixels removed
    insertion: np.ndarray  # float32[N,B,S+1], the score with a share 0, 1/S, ..., 1 of the pixels shown

    @property
    def deletion_area(self) -> np.ndarray:
        """float32[N,B], in the score's unit: the mean height of the curve; small where the first pixels count."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> np.ndarray:
        """float32[N,B], in the score's unit: the mean height of the curve; large where the first pixels count."""
        return _area(self.insertion)

    @property
    def gain(self) -> np.ndarray:
        """float32[B]: insertion area less deletion area, the mean over baselines; large for a faithful map."""
        return (self.insertion_area - self.deletion_area).mean(axis=0)


def deletion_insertion(
    scores: VariantScores,
    asked: Asked,
    ranks: Mapping[str, np.ndarray],
    blanks: np.ndarray,
    steps: int,
    *,
    batch_size: int,
    progress: Progress = False,
) -> dict[str, Curves]:
    """The curves of several orders over several baselines, in full batches.

    Args:
        scores: The model.
        asked: The images, from `scores.ask`.
        ranks: {order: int32[B,H,W]}, 0 for the first pixel.
        blanks: float32[N,B,H,W,C], the image that is left when all pixels are gone.
        steps: Points of a curve beside its start.
        batch_size: Rows at a time, images times variants.
        progress: True for a bar, or a function called with (what, done, total), counted in batches.

    The ends of the curves are the same for every order and are run once.
    """
    plan = _Plan.of(len(ranks), len(blanks), steps, asked.images[0, ..., 0].size)
    values = np.empty((len(asked.images), len(plan.order)), dtype=np.float32)
    vary = _varying(asked.images, np.stack(list(ranks.values())), blanks, plan)
    for rows, variants, found, _ in scores.blocks(asked, len(plan.order), vary, batch_size, progress):
        values[rows, variants] = found
    return dict(zip(ranks, _curves(values, len(ranks), len(blanks), steps), strict=True))


def joined(parts: Sequence[Mapping[str, Curves]]) -> dict[str, Curves]:
    """The curves of several parts of the images, one after the other, by order."""
    return {
        name: Curves(
            deletion=np.concatenate([part[name].deletion for part in parts], axis=1),
            insertion=np.concatenate([part[name].insertion for part in parts], axis=1),
        )
        for name in parts[0]
    }


@dataclass(frozen=True, eq=False)
class _Plan:
    """What each variant is: of V, the image itself first, then the N blanks, then all that lies between."""

    order: np.ndarray  # int64[V]
    blank: np.ndarray  # int64[V]
    inserted: np.ndarray  # bool[V]: the first pixels are shown rather than removed
    pixels: np.ndarray  # int64[V]: how many of them

    @classmethod
    def of(cls, orders: int, blanks: int, steps: int, pixels: int) -> _Plan:
        between = np.rint(np.arange(1, steps) * pixels / steps).astype(np.int64)
        grid = np.meshgrid(np.arange(orders), np.arange(blanks), [False, True], between, indexing="ij")
        order, blank, inserted, counts = (part.ravel() for part in grid)
        ends = np.zeros(1 + blanks, dtype=np.int64)
        return cls(
            order=np.concatenate([ends, order]),
            blank=np.concatenate([[0], np.arange(blanks), blank]),
            inserted=np.concatenate([np.ones(1 + blanks, dtype=bool), inserted]),
            pixels=np.concatenate([[pixels], ends[1:], counts]),
        )


def _varying(images: np.ndarray, ranks: np.ndarray, blanks: np.ndarray, plan: _Plan) -> Vary:
    places = (1,) * (images.ndim - 1)  # one image, and the axes of its places

    def varied(rows: slice, variants: slice) -> np.ndarray:
        pixels, inserted = (part[variants].reshape(-1, *places) for part in (plan.pixels, plan.inserted))
        first = ranks[:, rows][plan.order[variants]] < pixels
        shown = (first == inserted)[..., np.newaxis]
        return np.where(shown, images[rows], blanks[:, rows][plan.blank[variants]]).swapaxes(0, 1)

    return varied


def _curves(values: np.ndarray, orders: int, blanks: int, steps: int) -> list[Curves]:
    """Put the curves together from the scores float32[B,V] of the plan."""
    count = len(values)
    whole = np.broadcast_to(values[:, 0], (blanks, count))[..., np.newaxis]
    blank = values[:, 1 : 1 + blanks].T[..., np.newaxis]
    between = values[:, 1 + blanks :].reshape(count, orders, blanks, 2, steps - 1).transpose(1, 3, 2, 0, 4)
    return [
        Curves(
            deletion=np.concatenate([whole, removed, blank], axis=-1),
            insertion=np.concatenate([blank, shown, whole], axis=-1),
        )
        for removed, shown in between
    ]


def _area(curves: np.ndarray) -> np.ndarray:
    return ((curves[..., 1:] + curves[..., :-1]) / 2).mean(axis=-1)
