"""Which labels are probably wrong, and how many of those listed would be, measured by planting wrong ones.

Images are ranked by -log p(given label). Where a model was trained on these very labels it has learnt some of the wrong
ones by heart: then they are ranked by their 20 nearest neighbours in the last hidden layer (cosine), the weighted share
whose label is another.

No threshold on a probability means the same for two models. So 3 of 100 labels are changed, each to a class that the
model itself takes its class for, as often as it does so (five plantings, pooled). G(t) is the share of these that score t
or more, T(t) the share of the labels as they are. Some of those are wrong already, and must not count as correct labels of
a high score: they are at most pi = min T/G (Blanchard, Lee, Scott, "Semi-Supervised Novelty Detection", JMLR 2010), so
correct labels have T0 = (T - pi G) / (1 - pi). The loosest cut is taken at which, of 100 images listed, 70 would be wrong:

    3 % G / (3 % G + 97 % T0) >= 0.7
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

PLANTED = 0.03  # share of the labels that are changed to find the cut
FEWER = 0.01  # and to say what the same cut gives where fewer are wrong
PRECISION = 0.7  # share of planted ones that the cut has to reach
MOST_LISTED = 50
_LEAST_TAIL = 0.1  # of the planted: beyond the score that only so many reach, shares are those of a handful
_SEEDS = 5
_LEAST = 1e-12  # probability; its logarithm is finite
_FEWEST = 100  # images; of fewer, plantings say nothing
_BETTER = 0.1  # by which the accuracy must beat always answering the largest class
_NEIGHBOURS = 20
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class SuspectedLabels:
    """The images whose label is suspected, and how far such a list can be believed."""

    numbers: np.ndarray  # int64[N], of the images, the most suspect first; at most 50
    given: np.ndarray  # int64[N], their labels
    suggested: np.ndarray  # int64[N], the class that speaks for itself instead
    probability: np.ndarray  # float64[N], of the given label
    listed: int  # images beyond the cut, those not in `numbers` included
    ranked_by: str  # 'probability' or 'neighbours'
    precision: float  # 0..1, share of the listed that would be wrong, were 3 of 100 labels wrong
    precision_of_fewer: float  # 0..1, likewise at 1 of 100
    found: float  # 0..1, share of the planted wrong labels that would be listed
    innocent: float  # 0..1, share of correct labels that is listed all the same
    wrong_at_most: float  # 0..1, share of the labels that can be wrong in this way, by what the plantings look like
    refused: str | None = None  # why nothing is listed; the other figures are then empty


def suspected_labels(
    probabilities: np.ndarray, labels: np.ndarray, *, learnt_in: np.ndarray | None = None, seed: int = 0
) -> SuspectedLabels:
    """List the labels that are probably wrong.

    Args:
        probabilities: float[B,K], of the model.
        labels: int64[B], as given.
        learnt_in: float32[B,D], the last hidden layer, where the model was trained on these labels; None where it was not.
        seed: of the plantings.
    """
    refused = _refusal(probabilities, labels)
    if refused is not None:
        return none_suspected(refused)
    ranking: _ByProbability | _ByNeighbours = _ByProbability(probabilities)
    if learnt_in is not None:
        ranking = _ByNeighbours(learnt_in, probabilities.shape[1])
    scores = ranking.scores(labels)
    tails = _Tails.of(scores, _planted_scores(ranking, labels, _confused(probabilities, labels), seed))
    cut = tails.cut()
    order = np.argsort(-scores, kind="stable")[: int((scores >= cut).sum())]
    kept = order[:MOST_LISTED]
    return SuspectedLabels(
        numbers=kept,
        given=labels[kept],
        suggested=ranking.suggested(labels, kept),
        probability=probabilities[kept, labels[kept]].astype(np.float64),
        listed=len(order),
        ranked_by=ranking.name,
        precision=tails.precision(cut, PLANTED),
        precision_of_fewer=tails.precision(cut, FEWER),
        found=float(tails.wrong(cut)),
        innocent=float(tails.correct(cut)),
        wrong_at_most=tails.share,
    )


def none_suspected(why: str) -> SuspectedLabels:
    """Nothing listed, and the reason."""
    none, unknown = np.zeros(0, np.int64), float("nan")
    return SuspectedLabels(none, none, none, np.zeros(0), 0, "", unknown, unknown, unknown, unknown, unknown, why)


def witnesses_first(suspects: np.ndarray, copies: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """bool[N]: which suspects have a second witness, a near copy of another class among pairs int64[M,2]."""
    apart = copies[labels[copies[:, 0]] != labels[copies[:, 1]]] if len(copies) else copies
    return np.isin(suspects, apart)


def _refusal(probabilities: np.ndarray, labels: np.ndarray) -> str | None:
    """Why the labels cannot be questioned by these answers; None where they can."""
    if len(labels) < _FEWEST:
        return f"there are fewer than {_FEWEST} images"
    if not np.isfinite(probabilities).all():
        return "the model gives no probabilities"
    largest = np.bincount(labels).max() / len(labels)
    if (probabilities.argmax(axis=1) == labels).mean() < largest + _BETTER:
        return "the model agrees with the labels hardly more often than one that always answers the largest class"
    return None


class _ByProbability:
    """-log p(given)."""

    name = "probability"

    def __init__(self, probabilities: np.ndarray) -> None:
        self._probabilities = probabilities
        self._surprise = -np.log(np.maximum(probabilities.astype(np.float64), _LEAST))

    def scores(self, labels: np.ndarray) -> np.ndarray:
        return self._surprise[np.arange(len(labels)), labels]

    def suggested(self, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        others = self._probabilities[rows].copy()
        others[np.arange(len(rows)), labels[rows]] = -1
        return others.argmax(axis=1)


class _ByNeighbours:
    """The weighted share of the nearest neighbours whose label is another."""

    name = "neighbours"

    def __init__(self, features: np.ndarray, classes: int) -> None:
        self._near, weights = nearest_rows(features, _NEIGHBOURS)
        total = weights.sum(axis=1, keepdims=True)
        self._weights = np.divide(weights, total, out=np.full_like(weights, 1 / weights.shape[1]), where=total > 0)
        self._classes = classes

    def scores(self, labels: np.ndarray) -> np.ndarray:
        other = labels[self._near] != labels[:, np.newaxis]
        return (self._weights * other).sum(axis=1, dtype=np.float64)

    def suggested(self, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        votes = np.zeros((len(rows), self._classes))
        np.add.at(votes, (np.arange(len(rows))[:, np.newaxis], labels[self._near[rows]]), self._weights[rows])
        votes[np.arange(len(rows)), labels[rows]] = -1
        return votes.argmax(axis=1)


def nearest_rows(features: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The other rows of the largest cosine, int64[B,count], with these cosines, at least 0, float32[B,count]."""
    rows = unit_rows(features)
    count = min(count, len(rows) - 1)
    near = np.empty((len(rows), count), np.int64)
    likeness = np.empty((len(rows), count), np.float32)
    for start in range(0, len(rows), _BLOCK):
        cosines = rows[start : start + _BLOCK] @ rows.T
        own = np.arange(len(cosines))
        cosines[own, own + start] = -np.inf
        found = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        near[start : start + _BLOCK] = found
        likeness[start : start + _BLOCK] = np.take_along_axis(cosines, found, axis=1)
    return near, np.maximum(likeness, 0)


