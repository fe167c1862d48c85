"""Whether an image is unlike those that a model is known on: by what it answers, and by what it sees before it answers.

Energy: Liu, Wang, Owens, Li, "Energy-based Out-of-distribution Detection", NeurIPS 2020, arXiv:2010.03759.

    energy(x) = -log sum over k of exp(logit[k])

Nearest neighbours: Sun, Ming, Zhu, Li, "Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022,
arXiv:2204.06507: the distance to the k-th nearest reference, of features on the unit sphere (the last hidden layer).

The references are split in two. One half is what is near or far; on the other each measure is turned into the share of
references that are at least as far out, and the smaller of the two shares is compared with those of that half: `p` is the
share of references that are at least as unlike. An image is called unlike at p <= 0.05, so one reference in twenty is.

What it misses: about half of images turned by 90 degrees and most of those lightly blurred. An image that is not
called unlike can be classified wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 0.05  # share of references that are called unlike
NEIGHBOURS = 10  # k
FEWEST = 19  # references of the second half: below, no p can reach the level
ROUGH = 100  # below, p is rough
_BLOCK = 1024  # images that are searched at a time
MISSED = (
    "Misses about half of the images turned by 90 degrees and most of the lightly blurred ones; "
    "an answer without this flag can be wrong."
)


@dataclass(frozen=True, eq=False)
class Unlikeness:
    """How far each image is from the references."""

    p: (
        np.ndarray
    )  # float64[B], 0..1, the share of references at least as unlike; NaN where there are too few references
    flagged: np.ndarray  # bool[B], p <= 0.05
    nearest: np.ndarray  # int64[B,n], numbers of the nearest references, the nearest first; n is 0 without features
    similarity: np.ndarray  # float32[B,n], cosine of the angle to each, -1..1


@dataclass(frozen=True, eq=False)
class UnlikeTheRest:
    """How unlike the other images of its own set each image is; no image is called unlike where they are few."""

    p: np.ndarray  # float64[B], as in `Unlikeness`
    flagged: np.ndarray  # bool[B], p <= 0.05
    is_rough: bool  # whether there are so few images that p is rough


@dataclass(frozen=True, eq=False)
class ReferenceImages:
    """What is kept of the references; made by `reference_images`."""

    bank: np.ndarray | None  # float32[n,D], features of the first half, on the unit sphere; None where no layer is seen
    numbers: np.ndarray  # int64[n], which references these are
    energies: np.ndarray  # float64[m], of the second half, rising
    distances: np.ndarray | None  # float64[m], to the k-th neighbour, likewise
    shares: np.ndarray  # float64[m], the smaller share of each of the second half, rising

    @property
    def is_rough(self) -> bool:
        """Whether there are so few references that p is rough."""
        return len(self.energies) < ROUGH

    def unlikeness(self, logits: np.ndarray, features: np.ndarray | None, *, shown: int = 5) -> Unlikeness:
        """Compare images with the references.

        Args:
            logits: float32[B,K].
            features: float32[B,D], of the last hidden layer; None where none is seen.
            shown: How many of the nearest references to name.
        """
        count = len(self.energies)
        share = _shares(energy(logits), self.energies)
        nearest, similarity = np.zeros((len(logits), 0), np.int64), np.zeros((len(logits), 0), np.float32)
        if self.bank is not None and self.distances is not None and features is not None:
            share = np.minimum(share, _shares(_distances(features, self.bank), self.distances))
            if shown:
                places, similarity = _searched(features, self.bank, shown)
                nearest = self.numbers[places]
        if count < FEWEST:
            p = np.full(len(logits), np.nan)
        else:
            p = (1 + np.searchsorted(self.shares, share, side="right")) / (count + 1)
        return Unlikeness(p, p <= LEVEL, nearest, similarity)


def reference_images(
    logits: np.ndarray, features: np.ndarray | None, *, compared: int | None = None, seed: int = 0
) -> ReferenceImages:
    """Learn what is usual from images that the model was not trained on.

    Args:
        logits: float32[B,K].
        features: float32[B,D], of the last hidden layer; None where none is seen: then the energy alone decides.
        compared: References that are searched for neighbours, the others tell what is usual; None for one half.
        seed: Of the split.
    """
    order = np.random.default_rng(seed).permutation(len(logits))
    count = (len(order) + 1) // 2 if compared is None else compared
    near, rest = np.sort(order[:count]), order[count:]
    energies = energy(logits[rest])
    shares, bank, distances = _shares_among(energies), None, None
    if features is not None and len(near) and len(rest):
        bank = on_sphere(features[near])
        distances = _distances(features[rest], bank)
        shares = np.minimum(shares, _shares_among(distances))
        distances = np.sort(distances)
    return ReferenceImages(bank, near, np.sort(energies), distances, np.sort(shares))


def unlike_the_rest(logits: np.ndarray, features: np.ndarray, *, seed: int = 0) -> UnlikeTheRest:
    """Compare each half of some images with the other half; by its making about 5 of 100 are flagged: what tells is which.

    Args:
        logits: float32[B,K].
        features: float32[B,D], of the last hidden layer.
        seed: Of the halves, and of their splits.
    """
    halves = np.array_split(np.random.default_rng(seed).permutation(len(logits)), 2)
    p, rough = np.full(len(logits), np.nan), False
    for own, other in (halves, halves[::-1]):
        known = reference_images(logits[other], features[other], seed=seed)
        p[own] = known.unlikeness(logits[own], features[own], shown=0).p
        rough = rough or known.is_rough
    return UnlikeTheRest(p, p <= LEVEL, rough)


def energy(logits: np.ndarray) -> np.ndarray:
    """float64[B]: -log sum exp of logits float[B,K]; high where nothing speaks for any class.

    Example:
        >>> energy(np.zeros((1, 1))).tolist()
        [-0.0]
    """
    z = logits.astype(np.float64)
    top = z.max(axis=1, keepdims=True)
    return -(top[:, 0] + np.log(np.exp(z - top).sum(axis=1)))


def on_sphere(features: np.ndarray) -> np.ndarray:
    """float32[B,D]: each row at length 1; one of zeros stays so."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.divide(features, length, out=np.zeros_like(features, dtype=np.float32), where=length > 0)


