"""Conditions on a report's figures, such as "accuracy < 0.89", for runs that shall stop on them.

    NAME COMPARED VALUE      NAME a figure, or a figure of one class or method: accuracy, recall(Shirt), trust(HiResCAM)
                             COMPARED one of <, <=, >, >=, ==, !=
                             VALUE a number, a share as 0.89 or 89%, or a word: trust is good, weak, failed or unknown

Nothing is evaluated as code. A name that does not exist is refused, with the nearest; a figure that the report does not know
makes its condition unknown, which stops a run too: silence must not look like success.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...models.known_names import unknown_name

_FORM = re.compile(r"\s*([A-Za-z_][\w-]*)\s*(?:\((.*)\))?\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*", re.DOTALL)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_LEVELS = ("good", "weak", "failed", "unknown")
Figures = Mapping[str, Any]  # the JSON of a report


@dataclass(frozen=True)
class Condition:
    """One condition, as typed and taken apart."""

    text: str
    name: str
    of: str | None  # the class or the method
    compared: str
    value: float | str


@dataclass(frozen=True)
class Outcome:
    """What a condition came to."""

    condition: Condition
    figure: float | str | None  # None where the report does not know it
    holds: bool  # whether the run shall stop: it holds, or is not known

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        if self.figure is None:
            return f"{self.condition.text}: the report does not know this figure."
        shown = self.figure if isinstance(self.figure, str) else f"{self.figure:.6g}"
        return f"{self.condition.text}: it is {shown}."


def parse(text: str) -> Condition:
    """Take a condition apart.

    Raises:
        ValueError: It has another form, or its figure does not exist.

    Example:
        >>> parse("recall(Shirt) < 75%").value
        0.75
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(
            f"Expected a condition such as 'accuracy < 0.89' or 'trust(HiResCAM) == failed'. Received '{text}'. Write a "
            f"figure, one of {', '.join(_COMPARED)}, and a value."
        )
    name, of, compared, value = form.groups()
    if name not in _FIGURES:
        raise unknown_name("figure", name, _FIGURES, "Write one of them.")
    kind = _FIGURES[name]
    if (of is None) != (kind.of is None):
        wanted = f"{name}({kind.of})" if kind.of else name
        raise ValueError(
            f"Expected {wanted} in a condition. Received '{text}'. Write it as {wanted} {compared} {value}."
        )
    return Condition(
        text.strip(), name, None if of is None else of.strip(), compared, _value(text, name, compared, value)
    )


def _value(text: str, name: str, compared: str, value: str) -> float | str:
    if name == "trust":
        word = value.strip("'\"")
        if word not in _LEVELS:
            raise unknown_name("verdict", word, _LEVELS, "Write one of them.")
        if compared not in ("==", "!="):
            raise ValueError(f"Expected == or != for a verdict. Received '{text}'. Verdicts have no order: name each.")
        return word
    try:
        number = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"Expected a number behind {compared}. Received '{value}' in '{text}'. Write 0.89 or 89%.")
    return number


def judge(condition: Condition, figures: Figures) -> Outcome:
    """What a condition comes to in a report.

    Raises:
        ValueError: Its class or method does not exist there.
    """
    figure = _FIGURES[condition.name].read(figures, condition.of)
    if figure is None:
        return Outcome(condition, None, True)
    return Outcome(condition, figure, _COMPARED[condition.compared](figure, condition.value))


def require_names(condition: Condition, classes: tuple[str, ...], methods: tuple[str, ...]) -> None:
    """Refuse a class or method that will not be in the report, before the work starts.

    Raises:
        ValueError: There is none of that name; the message has the nearest.
    """
    kind = _FIGURES[condition.name].of
    known = {"CLASS": classes, "METHOD": methods}.get(kind or "", ())
    if kind is not None and condition.of not in known:
        raise unknown_name(kind.lower(), str(condition.of), known, "Write one of them.")


@dataclass(frozen=True)
class _Figure:
    """How a figure is read."""

    read: Callable[[Figures, str | None], Any]
    of: str | None = None  # 'CLASS' or 'METHOD' where it is one of many


def _at(*path: str) -> _Figure:
    return _Figure(lambda figures, _: _found(figures, *path))


def _found(figures: Any, *path: str) -> Any:
    """What stands at a path; None where a step is missing or null."""
    for step in path:
        figures = figures.get(step) if isinstance(figures, Mapping) else None
    return figures


def _of_class(field: str) -> _Figure:
    return _Figure(lambda figures, of: _one(figures, "class", of, "performance", "figures", "classes")(field), "CLASS")


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


_FIGURES: dict[str, _Figure] = {
    "accuracy": _at("performance", "figures", "accuracy"),
    "loss": _at("performance", "figures", "loss"),
    "calibration_error": _at("performance", "figures", "expected_calibration_error"),
    "mistakes": _at("performance", "mistakes"),
    "images": _at("performance", "figures", "images"),
    "precision": _of_class("precision"),
    "recall": _of_class("recall"),
    "f1": _of_class("f1"),
    "average_precision": _of_class("average_precision"),
    "trust": _Figure(_trust, "METHOD"),
    "problems": _Figure(_problems),
    "suspected_labels": _at("screening", "labels", "listed"),
    "near_copies": _Figure(lambda figures, _: _length(figures, "screening", "copies", "pairs")),
    "training_copies": _Figure(lambda figures, _: _length(figures, "screening", "training_copies", "pairs")),
    "accuracy_without_copies": _at("screening", "accuracy_without"),
    "shortcuts": _Figure(_shortcuts),
    "failing_groups": _Figure(lambda figures, _: _length(figures, "shortcuts", "groups", "found")),
    "logit_error": _at("model", "logit_error"),
}
