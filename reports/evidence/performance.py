"""How good the model is: the figures of an evaluation, for the page and for the files of `featurelens evaluate`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.evaluation.metrics import Average, Evaluation, averages
from .seen import Seen
from .twin import DrawnOnly


@dataclass(frozen=True, eq=False)
class ConfusionCount:
    """How often one class was taken for another."""

    true: int  # the class
    predicted: int  # the class that it was taken for
    count: int  # images


@dataclass(frozen=True, eq=False)
class ClassFigures:
    """One class against all others; NaN where a figure is not known."""

    precision: float  # 0..1, of those called so, the share that is
    recall: float  # 0..1, of those that are, the share that was found
    f1: float  # 0..1
    average_precision: float  # 0..1, area under the class's precision-recall curve
    support: int  # images of the class


@dataclass(frozen=True, eq=False)
class CalibrationBin:
    """The images whose probability of the predicted class lies in one range."""

    above: float  # 0..1
    to: float  # 0..1
    images: int
    confidence: float  # 0..1, mean probability of the predicted class; NaN without images
    accuracy: float  # 0..1, likewise


@dataclass(frozen=True, eq=False)
class EvaluationFigures:
    """The figures of an evaluation."""

    images: int
    accuracy: float  # 0..1
    loss: float  # mean of -log(probability of the true class), nats
    averages: dict[str, Average]  # 'macro', 'weighted'
    expected_calibration_error: float  # 0..1
    classes: dict[str, ClassFigures]  # by name
    confusion: np.ndarray  # int64[K,K], images; row: true class, column: predicted class
    calibration: tuple[CalibrationBin, ...]


@dataclass(frozen=True, eq=False)
class PerformanceEvidence:
    """The figures, and what the page draws beside them."""

    figures: EvaluationFigures
    confidence: float  # 0..1, mean probability of the predicted class
    mistakes: int
    weakest: int | None  # the class of which the smallest share is found; None where that is no one class among several
    confusions: tuple[ConfusionCount, ...]  # the most frequent first
    evaluation: DrawnOnly[Evaluation]


def gather_performance(seen: Seen) -> PerformanceEvidence:
    """The figures of the model's answers to all images."""
    evaluation = seen.evaluation
    confusions = ranked_confusions(evaluation.confusion)
    return PerformanceEvidence(
        figures=evaluation_figures(evaluation),
        confidence=float(evaluation.probabilities.max(axis=1).mean()),
        mistakes=sum(each.count for each in confusions),
        weakest=weakest_class(evaluation),
        confusions=confusions,
        evaluation=evaluation,
    )


def weakest_class(evaluation: Evaluation) -> int | None:
    """The class of which the smallest share is found; None where that is no one class among several."""
    recall = evaluation.recall
    known = np.isfinite(recall)
    if known.sum() < 2 or evaluation.accuracy == 1 or (recall[known] == recall[known].min()).sum() > 1:
        return None
    return int(np.nanargmin(recall))


def ranked_confusions(confusion: np.ndarray) -> tuple[ConfusionCount, ...]:
    """The confusions that happened, the most frequent first, equally frequent ones by their classes.

    Args:
        confusion: int[K,K], images; row: true class, column: predicted class.

    Example:
        >>> [(each.true, each.predicted, each.count) for each in ranked_confusions(np.array([[9, 2], [3, 9]]))]
        [(1, 0, 3), (0, 1, 2)]
    """
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)]
    places = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return tuple(ConfusionCount(int(true), int(said), int(wrong[true, said])) for true, said in places)


def evaluation_figures(evaluation: Evaluation) -> EvaluationFigures:
    """The numbers of an evaluation."""
    return EvaluationFigures(
        images=len(evaluation.labels),
        accuracy=evaluation.accuracy,
        loss=evaluation.loss,
        averages=averages(evaluation),
        expected_calibration_error=evaluation.calibration.expected_error,
        classes={name: _of_class(evaluation, label) for label, name in enumerate(evaluation.class_names)},
        confusion=evaluation.confusion,
        calibration=_bins(evaluation),
    )


def _of_class(evaluation: Evaluation, label: int) -> ClassFigures:
    return ClassFigures(
        precision=float(evaluation.precision[label]),
        recall=float(evaluation.recall[label]),
        f1=float(evaluation.f1[label]),
        average_precision=float(evaluation.average_precision[label]),
        support=int(evaluation.support[label]),
    )


def _bins(evaluation: Evaluation) -> tuple[CalibrationBin, ...]:
    """The bins of the reliability diagram."""
    bins = evaluation.calibration
    columns = (bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy)
    return tuple(CalibrationBin(*row) for row in zip(*(column.tolist() for column in columns), strict=True))
