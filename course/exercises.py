"""The exercises: what each asks, how long it takes, and how an answer is judged. A wrong one gets a hint, never the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


class Hint(Exception):
    """What is missing from an answer."""


@dataclass(frozen=True)
class Exercise:
    """One exercise."""

    title: str
    minutes: int
    difficulty: int  # 1 to 3
    importance: int  # 1 to 3
    about: tuple[str, ...]  # names of what `check` is given beside the answer
    form: str  # what form the answer has
    judge: Callable[..., str]  # (answer, **about) -> what to say of a right one; raises Hint

    @property
    def heading(self) -> str:
        """Minutes, difficulty and importance in a line."""
        return f"{self.minutes} minutes, difficulty {self.difficulty} of 3, importance {self.importance} of 3"


def _number(answer: Any) -> float:
    values = np.asarray(answer, np.float64)
    if values.size != 1:
        raise Hint(f"one number was asked for, and this has the shape {list(values.shape)}. Average over all of it?")
    return float(values.reshape(()))


def _near(answer: Any, truth: float, about: float = 1e-3) -> bool:
    return abs(_number(answer) - truth) <= about * max(abs(truth), 1e-9) + 1e-9


def _share(answer: Any, truth: float) -> None:
    found = _number(answer)
    if _near(found, 100 * truth):
        raise Hint("this is a percentage. Give the share, between 0 and 1.")
    if _near(found, 1 - truth) and not _near(found, truth):
        raise Hint("this is the share of the others. Compare with == rather than !=.")
    if not 0 <= found <= 1:
        raise Hint("a share lies between 0 and 1. Divide by how many there are.")


def _accuracy(answer: Any, labels: np.ndarray, predictions: np.ndarray) -> str:
    truth = float((labels == predictions).mean())
    _share(answer, truth)
    if not _near(answer, truth):
        raise Hint("compare each prediction with its label, and take the mean of what is equal.")
    return f"{truth:.1%}".replace("%", " %") + " of the images are classified correctly."


def _confusion(answer: Any, labels: np.ndarray, predictions: np.ndarray) -> str:
    true, said = (int(each) for each in answer)
    counts = np.zeros((int(labels.max()) + 1, int(max(labels.max(), predictions.max())) + 1), int)
    np.add.at(counts, (labels, predictions), 1)
    if true == said:
        raise Hint("this is a class with itself: the right answers lie on the diagonal. Set it to 0 first.")
    counts[np.arange(len(counts)), np.arange(len(counts))] = 0
    best = counts.max()
    if counts[said, true] == best and counts[true, said] != best:
        raise Hint("these are the two classes, in the other order: first the true one, then what it is taken for.")
    if counts[true, said] != best:
        raise Hint(
            "another pair is confused more often. np.unravel_index turns the place of the maximum into two numbers."
        )
    return f"it happens {best} time{'s' if best != 1 else ''}."


def _sure_mistakes(answer: Any, labels: np.ndarray, probabilities: np.ndarray) -> str:
    wrong, sure = probabilities.argmax(axis=1) != labels, probabilities.max(axis=1) > 0.9
    truth = int((wrong & sure).sum())
    found = _number(answer)
    if found == int(sure.sum()):
        raise Hint("these are all sure answers, the right ones too. Ask for both: wrong, and sure (&).")
    if found == int(wrong.sum()):
        raise Hint("these are all mistakes. Which of them have a largest probability above 0.9?")
    if found != truth:
        raise Hint("count the images where the largest probability is above 0.9 and its class is not the label.")
    return f"{truth} of {int(wrong.sum())} mistakes are made with more than 90 % probability."


def _active(answer: Any, activations: np.ndarray) -> str:
    truth = float((activations > 0).mean())
    _share(answer, truth)
    if _near(answer, float((activations >= 0).mean())) and truth < 1:
        raise Hint("after a ReLU every value is at least 0. Ask for those above 0.")
    if not _near(answer, truth):
        raise Hint("take the mean of activations > 0 over images, places and channels.")
    return f"{truth:.1%}".replace("%", " %") + " of the values are above 0."


def _likeness(answer: Any, channel: np.ndarray, picture: np.ndarray) -> str:
    truth = float(np.corrcoef(channel.ravel(), picture.ravel())[0, 1])
    found = _number(answer)
    if _near(found, truth**2) and not _near(found, truth):
        raise Hint("this is r squared. Pearson's r itself was asked for.")
    if not _near(found, truth, 5e-3):
        raise Hint("subtract each one's mean, multiply place by place, and divide by the product of both lengths.")
    return f"Pearson's r is {truth:.2f}."


def _best_layer(answer: Any, accuracies: dict[str, float]) -> str:
    best = max(accuracies, key=lambda name: accuracies[name])
    if str(answer) not in accuracies:
        raise Hint(f"give the name of a layer: {', '.join(accuracies)}.")
    if accuracies[str(answer)] < accuracies[best] - 1e-9:
        raise Hint("from another layer the class can be read off better. Look for the largest probe accuracy.")
    return (
        f"from {best} a linear probe reads the class off in {accuracies[best]:.1%}".replace("%", " %")
        + " of the images."
    )


def _grad_cam(answer: Any, activations: np.ndarray, gradients: np.ndarray) -> str:
    weights = gradients.mean(axis=(0, 1))
    signed = (activations * weights).sum(axis=-1)
    found = np.asarray(answer, np.float64)
    if found.shape != signed.shape:
        raise Hint(
            f"a map of {list(signed.shape)} was asked for, and this has {list(found.shape)}. Sum over the channels."
        )
    scale = np.abs(signed).max() or 1.0
    if np.abs(found - np.maximum(signed, 0)).max() <= 1e-3 * scale:
        return "these are the ten lines that a paper of ten thousand citations rests on."
    if np.abs(found - signed).max() <= 1e-3 * scale:
        raise Hint("the negative evidence is still there. Grad-CAM cuts it off: np.maximum(..., 0).")
    if np.abs(found - np.maximum((activations * gradients).sum(axis=-1), 0)).max() <= 1e-3 * scale:
        raise Hint(
            "this multiplies place by place (HiResCAM). Grad-CAM first averages each channel's gradient over the places."
        )
    raise Hint("average the gradients over both axes of places, weight the channels with that, sum, and cut below 0.")


def _vanishing(answer: Any, ratios: np.ndarray, probabilities: np.ndarray) -> str:
    truth = float(np.median(ratios[probabilities > 0.99]))
    if not _near(answer, truth, 1e-2):
        raise Hint("take only the images with a probability above 0.99, and the median (np.median) of their ratios.")
    return f"where the model is sure, {truth:.2g} of the gradient is left after the softmax."


def _contrast(answer: Any, first: np.ndarray, second: np.ndarray) -> str:
    truth, found = first - second, np.asarray(answer)
    if found.shape != truth.shape:
        raise Hint(f"a map of {list(truth.shape)} was asked for, and this has {list(found.shape)}.")
    scale = np.abs(truth).max() or 1.0
    if np.abs(found + truth).max() <= 1e-3 * scale:
        raise Hint("this is why the second rather than the first. Turn it round.")
    if np.abs(found - truth).max() > 1e-3 * scale:
        raise Hint("HiResCAM is linear in the score: the map of a difference is the difference of the maps.")
    return "warm places speak for the first class rather than the second."


def _deletion(answer: Any, curve: np.ndarray) -> str:
    truth, found = np.asarray(curve, np.float64), np.asarray(answer, np.float64)
    if found.shape != truth.shape:
        raise Hint(
            f"{len(truth)} probabilities were asked for, one for each share of the pixels; this has {list(found.shape)}."
        )
    if np.abs(found - truth).max() > 1e-3:
        raise Hint(
            "set the strongest pixels of the map to 0, more of them at each step, and ask for the class each time."
        )
    return "the probability falls as the pixels go that the map calls important."


def _cites(answer: Any, verdicts: dict[str, str]) -> str:
    truth, found = {name for name, level in verdicts.items() if level == "good"}, {str(each) for each in answer}
    if found - set(verdicts):
        raise Hint(f"{', '.join(sorted(found - set(verdicts)))} was not tested. Names: {', '.join(verdicts)}.")
    if found - truth:
        raise Hint(f"{', '.join(sorted(found - truth))} did not pass. Look at the level of its verdict.")
    if truth - found:
        raise Hint(f"{len(truth - found)} more passed.")
    return f"{', '.join(sorted(truth)) or 'none'} may be cited on this model."


def _intervention(answer: Any, before: np.ndarray, after: np.ndarray, marked: int) -> str:
    truth = float((after == marked).mean() - (before == marked).mean())
    if _near(answer, float((after == marked).mean())) and not _near(answer, truth):
        raise Hint("some were taken for that class before, too. Subtract their share.")
    if not _near(answer, truth):
        raise Hint("the share of images taken for the marked class with the mark, less that without.")
    return (
        f"the mark alone turns {truth:.0%}".replace("%", " %")
        + " of the images into that class: the shortcut is proven."
    )


EXERCISES = {
    "1.1": Exercise("Accuracy by hand", 3, 1, 3, ("labels", "predictions"), "Give one number.", _accuracy),
    "1.2": Exercise(
        "The largest confusion", 5, 2, 2, ("labels", "predictions"), "Give (true class, taken for).", _confusion
    ),
    "1.3": Exercise("Wrong, and sure of it", 4, 2, 3, ("labels", "probabilities"), "Give one number.", _sure_mistakes),
    "2.1": Exercise("How much of a layer fires", 3, 1, 2, ("activations",), "Give one number.", _active),
    "2.2": Exercise("Likeness to the picture", 6, 2, 2, ("channel", "picture"), "Give one number.", _likeness),
    "2.3": Exercise("Where the class can be read off", 4, 1, 3, ("accuracies",), "Give a layer's name.", _best_layer),
    "3.1": Exercise("Grad-CAM in ten lines", 10, 2, 3, ("activations", "gradients"), "Give a map.", _grad_cam),
    "3.2": Exercise("What a softmax hides", 5, 2, 3, ("ratios", "probabilities"), "Give one number.", _vanishing),
    "3.3": Exercise("Why this rather than that", 4, 2, 2, ("first", "second"), "Give a map.", _contrast),
    "4.1": Exercise("Take pixels away", 10, 3, 3, ("curve",), "Give a list of probabilities.", _deletion),
    "4.2": Exercise("Which maps may be cited", 4, 1, 3, ("verdicts",), "Give a list of names.", _cites),
    "5.1": Exercise("Prove the shortcut", 6, 2, 3, ("before", "after", "marked"), "Give one number.", _intervention),
}
