"""How good a classifier is on labelled images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np

from ... import Record, ask
from ...kinds import checks_kinds
from ..datasets.dataset import Dataset
from ..datasets.pixel_range import warn_of_range
from ..forward_pass import answers
from ..signals import Signals
from ..truth.record import LABELS, REGRESSION, Numbers
from .calibration import Calibration, calibrate
from .curves import PrecisionRecallCurve, area, curve_of
from .labels import LabelEvaluation, evaluate_labels
from .numbers import NumberEvaluation, evaluate_numbers
from .probabilities import probabilities_of

LEAST = 1e-7  # Keras's own floor under a probability, so that the loss is the one that Keras shows
MOST_POINTS = 300  # of a thinned curve: its area is off by less than 1/300 of the ups and downs of the precision


@dataclass(frozen=True, eq=False)
class Evaluation(Record):
    """Everything measured on one set of images. NaN where a number is not defined (0 of 0 images)."""

    class_names: tuple[str, ...]  # [K], by label
    labels: np.ndarray  # int64[B], true class
    probabilities: np.ndarray  # float32[B,K], in [0, 1]
    predictions: np.ndarray  # int64[B], class of the highest probability
    loss: float  # mean of -log(probability of the true class), in nats; 0 is perfect
    accuracy: float  # share of right predictions, in [0, 1]
    confusion: np.ndarray  # int64[K,K], images; row: true class, column: predicted class
    precision: np.ndarray  # float64[K], of those predicted as k, the share that is k
    recall: np.ndarray  # float64[K], of those that are k, the share predicted as k
    f1: np.ndarray  # float64[K], harmonic mean of the two
    support: np.ndarray  # int64[K], images of the class
    average_precision: np.ndarray  # float64[K], area under the class's precision-recall curve, in [0, 1]
    curves: tuple[PrecisionRecallCurve, ...]  # [K]; of length 0 for a class without images
    calibration: Calibration  # whether the probabilities can be believed

    def mistakes(self) -> Any:
        """A row for each incorrectly classified image, the surest first: a `pandas.DataFrame`, or a list of dicts.

        Columns: image (its number), true, predicted (names), confidence (of the predicted class), probability (of the
        true one), both 0 to 1.
        """
        wrong = np.flatnonzero(self.predictions != self.labels)
        sure = self.probabilities[wrong, self.predictions[wrong]]
        rows = [
            {
                "image": int(number),
                "true": self.class_names[self.labels[number]],
                "predicted": self.class_names[self.predictions[number]],
                "confidence": float(self.probabilities[number, self.predictions[number]]),
                "probability": float(self.probabilities[number, self.labels[number]]),
            }
            for number in wrong[np.argsort(-sure, kind="stable")]
        ]
        return ask("table", rows)


@dataclass(frozen=True, eq=False)
class Average:
    """Figures of the classes as one; a class whose figure is not defined is left out of it."""

    precision: float  # in [0, 1]
    recall: float  # in [0, 1]
    f1: float  # in [0, 1], the mean of the classes' F1
    average_precision: float  # in [0, 1]


def averages(evaluation: Evaluation) -> dict[str, Average]:
    """Figures over the classes: 'macro' counts each class alike, 'weighted' by its images."""
    columns = ("precision", "recall", "f1", "average_precision")
    weights = {"macro": np.ones(len(evaluation.support)), "weighted": evaluation.support.astype(np.float64)}
    return {
        kind: Average(**{column: _mean_of_known(getattr(evaluation, column), weight) for column in columns})
        for kind, weight in weights.items()
    }


def _mean_of_known(values: np.ndarray, weights: np.ndarray) -> float:
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


@overload
def evaluate(
    model: Any, dataset: Any, *, batch_size: int = ..., head: str = ..., task: Literal["regression"]
) -> NumberEvaluation: ...
@overload
def evaluate(
    model: Any, dataset: Any, *, batch_size: int = ..., head: str = ..., task: Literal["labels"]
) -> LabelEvaluation: ...
@overload
def evaluate(model: Any, dataset: Any, *, batch_size: int = ..., head: str = ..., task: None = None) -> Evaluation: ...
@checks_kinds
def evaluate(model: Any, dataset: Any, *, batch_size: int = 256, head: str = "softmax", task: str | None = None) -> Any:
    """Run the model once over the images and measure how good it is.

    Args:
        model: a Keras model with one output of K units, or of one unit where there are two classes.
        dataset: a `Dataset` in the range that the model takes, or `Signals` in the form that it takes; (images, labels); or
            whatever `open_dataset` reads, which is fitted to the model.
        batch_size: images per step, at most; of photos fewer, as memory wants. It does not change the result.
        head: what the output is: 'softmax', 'sigmoid' or 'probability' (probabilities), or 'linear' (logits).
        task: 'regression' for numbers: the data are read as such, and a `NumberEvaluation` says MAE, RMSE and R2 with intervals;
            'labels' for any of several labels: a `LabelEvaluation` (head 'linear' where the model ends in their logits).

    Warns where the images seem to be in another range than the model takes (see `range_remark`).

    Raises:
        ValueError: where the output does not fit the head or the number of classes.

    Example:
        >>> evaluate(load_model("zero_padded_dropout"), fashion_mnist("test")[:500]).confusion.sum().item()
        500
    """
    if task is not None:
        given = dataset if isinstance(dataset, Dataset) else ask("known", dataset, model, task)
        if task == LABELS:
            return evaluate_labels(model, given, batch_size, "linear" if head == "linear" else "sigmoid")
        return evaluate_numbers(model, given, batch_size)
    dataset = dataset if isinstance(dataset, (Dataset, Signals)) else ask("labelled", dataset, model)
    if isinstance(dataset, Signals):
        dataset = dataset.labelled()
    else:
        _refuse_other_truth(dataset)
        warn_of_range(model, dataset)
    outputs = [np.asarray(answer) for answer in answers(model, dataset.images, batch_size)]
    if sum(size > 1 for size in outputs[0].shape[1:]) > 1:
        raise ValueError(
            f"Expected one number per class, an output [B,{len(dataset.class_names)}]. Received {list(outputs[0].shape)}. A "
            f"model that names a class for every pixel is measured by evaluate_segmentation(model, images, masks), on the "
            f"command line by featurelens evaluate --masks."
        )
    outputs = [output.reshape(len(output), -1) for output in outputs]  # (B,) and (B,K,1) as well
    probabilities = probabilities_of(np.concatenate(outputs), len(dataset.class_names), head)
    return evaluation_from_probabilities(probabilities, dataset.labels, dataset.class_names)


def _refuse_other_truth(dataset: Dataset) -> None:
    """Pass data of classes."""
    if dataset.truth is not None:
        kind = REGRESSION if isinstance(dataset.truth, Numbers) else LABELS
        raise ValueError(
            f"Expected images of one class each. Received '{dataset.source}', which bears {', '.join(dataset.truth.names[:6])} "
            f"instead of classes. Pass task='{kind}'."
        )


def evaluation_from_probabilities(
    probabilities: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> Evaluation:
    """Measure how good predictions are that have been made already.

    Args:
        probabilities: float32[B,K], in [0, 1].
        labels: int64[B], true class, in 0..K-1.
        class_names: K names, by label.

    Example:
        >>> evaluation_from_probabilities(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]), ["a", "b"]).accuracy
        0.5
    """
    _check(probabilities, labels, class_names)
    classes = np.arange(len(class_names))
    predictions = probabilities.argmax(axis=1)
    confusion = np.bincount(labels * len(classes) + predictions, minlength=len(classes) ** 2)
    confusion = confusion.reshape(len(classes), len(classes)).astype(np.int64)
    right, support, named = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    curves = tuple(curve_of(labels == k, probabilities[:, k]) for k in classes)
    return Evaluation(
        class_names=tuple(class_names),
        labels=labels.astype(np.int64),
        probabilities=probabilities.astype(np.float32),
        predictions=predictions.astype(np.int64),
        loss=float(image_losses(probabilities, labels).mean()),
        accuracy=float(np.mean(predictions == labels)),
        confusion=confusion,
        precision=_share(right, named),
        recall=_share(right, support),
        f1=_share(2 * right, named + support),
        support=support,
        average_precision=np.array([area(curve) for curve in curves]),
        curves=curves,
        calibration=calibrate(probabilities.max(axis=1), predictions == labels),
    )


def image_losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Keras's cross-entropy of each image, float64[B]: rows are brought to the sum 1 first, for several sigmoids."""
    shares = probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), LEAST)
    of_truth = shares[np.arange(len(labels)), labels].astype(np.float64)
    return -np.log(np.clip(of_truth, LEAST, 1 - LEAST))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """float64[K]; NaN for 0 of 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def thinned(curve: PrecisionRecallCurve, most: int = MOST_POINTS) -> PrecisionRecallCurve:
    """Return a curve of at most `most` of its points, spread evenly over the recall, whose steps have nearly its area.

    Of the points of one recall only the one of the highest threshold is kept: the others add no area. So the curve of
    a class with fewer than `most` images keeps its area, the average precision, exactly. Points spread evenly over the
    thresholds would not do: most thresholds lie at a recall near 1.

    Example:
        >>> many = PrecisionRecallCurve(np.array([0.5, 2 / 3, 1, 1]), np.array([1.0, 1, 1, 0]), np.array([0.1, 0.2, 0.9]))
        >>> thinned(many).precision.tolist(), thinned(many).thresholds.tolist()
        ([1.0, 1.0], [0.9])
    """
    if not len(curve.recall):
        return curve
    ends = np.flatnonzero(np.append(np.diff(curve.recall) != 0, True))  # the last point of each recall
    if len(ends) > most:
        places = np.searchsorted(-curve.recall[ends], -np.linspace(1, 0, most))
        ends = ends[np.unique(np.clip(places, 0, len(ends) - 1))]
    return PrecisionRecallCurve(curve.precision[ends], curve.recall[ends], curve.thresholds[ends[:-1]])


def _check(probabilities: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> None:
    expected = f"Expected probabilities [B,{len(class_names)}] and labels [B] for the {len(class_names)} classes"
    shapes = f"{list(probabilities.shape)} and {list(labels.shape)}"
    if probabilities.shape != (len(labels), len(class_names)) or labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"{expected}. Received {shapes}. Pass one row per image and one column per class name.")
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{expected}. Received NaN or infinity among them. Look at the model's weights and input.")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(f"{expected}. Received a label of {labels.min()} or {labels.max()}. Name every class.")
