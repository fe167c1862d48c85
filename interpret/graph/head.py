"""The head: how a model's answer follows from the scores that its maps explain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SOFTMAX, SIGMOID, LINEAR, PROBABILITY = "softmax", "sigmoid", "linear", "probability"
LOG_SOFTMAX = "log_softmax"  # the answers are logarithms of probabilities
CLASSES, LABELS, BINARY, REGRESSION, OPEN = (
    "classes",
    "independent labels",
    "binary",
    "regression",
    "binary or regression",
)


OF_NUMBERS = "The model answers numbers, not classes: the maps are of the number itself, and there is no probability."


@dataclass(frozen=True, eq=False)
class Head:
    """How the model's answer follows from its scores.

    A score is a logit wherever there is one. Where the answer is a probability that no logit lies behind (a mean of
    several softmaxes, a clipped one), the score is that probability.
    """

    kind: str  # 'softmax', 'log_softmax', 'sigmoid', 'linear' (the answer is the score), 'probability' (likewise, within 0..1)
    units: int  # width of the model's answer
    task: str = CLASSES  # 'classes', 'independent labels', 'binary' (of one unit), 'regression', or what it may be
    bounded: bool = False  # of a linear head: whether only its answers can show that they are probabilities
    precision: str | None = None  # what to know of a model of 16 bits, a sentence

    @property
    def classes(self) -> int:
        """Number of classes K that can be asked about; of a regression, of its numbers."""
        return 2 if self.is_binary else self.units

    @property
    def is_binary(self) -> bool:
        """Whether one unit stands for two classes: class 1 has the logit +z, class 0 has -z (or p and 1 - p)."""
        return self.task == BINARY

    @property
    def has_probabilities(self) -> bool:
        """Whether the answer stands for a probability of each class: not for a regression, nor what may be one."""
        return self.task not in (REGRESSION, OPEN)

    @property
    def unit(self) -> str:
        """The unit of the scores: 'logit', 'probability' or 'answer'."""
        if not self.has_probabilities:
            return "answer"
        return "probability" if self.kind == PROBABILITY else "logit"

    @property
    def remark(self) -> str | None:
        """What every reader of a map of this model has to know; None where the score is a logit, and computed in float32."""
        return " ".join(said for said in (self._of_the_score, self.precision) if said) or None

    @property
    def _of_the_score(self) -> str | None:
        if self.kind == PROBABILITY:
            return (
                "The model answers probabilities that no logit lies behind: the maps are of these probabilities, in units "
                "of the probability, and fade where the model is certain."
            )
        if self.task == REGRESSION:
            return OF_NUMBERS
        if self.task == OPEN:
            return (
                "The model answers one number without an activation: the maps are of that number. Say whether it is the "
                "logit of two classes or a regression: --task binary or --task regression, in Python "
                "declare_task(model, 'binary')."
            )
        return None

    def seen(self, within_0_and_1: bool) -> Head:
        """The same head after its answers were seen: those of something bounded that stay in 0..1 are probabilities."""
        if self.kind == LINEAR and self.bounded and within_0_and_1 and self.task == CLASSES:
            return replace(self, kind=PROBABILITY)
        return self

    def answer(self, scores: np.ndarray) -> np.ndarray:
        """What the model must answer for these scores.

        Args:
            scores: float32[B,K]; for one unit of two classes the columns are -z and +z, or 1 - p and p.

        Returns:
            float64[B,units]: softmax, its logarithm, sigmoid or the scores themselves.
        """
        z = np.asarray(scores, dtype=np.float64)
        if self.kind == SOFTMAX:
            return _softmax(z)
        if self.kind == LOG_SOFTMAX:
            return _log_softmax(z)
        own = z[:, 1:] if self.is_binary else z
        return _sigmoid(own) if self.kind == SIGMOID else own

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Probability of each class, float64[B,K]; fine enough for the largest to be the largest score's.

        One sigmoid unit gives (1 - p, p). Several sigmoid units give one independent probability each. A model that
        answers logits has no probabilities of its own: they are the softmax of its logits, as its loss would take them.
        Answers that are probabilities are these. A regression has none: NaN.
        """
        z = np.asarray(scores, dtype=np.float64)
        if not self.has_probabilities:
            return np.full(z.shape, np.nan)
        if self.kind == PROBABILITY:
            return z
        if self.kind == SIGMOID or self.is_binary or self.task == LABELS:
            return _sigmoid(z)
        return _softmax(z)


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * z))
