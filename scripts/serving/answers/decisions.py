"""What a model decides of a batch: made for all its pictures at once, as the arrays are there at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featurelens.models.screening.answer_sets import SetThresholds, answer_sets


@dataclass(frozen=True, eq=False)
class Decisions:
    """The decisions on the pictures of a batch; made by `decisions`."""

    logits: np.ndarray  # float32[B,K]
    probabilities: np.ndarray  # float64[B,K], 0..1
    top: list[int]  # [B], the class of the largest logit
    second: list[int]  # [B], the next one; of a single class itself
    margin: list[float]  # [B], the one's logit less the other's
    shown: np.ndarray  # float32[B,K], the probabilities as they are written
    _sets: dict[float, list[list[bool]]] = field(default_factory=dict)

    def sets(self, thresholds: SetThresholds) -> list[list[bool]]:
        """[B][K]: which classes are not ruled out."""
        found = self._sets.get(thresholds.missed)
        if found is None:
            found = self._sets[thresholds.missed] = answer_sets(self.probabilities, thresholds).tolist()
        return found


def decisions(logits: np.ndarray, probabilities: np.ndarray) -> Decisions:
    """What follows from logits float32[B,K] and probabilities float64[B,K].

    Example:
        >>> found = decisions(np.float32([[1, 4, 2]]), np.array([[0.04, 0.84, 0.12]]))
        >>> found.top, found.second, found.margin
        ([1], [2], [2.0])
    """
    rows = np.arange(len(logits))
    rest = logits.astype(np.float64)
    top = rest.argmax(axis=1)
    largest = rest[rows, top]
    rest[rows, top] = -np.inf
    second = rest.argmax(axis=1)
    margin = largest - logits[rows, second]
    written = np.ascontiguousarray(probabilities, np.float32)
    return Decisions(
        np.ascontiguousarray(logits), probabilities, top.tolist(), second.tolist(), margin.tolist(), written
    )