def _searched(features: np.ndarray, bank: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of the bank to each of many images, block by block."""
    blocks = [
        _nearest(on_sphere(features[start : start + _BLOCK]), bank, count)
        for start in range(0, max(len(features), 1), _BLOCK)
    ]
    places, similarity = zip(*blocks, strict=True)
    return np.concatenate(places), np.concatenate(similarity)


def _nearest(rows: np.ndarray, bank: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the bank of the largest cosine, int64[B,n] and float32[B,n], the nearest first."""
    cosines = rows @ bank.T
    count = min(count, len(bank))
    places = np.argpartition(cosines, len(bank) - count, axis=1)[:, len(bank) - count :]
    found = np.take_along_axis(cosines, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(found, order, axis=1)


def _distances(features: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """float64[B]: from each of many images to the k-th nearest of the bank, or to the last one that there is."""
    place = max(len(bank) - NEIGHBOURS, 0)
    found = np.empty(len(features), np.float32)
    for start in range(0, len(features), _BLOCK):
        cosines = on_sphere(features[start : start + _BLOCK]) @ bank.T
        cosines.partition(place, axis=1)
        found[start : start + _BLOCK] = cosines[:, place]
    return 1 - found.astype(np.float64)


def _shares(values: np.ndarray, rising: np.ndarray) -> np.ndarray:
    """The share of references, the image itself among them, whose value is at least as large."""
    return (1 + len(rising) - np.searchsorted(rising, values, side="left")) / (len(rising) + 1)


def _shares_among(values: np.ndarray) -> np.ndarray:
    """The same for references among themselves."""
    rising = np.sort(values)
    return (len(rising) - np.searchsorted(rising, values, side="left")) / max(len(rising), 1)
