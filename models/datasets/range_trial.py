"""Which pixel range a model takes, as a trial on a few labelled images shows.

Where no first layer states the range, it is an assumption, and is tested: the model answers the same images under each
range, and the one that it was trained on is the one under which it is right about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..forward_pass import answers
from .dataset import Dataset

RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0), "-1-1": (-1.0, 1.0)}
_TRIED = 64  # images
_BETTER = 0.7  # of the loss under the assumed range: another that is so much lower fits clearly better
_FEW = 16  # images: fewer contradict nothing
_SURE = 3.0  # standard errors
_KNOWN = (
    0.1  # loss under which the assumed range is right as it is: nine tenths are given to the true class, on average
)
_LEARNT = 0.75  # of the loss by chance: above it the model knows nothing of the images under that range


@dataclass(frozen=True, eq=False)
class RangeTrial:
    """What a model's answers to the same images say about its range."""

    assumed: str  # one of RANGES
    each: dict[str, np.ndarray]  # {range: float64[n], cross-entropy of each image in it}
    chance: float  # the loss of equal probabilities

    @property
    def images(self) -> int:
        """How many were tried."""
        return len(self.each[self.assumed])

    @property
    def losses(self) -> dict[str, float]:
        """{range: mean loss}."""
        return {name: float(losses.mean()) for name, losses in self.each.items()}

    @property
    def best(self) -> str:
        """The range of the least loss."""
        return min(self.losses, key=self.losses.__getitem__)

    @property
    def contradicts(self) -> bool:
        """Whether another range fits the labels clearly better than the assumed one; never so on a few images.

        The model has learnt something under the other range, its loss is far lower there, and the difference is larger than
        chance makes it between so many images. What knows nearly all images is not contradicted: larger values make a model surer
        of the same answers.
        """
        gain = self.each[self.assumed] - self.each[self.best]
        if self.best == self.assumed or len(gain) < _FEW:
            return False
        least, assumed = self.losses[self.best], self.losses[self.assumed]
        if assumed < _KNOWN:
            return False
        error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
        return bool(least < _LEARNT * self.chance and least < _BETTER * assumed and gain.mean() > _SURE * error)

    def __str__(self) -> str:
        losses = ", ".join(f"{name} {loss:.2f}" for name, loss in self.losses.items())
        return f"loss on {self.images} images: {losses} (by chance {self.chance:.2f})"


def try_ranges(model: Any, dataset: Dataset, assumed: str) -> RangeTrial | None:
    """Let the model answer up to 64 images under each range; None where its answers are no scores per class.

    Args:
        model: a Keras model of one image input.
        dataset: labelled images, its classes in the order of the model's outputs.
        assumed: the range to be tested.
    """
    numbers = np.unique(np.linspace(0, len(dataset) - 1, _TRIED).astype(np.int64))
    some = np.asarray(dataset.shown[numbers], np.float32)
    black, white = dataset.shown_range
    unit = (some - np.float32(black)) / np.float32(white - black)
    labels, losses = dataset.labels[numbers], {}
    for name, (low, high) in RANGES.items():
        answers = answers_of(model, unit * np.float32(high - low) + np.float32(low))
        if answers is None:
            return None
        found = cross_entropy(answers, labels, len(dataset.class_names))
        if found is None:
            return None
        losses[name] = found
    return RangeTrial(assumed, losses, float(np.log(max(2, len(dataset.class_names)))))


def answers_of(model: Any, images: np.ndarray) -> np.ndarray | None:
    """float64[n,K], some images at a time, so that little memory is needed."""
    found = []
    for answer in answers(model, images):
        if not hasattr(answer, "shape") or len(answer.shape) != 2:
            return None
        found.append(np.asarray(answer, np.float64))
    return np.concatenate(found)


def cross_entropy(answers: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray | None:
    """The loss of each image, float64[n], of probabilities, or of logits where the answers are none.

    None where they do not fit the classes.
    """
    if answers.shape[1] == 1 and classes == 2:
        one = (
            answers[:, 0]
            if answers.min() >= 0 and answers.max() <= 1
            else 1 / (1 + np.exp(-np.clip(answers[:, 0], -60, 60)))
        )
        answers = np.stack([1 - one, one], axis=1)
    elif answers.shape[1] != classes:
        return None
    elif answers.min() < 0 or answers.max() > 1:
        powers = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers = powers / powers.sum(axis=1, keepdims=True)
    right = np.maximum(answers[np.arange(len(labels)), labels], 1e-7)
    return -np.log(right)
