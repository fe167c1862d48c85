"""The figures of a classifier of pictures for programs: each section's, and the answer to each image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..evidence.twin import twin
from ..sections.section import Finding
from .gathered import Report

_MOST_OF_A_PART = 300_000  # letters of a section's figures that the page itself carries
_MOST_FILES = 20_000  # names in the figures for programs


def report_twin(report: Report, told: Sequence[Finding]) -> dict[str, Any]:
    """The report's figures for programs: what it is about, the findings, and each section's evidence under its id."""
    about = {
        "model": report.about.information.name,
        "data": report.about.dataset.source,
        "images": len(report.about.dataset),
        "classes": report.about.class_names,
        "weights": report.about.weights,
        "pixels": report.about.pixels,
        "seed": report.about.seed,
        "command": report.about.command,
        "read": report.about.dataset.preparation,
        "files": report.about.dataset.names[:_MOST_FILES],  # by the number of the image
    }
    return twin({"about": about, "findings": tuple(told), **report.evidence})


def small_enough(told: dict[str, Any]) -> dict[str, Any]:
    """The twin as the page carries it: a part that would make the file large is named, not carried."""
    return {
        name: {"left_out": "too large for the page"} if len(json.dumps(part)) > _MOST_OF_A_PART else part
        for name, part in told.items()
    }


def answers(report: Report) -> dict[str, Any]:
    """The answer to each image, in their order."""
    evaluation = report.about.evaluation
    assert evaluation is not None  # by About.of
    every, predicted, true = np.arange(len(evaluation.labels)), evaluation.predictions, evaluation.labels
    columns = {
        "true": true,
        "predicted": predicted,
        "probability": evaluation.probabilities[every, predicted].astype(np.float64).round(6),
        "of_true": evaluation.probabilities[every, true].astype(np.float64).round(6),
    }
    return twin(columns)


def arrays_of_images(report: Report) -> dict[str, np.ndarray]:
    """The answer to each image, as arrays."""
    evaluation = report.about.evaluation
    assert evaluation is not None  # by About.of
    return {
        "labels": evaluation.labels,
        "predictions": evaluation.predictions,
        "probabilities": evaluation.probabilities,
        "class_names": np.array(evaluation.class_names),
    }
