"""An evaluation as files: plots as PNG and SVG, figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..models.datasets import Dataset
from ..models.evaluation import Evaluation, averages
from .figures import Plot
from .figures_performance import confusion_matrix, precision_recall, reliability, training_curves
from .misclassified_sheet import misclassified_sheet
from .performance import class_curves, most_confused
from .picture_file import write_picture
from .report_file import check_writable, write_whole


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
    history: Mapping[str, Sequence[float]] | None = None,
) -> list[Path]:
    """Write evaluation.json, each plot as PNG and SVG, and the misclassified images; the paths written.

    Args:
        evaluation: What to write.
        dataset: The images that it is of.
        folder: Where; it must exist.
        history: Of the training, for its curves.
    """
    written = []
    for name, plot in evaluation_plots(evaluation, history=history).items():
        picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
        picture.write_bytes(plot.png())
        write_whole(drawing, plot.svg())
        written += [picture, drawing]
    sheet = misclassified_sheet(evaluation, dataset)
    if sheet is not None:
        write_picture(folder / "misclassified.png", sheet)
        written.append(folder / "misclassified.png")
    write_whole(folder / "evaluation.json", json.dumps(evaluation_figures(evaluation), indent=1, ensure_ascii=False))
    return [*written, folder / "evaluation.json"]


def evaluation_plots(
    evaluation: Evaluation, *, history: Mapping[str, Sequence[float]] | None = None
) -> dict[str, Plot]:
    """Every plot of an evaluation, by the name of its file."""
    names, bins = evaluation.class_names, evaluation.calibration
    chosen = most_confused(evaluation.confusion)
    plots = {
        "confusion_matrix": confusion_matrix(
            evaluation.confusion[np.ix_(chosen, chosen)], [names[label] for label in chosen]
        ),
        "precision_recall": precision_recall(class_curves(evaluation)),
        "calibration": reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error),
    }
    for measure in ("accuracy", "loss"):
        if history and measure in history:
            plots[f"training_{measure}"] = training_curves(_without_test(history), measure)
    if history and "test_loss" in history:
        held_out = {key: history[key] for key in ("val_loss", "test_loss") if key in history}
        plots["held_out_loss"] = training_curves(held_out, "loss")
    return plots


def _without_test(history: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    return {key: values for key, values in history.items() if not key.startswith("test_")}


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
        "misclassified": [
            {"image": int(row), "true": int(evaluation.labels[row]), "predicted": int(evaluation.predictions[row])}
            for row in wrong
        ],
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
