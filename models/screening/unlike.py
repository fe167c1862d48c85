"""Which images are unlike others, by the answers of a model and by its last hidden layer, at a stated rate of false flags.

    energy     -log sum exp(logits): high where no class is spoken for (Liu et al. 2020, arXiv:2010.03759)
    neighbour  1 - cosine to the 10th nearest reference in the last hidden layer (Sun et al. 2022, arXiv:2204.06507)

The references are split: one half is what images are compared with, the other half says which values are usual. On the
compared half itself its images are their own neighbours, and thresholds would be far too strict. Of each score the p-value
is the share of the second half that scores as high, the smaller of the two counts, and its own distribution over the
second half says where 5 % lie: so 5 of 100 images like the references are flagged, whatever their scores look like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .suspected_labels import unit_rows

FLAGGED = 0.05  # share of images like the references that are flagged
FEWEST = 19  # of the usual ones: with fewer, no p-value is below 5 %
ROUGH = 100  # below, the rate is a rough one
_NEIGHBOUR = 10
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Unlike:
    """How unlike the references each image is."""

    p_value: np.ndarray  # float64[B], 0..1, share of usual images that are as unlike in one of the two ways
    flagged: np.ndarray  # bool[B]: among the 5 % most unlike, by the references; none where there are too few
    usual: int  # references that say what is usual
    rough: bool  # whether they are so few that 5 % is a rough rate


class References:
    """Images that others are held against.

    Args:
        logits: float32[A,K], of the references.
        features: float32[A,D], their last hidden layer.
        seed: of the split into two halves.
    """

    def __init__(self, logits: np.ndarray, features: np.ndarray, *, seed: int = 0) -> None:
        order = np.random.default_rng(seed).permutation(len(logits))
        compared, usual = np.array_split(order, 2)
        self._bank = unit_rows(features[compared])
        self.usual = np.sort(usual)  # int64[A/2], rows of the references that say what is usual
        scores = self._scores(logits[self.usual], features[self.usual]) if len(compared) else np.zeros((2, len(usual)))
        self._rising = np.sort(scores, axis=1)
        self._smaller = np.sort(self._smaller_p(scores, itself=True))

    def judge(self, logits: np.ndarray, features: np.ndarray) -> Unlike:
        """How unlike the references other images are, float32[B,K] and float32[B,D]."""
        count = len(self._smaller)
        if count < FEWEST or not len(logits):
            return Unlike(np.full(len(logits), np.nan), np.zeros(len(logits), bool), count, True)
        smaller = self._smaller_p(self._scores(logits, features), itself=False)
        own = (1 + np.searchsorted(self._smaller, smaller, side="right")) / (count + 1)
        return Unlike(own, own <= FLAGGED, count, count < ROUGH)

    def _scores(self, logits: np.ndarray, features: np.ndarray) -> np.ndarray:
        """float64[2,B]: energy and distance."""
        largest = logits.max(axis=1).astype(np.float64)
        energy = -(largest + np.log(np.exp(logits - largest[:, np.newaxis]).sum(axis=1)))
        near = min(_NEIGHBOUR, len(self._bank))
        distance = np.empty(len(logits))
        for start in range(0, len(logits), _BLOCK):
            cosines = unit_rows(features[start : start + _BLOCK]) @ self._bank.T
            distance[start : start + _BLOCK] = 1 - np.partition(cosines, -near, axis=1)[:, -near]
        return np.stack([energy, distance])

    def _smaller_p(self, scores: np.ndarray, *, itself: bool) -> np.ndarray:
        """float64[B]: the smaller p-value; an image that is among the usual ones does not count itself twice."""
        count = self._rising.shape[1]
        as_high = count - np.stack(
            [np.searchsorted(rising, each, side="left") for rising, each in zip(self._rising, scores, strict=True)]
        )
        return ((as_high + (0 if itself else 1)) / (count + (0 if itself else 1))).min(axis=0)


def unlike_the_rest(logits: np.ndarray, features: np.ndarray, *, seed: int = 0) -> Unlike:
    """How unlike the rest each image is: each half of the images is held against the other half.

    By its making 5 of 100 are flagged; what tells something is which ones.
    """
    halves = np.array_split(np.random.default_rng(seed).permutation(len(logits)), 2)
    p_value, flagged = np.full(len(logits), np.nan), np.zeros(len(logits), bool)
    usual, rough = 0, False
    for own, other in (halves, halves[::-1]):
        found = References(logits[other], features[other], seed=seed).judge(logits[own], features[own])
        p_value[own], flagged[own] = found.p_value, found.flagged
        usual, rough = found.usual, rough or found.rough
    return Unlike(p_value, flagged, usual, rough)
