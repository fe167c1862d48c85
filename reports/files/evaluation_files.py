"""An evaluation as files: plots as PNG and SVG, figures as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import Average, Evaluation, thinned
from ...models.model_files.cards import ModelCard
from ..drawing.misclassified_sheet import misclassified_sheet, sheet_svg
from ..evidence.performance import CalibrationBin, ClassFigures, evaluation_figures
from ..evidence.twin import json_text
from ..plots.performance import class_curves, confusion_matrix, most_confused, reliability
from ..plots.plot import Plot
from ..plots.training import curves_of, label_smoothing
from .whole_files import check_writable, write_bytes_whole, write_picture, write_whole

PICTURES = (  # each as .png and .svg
    "confusion_matrix",
    "precision_recall",
    "calibration",
    "training_accuracy",
    "training_loss",
    "held_out_loss",
    "misclassified",
)


def check_folder(folder: Path) -> None:
    """Make the folder where it is missing, and raise where nothing can be written into it.

    Raises:
        ValueError: It is a file, or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"Expected a folder at '{folder}'. It cannot be made: {error.strerror}. Choose another."
        ) from error
    check_writable(folder / "evaluation.json")


def write_evaluation(
    evaluation: Evaluation,
    dataset: Dataset,
    folder: Path,
    *,
    model: str,
    card: ModelCard | None = None,
) -> list[Path]:
    """Write evaluation.json, each plot as PNG and SVG, and the misclassified images; the paths written.

    Args:
        evaluation: What to write.
        dataset: The images that it is of.
        folder: Where; it must exist.
        model: The name of the model that it is of.
        card: What is known of the training, for its curves; None: nothing.
    """
    written = []
    for name, plot in evaluation_plots(evaluation, card=card).items():
        picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
        write_bytes_whole(picture, plot.png())
        write_whole(drawing, plot.svg())
        written += [picture, drawing]
    sheet = misclassified_sheet(evaluation, dataset)
    if sheet is not None:
        write_picture(folder / "misclassified.png", sheet)
        write_whole(folder / "misclassified.svg", sheet_svg(sheet, "Misclassified images"))
        written += [folder / "misclassified.png", folder / "misclassified.svg"]
    figures = evaluation_file(evaluation, model=model, data=dataset.source, card=card)
    write_whole(folder / "evaluation.json", json_text(figures, indent=1))
    return [*written, folder / "evaluation.json"]


def targets(folder: Path) -> list[Path]:
    """Every file that an evaluation may write or delete in the folder."""
    pictures = [folder / f"{name}{ending}" for name in PICTURES for ending in (".png", ".svg")]
    return [*pictures, folder / "evaluation.json"]


def remove_earlier(folder: Path, written: Iterable[Path]) -> list[Path]:
    """Delete the pictures of an earlier evaluation that the one just written has not replaced; the paths deleted.

    They would be of another model than those beside them. Only files with the names of `PICTURES` are touched.
    """
    kept = set(written)
    earlier = [path for path in targets(folder) if path not in kept and path.is_file()]
    for path in earlier:
        path.unlink()
    return earlier


def evaluation_plots(evaluation: Evaluation, *, card: ModelCard | None = None) -> dict[str, Plot]:
    """Every plot of an evaluation, by the name of its file."""
    bins = evaluation.calibration
    plots = {
        "confusion_matrix": confusion_matrix(
            evaluation.confusion, evaluation.class_names, chosen=most_confused(evaluation.confusion)
        ),
        "precision_recall": class_curves(evaluation),
        "calibration": reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error),
    }
    if card is None:
        return plots
    for measure in ("accuracy", "loss"):
        if measure in card.history:
            plots[f"training_{measure}"] = curves_of(card, measure, without=("test_loss",))
    if "test_loss" in card.history:
        plots["held_out_loss"] = curves_of(card, "loss", without=("loss",))
    return plots


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """The points of a class's precision-recall curve as it is drawn; recall falls."""

    recall: np.ndarray  # float64[T+1], 0..1
    precision: np.ndarray  # float64[T+1], 0..1
    thresholds: np.ndarray  # float64[T], in full: many differ from 1 in the last digits only; the last point has none


@dataclass(frozen=True, eq=False)
class MisclassifiedImage:
    """One mistake."""

    image: int  # its number
    true: int  # the class
    predicted: int
    probability: float  # 0..1, of the predicted class
    probability_of_true: float  # 0..1


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """The history, with what is needed to read it: the losses in it are with the label smoothing."""

    kept_epoch: int  # counted from 1: the epoch whose weights the model has
    label_smoothing: float
    history: dict[str, list[float]]  # one number per epoch


@dataclass(frozen=True, eq=False)
class EvaluationFile:
    """All of evaluation.json; the fields from `images` to `calibration` are those of `EvaluationFigures`."""

    model: str
    data: str
    images: int
    accuracy: float
    loss: float
    averages: dict[str, Average]
    expected_calibration_error: float
    classes: dict[str, ClassFigures]
    confusion: np.ndarray
    precision_recall: dict[str, CurvePoints]  # by class
    calibration: tuple[CalibrationBin, ...]
    misclassified: tuple[MisclassifiedImage, ...]
    training: TrainingHistory | None  # None where the model has no card


def evaluation_file(evaluation: Evaluation, *, model: str, data: str, card: ModelCard | None = None) -> EvaluationFile:
    """The numbers of an evaluation, for programs."""
    figures = evaluation_figures(evaluation)
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    return EvaluationFile(
        model=model,
        data=data,
        **{each.name: getattr(figures, each.name) for each in fields(figures)},
        precision_recall={name: _curve(evaluation, label) for label, name in enumerate(evaluation.class_names)},
        misclassified=tuple(_mistake(evaluation, int(row)) for row in wrong),
        training=None if card is None else TrainingHistory(card.best_epoch, label_smoothing(card), card.history),
    )


def _curve(evaluation: Evaluation, label: int) -> CurvePoints:
    curve = thinned(evaluation.curves[label])
    return CurvePoints(np.round(curve.recall, 6), np.round(curve.precision, 6), curve.thresholds)


def _mistake(evaluation: Evaluation, row: int) -> MisclassifiedImage:
    true, predicted = int(evaluation.labels[row]), int(evaluation.predictions[row])
    probabilities = evaluation.probabilities[row]
    return MisclassifiedImage(row, true, predicted, float(probabilities[predicted]), float(probabilities[true]))
