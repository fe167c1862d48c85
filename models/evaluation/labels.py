"""How well each of several independent labels is told, which are borne together, and which errors follow from that.

precision, recall, F1    of a label at its threshold (0.5), with Wilson's intervals at 95 %
average precision        area of the steps under its precision-recall curve
best threshold           where F1 is highest; it is chosen on these very images, so its F1 flatters
exact                    share of the images whose labels are all right
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record, ask
from ..datasets.dataset import Dataset
from ..datasets.pixel_range import warn_of_range
from ..forward_pass import answers
from ..truth.record import LABELS, Marks
from .calibration import accuracy_interval, calibrate
from .curves import PrecisionRecallCurve, area, curve_of
from .numbers import Estimate
from .probabilities import probabilities_of

THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class LabelFigures:
    """One label against its absence; NaN where a figure is 0 of 0 images."""

    name: str
    images: int  # that bear it
    answered: int  # that it is answered to
    precision: Estimate  # of those answered, the share that bears it, 0..1
    recall: Estimate  # of those that bear it, the share answered, 0..1
    f1: float  # 0..1
    average_precision: float  # 0..1; by chance about images / all
    threshold: float  # 0..1, that it is answered from
    best_threshold: float  # 0..1, of the highest F1 on these images
    best_f1: float  # 0..1, there
    calibration_error: float  # 0..1, mean distance of its probability and how often it is there
    curve: PrecisionRecallCurve


@dataclass(frozen=True, eq=False)
class Together:
    """Which labels come together, and the errors that follow; of two labels the row is i, the column j."""

    true: np.ndarray  # int64[K,K], images that bear both; on the diagonal, that bear it
    answered: np.ndarray  # int64[K,K], images that both are answered to
    instead: np.ndarray  # int64[K,K], images that bear i, which is missed, and not j, which is answered
    added_beside: np.ndarray  # int64[K,K], images that bear i and not j, and j is answered
    could_beside: np.ndarray  # int64[K,K], images that bear i and not j
    added_without: np.ndarray  # int64[K,K], images that bear neither, and j is answered
    could_without: np.ndarray  # int64[K,K], images that bear neither


@dataclass(frozen=True, eq=False)
class LabelEvaluation(Record):
    """Everything measured of independent labels on one set of images."""

    names: tuple[str, ...]  # [K]
    marks: np.ndarray  # bool[B,K], borne
    probabilities: np.ndarray  # float32[B,K], 0..1
    answered: np.ndarray  # bool[B,K], at the threshold
    figures: tuple[LabelFigures, ...]  # [K]
    together: Together
    exact: Estimate  # 0..1, images whose labels are all right
    wrong_a_picture: float  # labels that are wrong, mean over images
    borne: float  # labels that an image bears, mean
    macro_average_precision: float  # 0..1, mean over the labels that occur
    micro_f1: float  # 0..1, of all labels of all images as one

    def mistakes(self, most: int | None = None) -> Any:
        """A row for each image with a wrong label, the most wrong ones first: a `pandas.DataFrame`, or a list of dicts."""
        rows = []
        for image in worst_images(self.marks, self.probabilities, self.answered)[:most]:
            missed, added = self.marks[image] & ~self.answered[image], self.answered[image] & ~self.marks[image]
            rows.append({"image": int(image), "missed": _told(self.names, missed), "added": _told(self.names, added)})
        return ask("table", rows)


def _told(names: Sequence[str], chosen: np.ndarray) -> str:
    return "|".join(name for name, on in zip(names, chosen, strict=True) if on)


def evaluate_labels(model: Any, dataset: Dataset, batch_size: int = 256, head: str = "sigmoid") -> LabelEvaluation:
    """Run a model of independent labels once over the images; arguments as for `evaluate`.

    Raises:
        ValueError: The data bear no labels of this kind, or others than the model answers.
    """
    truth = marks_in(dataset)
    warn_of_range(model, dataset)
    found = np.concatenate([np.asarray(answer) for answer in answers(model, dataset.images, batch_size)])
    outputs = found.reshape(len(found), -1)
    if head == "linear":
        return label_evaluation(truth, 0.5 * (1 + np.tanh(0.5 * outputs.astype(np.float64))))
    return label_evaluation(truth, probabilities_of(outputs, len(truth.names), "sigmoid"))


def marks_in(dataset: Dataset) -> Marks:
    """The labels that the data bear.

    Raises:
        ValueError: They bear none of this kind.
    """
    if not isinstance(dataset.truth, Marks):
        raise ValueError(
            f"Expected images with any of several labels each. Received '{dataset.source}', which has "
            f"{'numbers' if dataset.truth is not None else 'one class each, or nothing,'} instead. Read them with "
            f"task='{LABELS}', on the command line --task {LABELS}."
        )
    return dataset.truth


def label_evaluation(truth: Marks, probabilities: np.ndarray, threshold: float = THRESHOLD) -> LabelEvaluation:
    """Measure answers that have been made already.

    Args:
        truth: bool[B,K] with names.
        probabilities: float[B,K], 0..1.
        threshold: From which on a label is answered.

    Example:
        >>> marks = Marks(np.array([[True, False], [True, True]]), ("cat", "dog"))
        >>> label_evaluation(marks, np.array([[0.9, 0.6], [0.8, 0.7]])).exact.value
        0.5
    """
    marks = truth.on
    if probabilities.shape != marks.shape:
        raise ValueError(
            f"Expected an answer for each of the {marks.shape[1]} labels of the data ({', '.join(truth.names[:8])}). Received "
            f"{probabilities.shape[1] if probabilities.ndim == 2 else 0}. Name the columns of all of the model's labels, in the "
            f"order of its outputs."
        )
    answered = probabilities >= threshold
    right = int((answered == marks).all(axis=1).sum())
    figures = tuple(_figures(name, marks[:, k], probabilities[:, k], threshold) for k, name in enumerate(truth.names))
    precisions = [each.average_precision for each in figures if each.images]
    hits, both = int((answered & marks).sum()), int(answered.sum() + marks.sum())
    return LabelEvaluation(
        names=truth.names,
        marks=marks,
        probabilities=probabilities.astype(np.float32),
        answered=answered,
        figures=figures,
        together=_together(marks, answered),
        exact=share(right, len(marks)),
        wrong_a_picture=float((answered != marks).sum(axis=1).mean()),
        borne=float(marks.sum(axis=1).mean()),
        macro_average_precision=float(np.mean(precisions)) if precisions else float("nan"),
        micro_f1=2 * hits / both if both else float("nan"),
    )


def share(part: int, whole: int) -> Estimate:
    """A share with Wilson's interval; NaN for 0 of 0."""
    if not whole:
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(part / whole, *accuracy_interval(part, whole))


