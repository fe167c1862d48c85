"""An evaluation as files: plots as PNG and SVG, figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..models.evaluation import Evaluation
from .figures import Plot
from .figures_performance import confusion_matrix, precision_recall, reliability, training_curves
from .performance import most_confused
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
    evaluation: Evaluation, folder: Path, *, history: Mapping[str, Sequence[float]] | None = None
) -> list[Path]:
    """Write evaluation.json and each plot as PNG and SVG; the paths written."""
    written = []
    for name, plot in evaluation_plots(evaluation, history=history).items():
        picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
        picture.write_bytes(plot.png())
        write_whole(drawing, plot.svg())
        written += [picture, drawing]
    write_whole(folder / "evaluation.json", json.dumps(evaluation_figures(evaluation), indent=1, ensure_ascii=False))
    return [*written, folder / "evaluation.json"]


def evaluation_plots(
    evaluation: Evaluation, *, history: Mapping[str, Sequence[float]] | None = None
) -> dict[str, Plot]:
    """Every plot of an evaluation, by the name of its file."""
    names, bins = evaluation.class_names, evaluation.calibration
    chosen = most_confused(evaluation.confusion)
    curves = {
        name: (curve.recall, curve.precision, float(evaluation.average_precision[label]))
        for label, (name, curve) in enumerate(zip(names, evaluation.curves, strict=True))
        if len(curve.recall)
    }
    plots = {
        "confusion_matrix": confusion_matrix(
            evaluation.confusion[np.ix_(chosen, chosen)], [names[label] for label in chosen]
        ),
        "precision_recall": precision_recall(curves),
        "calibration": reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error),
    }
    for measure in ("accuracy", "loss"):
        if history and measure in history:
            plots[f"training_{measure}"] = training_curves(history, measure)
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
