"""An evaluation as files: plots as PNG and SVG, figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import Evaluation, averages, thinned
from ...models.model_files.cards import ModelCard
from ..drawing.misclassified_sheet import misclassified_sheet, sheet_svg
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
    figures = {"model": model, "data": dataset.source, **evaluation_figures(evaluation), "training": _training(card)}
    write_whole(folder / "evaluation.json", json.dumps(figures, indent=1, ensure_ascii=False))
    return [*written, folder / "evaluation.json"]


def remove_earlier(folder: Path, written: Iterable[Path]) -> list[Path]:
    """Delete the pictures of an earlier evaluation that the one just written has not replaced; the paths deleted.

    They would be of another model than those beside them. Only files with the names of `PICTURES` are touched.
    """
    kept = set(written)
    ours = [folder / f"{name}{ending}" for name in PICTURES for ending in (".png", ".svg")]
    earlier = [path for path in ours if path not in kept and path.is_file()]
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


def evaluation_figures(evaluation: Evaluation) -> dict[str, object]:
    """The numbers of an evaluation, for programs; what is not known is null."""
    columns = {
        "precision": evaluation.precision,
        "recall": evaluation.recall,
        "f1": evaluation.f1,
        "average_precision": evaluation.average_precision,
        "support": evaluation.support,
    }
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    return {
        "images": len(evaluation.labels),
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "averages": {
            kind: {column: _known(value) for column, value in vars(average).items()}
            for kind, average in averages(evaluation).items()
        },
        "expected_calibration_error": _known(evaluation.calibration.expected_error),
        "classes": {
            name: {column: _known(values[label]) for column, values in columns.items()}
            for label, name in enumerate(evaluation.class_names)
        },
        "confusion": evaluation.confusion.tolist(),
        "precision_recall": {name: _curve(evaluation, label) for label, name in enumerate(evaluation.class_names)},
        "calibration": _bins(evaluation),
        "misclassified": [_mistake(evaluation, int(row)) for row in wrong],
    }


def _curve(evaluation: Evaluation, label: int) -> dict[str, list[float]]:
    """The points of a class's curve as it is drawn; recall falls, and the last point, of no image, has no threshold."""
    curve = thinned(evaluation.curves[label])
    return {
        "recall": np.round(curve.recall, 6).tolist(),
        "precision": np.round(curve.precision, 6).tolist(),
        "thresholds": curve.thresholds.tolist(),  # in full: many differ from 1 in the last digits only
    }


def _bins(evaluation: Evaluation) -> list[dict[str, float | None]]:
    """The bins of the reliability diagram."""
    bins = evaluation.calibration
    columns = (bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy)
    return [
        {
            "above": low,
            "to": high,
            "images": int(images),
            "confidence": _known(confidence),
            "accuracy": _known(accuracy),
        }
        for low, high, images, confidence, accuracy in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _mistake(evaluation: Evaluation, row: int) -> dict[str, float]:
    true, predicted = int(evaluation.labels[row]), int(evaluation.predictions[row])
    probabilities = evaluation.probabilities[row]
    return {
        "image": row,
        "true": true,
        "predicted": predicted,
        "probability": float(probabilities[predicted]),
        "probability_of_true": float(probabilities[true]),
    }


def _training(card: ModelCard | None) -> dict[str, object] | None:
    """The history, with what is needed to read it: the losses in it are with the label smoothing."""
    if card is None:
        return None
    history = {column: [_known(value) for value in values] for column, values in card.history.items()}
    return {"kept_epoch": card.best_epoch, "label_smoothing": label_smoothing(card), "history": history}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
