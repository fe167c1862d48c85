"""The proof: what the answers become with a content, and without it.

Some images (`trials` says which) are answered twice: with the content of a picture that carries it, and without it (`contents`
says how). A class's own effect is its recall with the content minus that without; its effect on others is the share of
the other classes' images that are called it, likewise. Both are pairs of answers to the same image: McNemar's exact test,
corrected by Holm over all contents, classes and both effects.

A mark may be a part of the object, such as the stroke of a 1: a class loses without any part that it is known by. That it is
read wherever it is shows in the others, some of which must turn. A background is no part of the object, and may be read together
with the object alone: there a loss of 25 points is enough, unless others turn away by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST = 8  # images of a class, and donors on either side
LEAST_EFFECT = 0.15  # of the recall
LEAST_ALONE = 0.25  # of the recall, where no other image need turn
SIGNIFICANT = 0.05
_NORMAL = 2.576  # of the 99 % interval


@dataclass(frozen=True, eq=False)
class Effects:
    """What a content does to the answers."""

    images: np.ndarray  # int64[K], of each class that were answered twice
    own_with: np.ndarray  # float64[K], 0..1, recall with the content; NaN without images
    own_without: np.ndarray  # float64[K]
    others_with: np.ndarray  # float64[K], share of the other classes' images called this class
    others_without: np.ndarray  # float64[K]
    own_p: np.ndarray  # float64[K], two-sided, as they are; `holm` corrects them
    others_p: np.ndarray  # float64[K]
    own_low: np.ndarray  # float64[K], the 99 % interval of the change of the recall
    own_high: np.ndarray  # float64[K]

    @property
    def own(self) -> np.ndarray:
        """float64[K]: the change of the recall by the content."""
        return self.own_with - self.own_without

    @property
    def others(self) -> np.ndarray:
        """float64[K]: the change of the share called this class."""
        return self.others_with - self.others_without

    @property
    def turns(self) -> np.ndarray:
        """bool[K]: more images of other classes turn into this one than chance would turn; by a part of the object none does."""
        return (self.others > 0) & (self.others_p < SIGNIFICANT)

    def shown(self, is_behind: bool, loss: np.ndarray | None = None) -> np.ndarray:
        """bool[K]: whether it is more than a part of the object that is lost.

        Args:
            is_behind: Whether the content is a background.
            loss: float64[K], of the recall; None: as counted.
        """
        turns_away = (self.others < 0) & (self.others_p < SIGNIFICANT)
        return self.turns | (is_behind & ~turns_away & ((self.own if loss is None else loss) >= LEAST_ALONE))


def effects_of(labels: np.ndarray, with_it: np.ndarray, without: np.ndarray, classes: int) -> Effects:
    """The effects from the answers.

    Args:
        labels: int64[n], the true classes.
        with_it: int64[n], what is answered with the content.
        without: int64[n], what is answered without it.
        classes: K.
    """
    rows = np.arange(classes)[:, np.newaxis]
    own, called, uncalled = labels == rows, with_it == rows, without == rows
    low, high = _gap_interval(called, uncalled, own)
    return Effects(
        images=own.sum(axis=1).astype(np.int64),
        own_with=_share(called, own),
        own_without=_share(uncalled, own),
        others_with=_share(called, ~own),
        others_without=_share(uncalled, ~own),
        own_p=_paired(called, uncalled, own),
        others_p=_paired(called, uncalled, ~own),
        own_low=low,
        own_high=high,
    )


def _share(said: np.ndarray, among: np.ndarray) -> np.ndarray:
    count = among.sum(axis=1)
    return np.divide((said & among).sum(axis=1), count, out=np.full(len(said), np.nan), where=count > 0)


def _paired(first: np.ndarray, second: np.ndarray, among: np.ndarray) -> np.ndarray:
    """McNemar's exact p of each class, 1 where no answer differs."""
    from scipy.stats import binom

    only_first = (first & ~second & among).sum(axis=1)
    differing = only_first + (second & ~first & among).sum(axis=1)
    smaller = np.minimum(only_first, differing - only_first)
    return np.where(differing > 0, np.minimum(1, 2 * binom.cdf(smaller, np.maximum(differing, 1), 0.5)), 1.0)


def _gap_interval(first: np.ndarray, second: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 99 % interval of the difference of two paired shares, float64[K] each (Agresti and Min, 2005)."""
    rise, fall = ((one & ~other & among).sum(axis=1) for one, other in ((first, second), (second, first)))
    count = among.sum(axis=1) + 2
    gap = (rise - fall) / count
    half = _NORMAL * np.sqrt((rise + fall + 1) / count - np.square(gap)) / np.sqrt(count)
    return gap - half, gap + half


def holm(p: np.ndarray) -> np.ndarray:
    """p values corrected for their number by Holm's steps (1979), in the same form.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")
    stepped = np.minimum(1, np.maximum.accumulate(flat[order] * (len(flat) - np.arange(len(flat)))))
    corrected = np.empty_like(flat)
    corrected[order] = stepped
    return corrected.reshape(p.shape)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Whose content comes into which image."""

    images: np.ndarray  # int64[n], numbers of the images answered twice
    carriers: np.ndarray  # int64[n], number of the picture whose content comes in
    others: np.ndarray  # int64[n], of the one without it
    rank: np.ndarray  # int64[n], the place of each image in the order that its class was drawn in


def paired(
    labels: np.ndarray, askable: np.ndarray, carriers: np.ndarray, others: np.ndarray, each: int, random: Any
) -> Pairing:
    """Draw up to `each` images of every class that has at least 8, and a donor of either side for each, never itself."""
    drawn = [random.permutation(np.flatnonzero(askable & (labels == label)))[:each] for label in np.unique(labels)]
    drawn = [rows for rows in drawn if len(rows) >= FEWEST] or [np.zeros(0, np.int64)]
    rows = np.concatenate([np.sort(rows) for rows in drawn])
    rank = np.concatenate([np.argsort(rows) for rows in drawn])
    return Pairing(rows, _donors(rows, carriers, random), _donors(rows, others, random), rank)


def _donors(rows: np.ndarray, pool: np.ndarray, random: Any) -> np.ndarray:
    drawn = pool[random.integers(len(pool), size=len(rows))]
    again = np.flatnonzero(drawn == rows)
    drawn[again] = pool[(np.searchsorted(pool, rows[again]) + 1) % len(pool)]
    return drawn


def attributed(effects: Effects, corrected: np.ndarray, excess: np.ndarray, *, is_behind: bool = False) -> int | None:
    """The class that a content is read as: of those that carry it more than the others do, and whose recall it holds up.

    Of several the one with the largest product of own effect, effect on others and excess; of a background, of own effect and
    excess.

    Args:
        effects: Of the content.
        corrected: float64[K], the corrected p of the own effects.
        excess: float64[K], the share of each class's images that carry it, less that of the other classes'.
        is_behind: Whether it is a background.

    Returns:
        None where there is none.
    """
    held = (corrected < SIGNIFICANT) & (effects.own >= LEAST_EFFECT) & effects.shown(is_behind) & (excess > 0)
    if not held.any():
        return None
    weight = effects.own * excess * (1 if is_behind else effects.others)
    return int(np.where(held, weight, -np.inf).argmax())
