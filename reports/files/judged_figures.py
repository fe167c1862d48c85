"""The figures that conditions are put on, task by task: where each stands in the JSON of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...models.known_names import unknown_name

CLASSES, REGRESSION, LABELS, SEGMENTATION = "classes", "regression", "labels", "segmentation"
CLASS, LABEL, NUMBER, METHOD = "CLASS", "LABEL", "NUMBER", "METHOD"
Figures = Mapping[str, Any]  # the JSON of a report


@dataclass(frozen=True)
class Figure:
    """How a figure is read."""

    read: Callable[[Figures, str | None], Any]
    of: str | None = None  # CLASS, LABEL, NUMBER or METHOD where it is one of many


def _at(*path: str) -> Figure:
    return Figure(lambda figures, _: _found(figures, *path))


def _found(figures: Any, *path: str) -> Any:
    """What stands at a path; None where a step is missing or null."""
    for step in path:
        figures = figures.get(step) if isinstance(figures, Mapping) else None
    return figures


def _of_class(field: str) -> Figure:
    return Figure(lambda figures, of: _one(figures, "class", of, "performance", "figures", "classes")(field), CLASS)


def _one(figures: Figures, what: str, of: str | None, *path: str) -> Callable[..., Any]:
    """Reads further in the entry of one class or method."""
    entries = _found(figures, *path)
    if not isinstance(entries, Mapping):
        return lambda *_: None
    if of not in entries:
        raise unknown_name(what, str(of), entries, "Write one of them.")
    return lambda *rest: _found(entries[of], *rest)


def _trust(figures: Figures, of: str | None) -> Any:
    return _one(figures, "method", of, "trust", "trust", "methods")("verdict", "level")


def _problems(figures: Figures, _: str | None) -> int:
    return sum(finding.get("severity") == "problem" for finding in figures.get("findings", ()))


def _length(figures: Figures, *path: str) -> int | None:
    entries = _found(figures, *path)
    return None if entries is None else len(entries)


def _shortcuts(figures: Figures, _: str | None) -> int | None:
    found = _found(figures, "shortcuts", "shortcuts", "found")
    return None if found is None else sum(each.get("reliance") == "relied on" for each in found)


_OF_CLASSES: dict[str, Figure] = {
    "accuracy": _at("performance", "figures", "accuracy"),
    "loss": _at("performance", "figures", "loss"),
    "calibration_error": _at("performance", "figures", "expected_calibration_error"),
    "mistakes": _at("performance", "mistakes"),
    "images": _at("performance", "figures", "images"),
    "precision": _of_class("precision"),
    "recall": _of_class("recall"),
    "f1": _of_class("f1"),
    "average_precision": _of_class("average_precision"),
    "trust": Figure(_trust, METHOD),
    "problems": Figure(_problems),
    "suspected_labels": _at("screening", "labels", "listed"),
    "near_copies": Figure(lambda figures, _: _length(figures, "screening", "copies", "pairs")),
    "training_copies": Figure(lambda figures, _: _length(figures, "screening", "training_copies", "pairs")),
    "accuracy_without_copies": _at("screening", "accuracy_without"),
    "shortcuts": Figure(_shortcuts),
    "failing_groups": Figure(lambda figures, _: _length(figures, "shortcuts", "groups", "found")),
    "logit_error": _at("model", "logit_error"),
}


def _of_number(field: str) -> Figure:
    """A figure of one number of a regression; where there is one, it need not be named."""

    def read(figures: Figures, of: str | None) -> Any:
        every = _found(figures, "regression", "figures") or [{}]
        named = {str(each.get("name")): each for each in every}
        if of is not None and of not in named:
            raise unknown_name("number", of, named, "Write one of them.")
        one = every[0] if of is None else named[of]
        return _found(one, field, "value")

    return Figure(read, NUMBER)


def _of_label(field: str, *further: str) -> Figure:
    def read(figures: Figures, of: str | None) -> Any:
        named = {str(each.get("name")): each for each in _found(figures, "labels", "figures") or ()}
        if of not in named:
            raise unknown_name("label", str(of), named, "Write one of them.")
        return _found(named[of], field, *further)

    return Figure(read, LABEL)


def _of_pixels(field: str) -> Figure:
    def read(figures: Figures, of: str | None) -> Any:
        names = _found(figures, "evaluation", "class_names") or ()
        if of not in names:
            raise unknown_name("class", str(of), names, "Write one of them.")
        return figures["evaluation"][field][names.index(of)]

    return Figure(read, CLASS)


_ALL: dict[str, Figure] = {
    "images": _at("about", "images"),
    "trust": Figure(_trust, METHOD),
    "problems": Figure(_problems),
}
FIGURES: dict[str, dict[str, Figure]] = {
    CLASSES: _OF_CLASSES,
    REGRESSION: {**{name: _of_number(name) for name in ("mae", "rmse", "r2", "bias")}, **_ALL},
    LABELS: {
        "map": _at("labels", "macro_average_precision"),
        "exact": _at("labels", "exact", "value"),
        "micro_f1": _at("labels", "micro_f1"),
        "precision": _of_label("precision", "value"),
        "recall": _of_label("recall", "value"),
        "f1": _of_label("f1"),
        "average_precision": _of_label("average_precision"),
        **_ALL,
    },
    SEGMENTATION: {
        "miou": _at("evaluation", "mean_iou"),
        "iou": _of_pixels("iou"),
        "accuracy": _at("evaluation", "accuracy"),
        "precision": _of_pixels("precision"),
        "recall": _of_pixels("class_accuracy"),
        **_ALL,
    },
}