def unit_rows(features: np.ndarray) -> np.ndarray:
    """float32[B,D], each row of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-12)).astype(np.float32)


def _confused(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float64[K,K]: where the model takes images of each class that it gets wrong; rows sum to 1, the diagonal is 0."""
    classes = probabilities.shape[1]
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    leaning = np.zeros((classes, classes))
    np.add.at(leaning, labels, probabilities)
    for found in (counts, leaning):
        np.fill_diagonal(found, 0)
    found = np.where(counts.sum(axis=1, keepdims=True) > 0, counts, leaning + 1e-9)
    np.fill_diagonal(found, 0)
    return found / found.sum(axis=1, keepdims=True)


def _planted_scores(
    ranking: _ByProbability | _ByNeighbours, labels: np.ndarray, confused: np.ndarray, seed: int
) -> np.ndarray:
    """The scores of labels that were changed, of five plantings together."""
    found = []
    for each in range(seed, seed + _SEEDS):
        random = np.random.default_rng(each)
        changed = random.permutation(len(labels))[: max(1, round(PLANTED * len(labels)))]
        given = labels.copy()
        given[changed] = [random.choice(len(confused), p=confused[labels[number]]) for number in changed]
        found.append(ranking.scores(given)[changed])
    return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class _Tails:
    """Shares of labels that score at least so much."""

    seen: np.ndarray  # float64[B], scores of the labels as they are, rising
    planted: np.ndarray  # float64[P], of those planted, rising
    share: float  # 0..1, of the labels as they are that can be like those planted

    @classmethod
    def of(cls, seen: np.ndarray, planted: np.ndarray) -> _Tails:
        seen, planted = np.sort(seen), np.sort(planted)
        upper = planted[: round(len(planted) * (1 - _LEAST_TAIL))]  # beyond, few are left to compare with
        at_most = _tail(seen, upper) + 1 / len(
            seen
        )  # one more than was seen: of few images none may be there by chance
        return cls(seen, planted, float(min(1.0, (at_most / _tail(planted, upper)).min())))

    def wrong(self, cut: Any) -> Any:
        return _tail(self.planted, cut)

    def correct(self, cut: Any) -> Any:
        return np.maximum(_tail(self.seen, cut) - self.share * self.wrong(cut), 0) / max(1 - self.share, 1e-9)

    def precision(self, cut: Any, share: float) -> Any:
        wrong = share * self.wrong(cut)
        return wrong / (wrong + (1 - share) * self.correct(cut))

    def cut(self) -> float:
        """The smallest score from which on at least 70 of 100 would be wrong, and so for all above it that hold a few."""
        tried = self.planted[: round(len(self.planted) * (1 - _LEAST_TAIL))]
        good = np.flatnonzero(self.precision(tried, PLANTED) >= PRECISION)
        return float(tried[good[0]]) if len(good) else float(self.planted[-1])


def _tail(rising: np.ndarray, cut: Any) -> Any:
    """The share of the values that are at least `cut`."""
    return 1 - np.searchsorted(rising, cut, side="left") / len(rising)
