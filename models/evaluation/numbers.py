"""How far a regression's numbers are from the true ones, with intervals, and where they are furthest.

    MAE   mean |answer - truth|
    RMSE  sqrt(mean (answer - truth)^2)
    R2    1 - sum (answer - truth)^2 / sum (truth - mean truth)^2; of a constant truth not defined

Intervals: percentile bootstrap over the images (Efron 1979, doi:10.1214/aos/1176344552), 1,000 samples drawn with
replacement, pairs of truth and answer kept together; the same samples for all three.
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
from ..truth.record import REGRESSION, Numbers

RESAMPLES = 1000
LEVEL = 0.95
_AT_ONCE = 2**21  # numbers drawn at a time
_RANGES = 5  # of the truth, of about as many images each


@dataclass(frozen=True)
class Estimate:
    """A figure over images with its interval."""

    value: float  # NaN where it is not defined
    low: float  # of the 95 % interval
    high: float


@dataclass(frozen=True, eq=False)
class ErrorsInRange:
    """The errors of the images whose truth lies within a range."""

    low: float  # the least truth of them
    high: float  # the largest
    images: int
    mae: Estimate
    bias: Estimate  # mean of answer - truth: above 0 where the answers are too high


@dataclass(frozen=True, eq=False)
class NumberFigures:
    """How far the answers are from one number of the truth."""

    name: str
    mae: Estimate  # in the number's unit
    rmse: Estimate
    r2: Estimate  # at most 1; 0: no better than always answering the mean
    bias: Estimate  # mean of answer - truth
    mae_of_median: float  # of always answering the median truth
    correlation: float  # Pearson's r of truth and answer; NaN where either is constant
    ranges: tuple[ErrorsInRange, ...]  # the lowest truths first


@dataclass(frozen=True, eq=False)
class NumberEvaluation(Record):
    """Everything measured of a regression on one set of images."""

    names: tuple[str, ...]  # [N], of the numbers
    unit: str  # of all of them; '' where it is not known
    truth: np.ndarray  # float64[B,N]
    answers: np.ndarray  # float64[B,N]
    figures: tuple[NumberFigures, ...]  # [N]

    @property
    def errors(self) -> np.ndarray:
        """float64[B,N], answer - truth."""
        return self.answers - self.truth

    def worst(self, most: int = 20, number: int = 0) -> Any:
        """A row for each image, the largest error of a number first: a `pandas.DataFrame`, or a list of dicts."""
        order = np.argsort(-np.abs(self.errors[:, number]), kind="stable")[:most]
        rows = [
            {
                "image": int(image),
                "true": float(self.truth[image, number]),
                "answer": float(self.answers[image, number]),
                "error": float(self.errors[image, number]),
            }
            for image in order
        ]
        return ask("table", rows)


def evaluate_numbers(model: Any, dataset: Dataset, batch_size: int = 256) -> NumberEvaluation:
    """Run a regression once over the images; arguments as for `evaluate`.

    Raises:
        ValueError: The data bear no numbers, or others than the model answers.
    """
    truth = numbers_in(dataset)
    warn_of_range(model, dataset)
    found = [np.asarray(answer) for answer in answers(model, dataset.images, batch_size)]
    return number_evaluation(truth, np.concatenate([each.reshape(len(each), -1) for each in found]))


def numbers_in(dataset: Dataset) -> Numbers:
    """The numbers that the data bear.

    Raises:
        ValueError: They bear none.
    """
    if not isinstance(dataset.truth, Numbers):
        raise ValueError(
            f"Expected images with their numbers, as a regression is held against. Received '{dataset.source}', which has "
            f"{'several labels of each image' if dataset.truth is not None else 'classes, or nothing,'} instead. Read them with "
            f"task='{REGRESSION}', on the command line --task {REGRESSION}."
        )
    return dataset.truth


def number_evaluation(truth: Numbers, answered: np.ndarray, *, seed: int = 0) -> NumberEvaluation:
    """Measure answers that have been made already.

    Args:
        truth: float64[B,N] with names.
        answered: float[B,N].
        seed: Of the bootstrap.

    Example:
        >>> number_evaluation(Numbers(np.array([[0.0], [2.0]]), ("age",)), np.array([[1.0], [2.0]])).figures[0].r2.value
        0.5
    """
    if answered.shape != truth.values.shape:
        raise ValueError(
            f"Expected an answer for each of the {truth.values.shape[1]} numbers of the truth ({', '.join(truth.names[:8])}). "
            f"Received {answered.shape[1] if answered.ndim == 2 else 0} for an image. Name as many columns as the model answers "
            f"with --label-column, in the order of its outputs; one of several outputs is named by --model-output."
        )
    if not np.isfinite(answered).all():
        raise ValueError(
            "Expected finite answers. Received NaN or infinity among them. Look at the model's weights and input."
        )
    answered = answered.astype(np.float64)
    columns = zip(truth.names, truth.values.T, answered.T, strict=True)
    return NumberEvaluation(
        truth.names, truth.unit, truth.values, answered, tuple(_figures(*each, seed) for each in columns)
    )


def _figures(name: str, true: np.ndarray, said: np.ndarray, seed: int) -> NumberFigures:
    errors, centred = said - true, true - true.mean()
    columns = np.stack([np.abs(errors), errors**2, errors, centred, centred**2], axis=1)
    mae, rmse, r2, bias = (_estimate(*each) for each in zip(*_measures(columns, seed), strict=True))
    varied = np.ptp(true) > 0 and np.ptp(said) > 0
    return NumberFigures(
        name,
        mae,
        rmse,
        r2,
        bias,
        mae_of_median=float(np.abs(true - np.median(true)).mean()),
        correlation=float(np.corrcoef(true, said)[0, 1]) if varied else float("nan"),
        ranges=tuple(_in_range(true[rows], errors[rows], seed) for rows in ranges_of(true)),
    )


def ranges_of(true: np.ndarray, most: int = _RANGES) -> list[np.ndarray]:
    """The images in about equally many parts by their truth, the lowest first; equal truths stay together, int64[n] each."""
    order = np.argsort(true, kind="stable")
    ends = {int(np.searchsorted(true[order], true[order[round(len(true) * k / most)]])) for k in range(1, most)}
    return [part for part in np.split(order, sorted(ends)) if len(part)] if len(true) >= most else [order]


def _in_range(true: np.ndarray, errors: np.ndarray, seed: int) -> ErrorsInRange:
    value, low, high = (
        part[[0, 1]] for part in _intervals(np.stack([np.abs(errors), errors], axis=1), lambda means: means, seed)
    )
    mae, bias = (Estimate(*map(float, each)) for each in zip(value, low, high, strict=True))
    return ErrorsInRange(float(true.min()), float(true.max()), len(true), mae, bias)


def _measures(columns: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MAE, RMSE, R2 and bias of all images, and the ends of their intervals, float64[4] each."""

    def measured(means: np.ndarray) -> np.ndarray:
        absolute, square, error, centre, spread = means.T
        left = spread - centre**2  # the truth's variance in the sample
        known = left > 1e-12 * np.maximum(spread, 1e-300)
        r2 = 1 - np.divide(square, left, out=np.full(len(left), np.nan), where=known)
        return np.stack([absolute, np.sqrt(square), r2, error], axis=1)

    return _intervals(columns, measured, seed)


def _intervals(columns: np.ndarray, measured: Any, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures made of the columns' means, and the ends of their bootstrap intervals."""
    draw, count, found = np.random.default_rng(seed), len(columns), []
    together = max(1, _AT_ONCE // (count * columns.shape[1]))
    for start in range(0, RESAMPLES, together):
        chosen = draw.integers(count, size=(min(together, RESAMPLES - start), count))
        found.append(measured(columns[chosen].mean(axis=1)))
    value = measured(columns.mean(axis=0, keepdims=True))[0]
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    every = np.concatenate(found)
    spread = np.stack([_known_quantiles(column, ends) for column in every.T])
    return value, spread[:, 0], spread[:, 1]


def _known_quantiles(values: np.ndarray, ends: Sequence[float]) -> np.ndarray:
    known = values[np.isfinite(values)]
    return np.quantile(known, ends) if len(known) else np.full(len(ends), np.nan)


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(float(value), float(low), float(high))