def worst_images(marks: np.ndarray, probabilities: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """The images with a wrong label, int64[n]: those with the most first, then those that are surest of what is wrong."""
    wrong = answered != marks
    sure = np.where(wrong, np.abs(probabilities - THRESHOLD), 0).max(axis=1)
    order = np.lexsort((-sure, -wrong.sum(axis=1)))
    return order[wrong[order].any(axis=1)]


def _figures(name: str, borne: np.ndarray, probability: np.ndarray, threshold: float) -> LabelFigures:
    answered = probability >= threshold
    hits, images, said = int((borne & answered).sum()), int(borne.sum()), int(answered.sum())
    curve = curve_of(borne, probability)
    best, best_f1 = _best(curve)
    sure = np.where(answered, probability, 1 - probability)
    calibration = calibrate(sure, answered == borne) if threshold == THRESHOLD else None
    return LabelFigures(
        name,
        images,
        said,
        share(hits, said),
        share(hits, images),
        2 * hits / (images + said) if images + said else float("nan"),
        area(curve),
        threshold,
        best,
        best_f1,
        float("nan") if calibration is None else calibration.expected_error,
        curve,
    )


def _best(curve: PrecisionRecallCurve) -> tuple[float, float]:
    """The threshold of the highest F1, the highest of equal ones, and that F1; NaN for a label that no image bears."""
    if not len(curve.thresholds):
        return float("nan"), float("nan")
    precision, recall = curve.precision[:-1], curve.recall[:-1]
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    place = len(f1) - 1 - int(f1[::-1].argmax())
    return float(curve.thresholds[place]), float(f1[place])


def _together(marks: np.ndarray, answered: np.ndarray) -> Together:
    on, off, said = marks.astype(np.int64), (~marks).astype(np.int64), answered.astype(np.int64)
    missed, added = on * (1 - said), off * said
    return Together(
        true=on.T @ on,
        answered=said.T @ said,
        instead=missed.T @ added,
        added_beside=on.T @ added,
        could_beside=on.T @ off,
        added_without=off.T @ added - np.diag(np.diag(off.T @ added)),
        could_without=off.T @ off - np.diag(np.diag(off.T @ off)),
    )
