"""Which models can be served: those that name one class for each picture; others are refused at the start, for what they are."""

from __future__ import annotations

from typing import Any

from featurelens.interpret.graph.head import LABELS
from featurelens.interpret.tracing.inputs import declared_inputs
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.model_files.cards import ModelCard
from featurelens.scripts.options.model_choice import is_bare, require_one_picture
from featurelens.scripts.options.opening import Opening, open_for

_EXPECTED = "Expected a model that names one class for each picture, and data that do, to be served."
INDEPENDENT = (
    "The model's answers are independent of each other: the class is the most probable of them, others may be true beside it, "
    "and their probabilities need not sum to 1."
)


def references_for(source: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """The references that a model's answers are compared with.

    Raises:
        ValueError: They do not fit the model, or it answers something else than a class for each picture.
    """
    _require_picture(model)
    _require_scores(model)
    try:
        return open_for(source, model, card, opening)
    except ValueError as error:
        raise _of_another_task(model, str(error)) or error from None


def remark(head: Any) -> str | None:
    """What a reader of the classes has to know; None where there is nothing."""
    return INDEPENDENT if head.task == LABELS else head.remark


def _require_picture(model: Any) -> None:
    form = declared_inputs(model)
    if form is not None and len(form.names) == 1 and len(form.shapes[0]) != 3:
        raise ValueError(
            f"{_EXPECTED} Received one that takes {_shape(form.shapes[0])}, a series, a volume or another form. Use featurelens "
            f"explain and evaluate, which take series and volumes, or featurelens inspect."
        )
    require_one_picture(model)


def _require_scores(model: Any) -> None:
    shape = getattr(model, "output_shape", None)
    if isinstance(shape, tuple) and len(shape) > 2:
        raise ValueError(
            f"{_EXPECTED} Received one that answers {_shape(shape[1:])} for a picture, as a segmentation does. Use "
            f"evaluate_segmentation and write_segmentation_report, or serve a model that ends in one score per class."
        )


def _of_another_task(model: Any, told: str) -> ValueError | None:
    """The refusal of numbers, or of several labels, which other commands take by --task; None where the fault is another."""
    if ("--task" in told or told.startswith("Expected one class")) and is_bare(model):
        return ValueError(
            f"{_EXPECTED} Received one that answers a number, and data without two classes that its sign could tell apart. Use "
            f"featurelens explain, evaluate, trust and report --task regression for a regression; give data of two classes "
            f"where the number is their logit."
        )
    if "--task labels" in told:
        return ValueError(
            f"{_EXPECTED} Received data with several labels for a picture. Use featurelens explain, evaluate, trust and report "
            f"--task labels for such a model, or choose one class for each: --label-map 'a|b=a', or 'a|b=' to leave these out."
        )
    return None


def _shape(axes: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if axis is None else str(axis) for axis in axes)})"
