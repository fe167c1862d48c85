"""Pictures without labels as data whose classes are the model's answers, so that all that groups by class can group them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...interpret.graph.head import OPEN, REGRESSION
from ...interpret.stream.predictions import Decisions, decisions
from ...interpret.tracing.variants import rows_at_once
from ...models.datasets.dataset import Dataset
from ...models.fitting import class_names_for
from ..explanation import taken_as_classes


def answered(model: Any, pictures: Dataset, class_names: Sequence[str] | None = None) -> Dataset:
    """The pictures, each of the class that the model answers.

    Args:
        model: A Keras classifier of one image.
        pictures: Their labels and class names are not read.
        class_names: In the order of the model's outputs; None: those of its card, else 'class 0', 'class 1', ...

    Raises:
        ValueError: The model is no classifier, or there are other numbers of names than classes.
    """
    found = decisions(model, pictures.images, rows_at_once(pictures.images[:1]))
    _require_classes(found)
    classes = found.scores.shape[1]
    known = class_names if class_names is not None else class_names_for(model)
    names = tuple(known) if known is not None else tuple(f"class {number}" for number in range(classes))
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of the model's {classes} classes. Received {len(names)}. Name all of them, in the order "
            f"of the model's outputs, with class_names (--class-names FILE)."
        )
    told = taken_as_classes(found, known)
    pictures = pictures if told is None else pictures.noting(told)
    return replace(pictures, labels=found.classes.astype(np.int64), class_names=names)


def _require_classes(found: Decisions) -> None:
    if found.task in (OPEN, REGRESSION):
        raise ValueError(
            "Expected a classifier. Received a model that answers numbers without an activation, and pictures without labels to "
            "tell what they mean. If its one number is the logit of two classes, say --task binary."
        )
