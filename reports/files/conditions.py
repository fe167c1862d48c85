"""Conditions on a report's figures, such as "accuracy < 0.89", for runs that shall stop on them.

    NAME COMPARED VALUE      NAME a figure of the task, or a figure of one class, label, number or method: accuracy,
                             recall(Shirt), mae, r2(age), iou(road), trust(HiResCAM)
                             COMPARED one of <, <=, >, >=, ==, !=
                             VALUE a number, a share as 0.89 or 89%, or a word: trust is good, weak, failed or unknown

Nothing is evaluated as code. A name that does not exist is refused, with the nearest; a figure that the report does not know
makes its condition unknown, which stops a run too: silence must not look like success.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...models.known_names import unknown_name
from .judged_figures import CLASSES, FIGURES, LABELS, METHOD, NUMBER, REGRESSION, SEGMENTATION, Figures

_FORM = re.compile(r"\s*([A-Za-z_][\w-]*)\s*(?:\((.*)\))?\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*", re.DOTALL)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
EXAMPLES = {CLASSES: "accuracy < 0.89", REGRESSION: "mae > 2", LABELS: "map < 0.5", SEGMENTATION: "miou < 0.6"}
_FIGURE_OF = {
    CLASSES: "figure",
    REGRESSION: "figure of a regression",
    LABELS: "figure of several labels",
    SEGMENTATION: "figure of a segmentation",
}
_LEVELS = ("good", "weak", "failed", "unknown")


@dataclass(frozen=True)
class Condition:
    """One condition, as typed and taken apart."""

    text: str
    name: str
    of: str | None  # the class or the method
    compared: str
    value: float | str
    task: str = CLASSES  # of the report that is judged


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


def parse(text: str, task: str = CLASSES) -> Condition:
    """Take a condition on a report of a task apart: 'classes', 'regression', 'labels' or 'segmentation'.

    Raises:
        ValueError: It has another form, or its figure does not exist.

    Example:
        >>> parse("recall(Shirt) < 75%").value
        0.75
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(
            f"Expected a condition such as '{EXAMPLES[task]}' or 'trust(HiResCAM) == failed'. Received '{text}'. Write a "
            f"figure, one of {', '.join(_COMPARED)}, and a value."
        )
    name, of, compared, value = form.groups()
    known = FIGURES[task]
    if name not in known:
        raise unknown_name(_FIGURE_OF[task], name, known, "Write one of them.")
    kind = known[name]
    if (of is None) != (kind.of is None) and not (kind.of == NUMBER and of is None):
        wanted = f"{name}({kind.of})" if kind.of else name
        raise ValueError(
            f"Expected {wanted} in a condition. Received '{text}'. Write it as {wanted} {compared} {value}."
        )
    return Condition(
        text.strip(), name, None if of is None else of.strip(), compared, _value(text, name, compared, value), task
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
    figure = FIGURES[condition.task][condition.name].read(figures, condition.of)
    if figure is None:
        return Outcome(condition, None, True)
    return Outcome(condition, figure, _COMPARED[condition.compared](figure, condition.value))


def require_names(condition: Condition, names: tuple[str, ...], methods: tuple[str, ...]) -> None:
    """Refuse a class, label, number or method that will not be in the report, before the work starts.

    Args:
        condition: That is to be judged.
        names: Of the classes, the labels or the numbers.
        methods: Whose trust will be known.

    Raises:
        ValueError: There is none of that name, or which of several numbers is meant is left open; the message has the nearest.
    """
    kind = FIGURES[condition.task][condition.name].of
    known = methods if kind == METHOD else names
    if kind == NUMBER and condition.of is None:
        if len(names) > 1:
            example = f"{condition.name}({names[0]})"
            raise ValueError(
                f"Expected {condition.name}(NUMBER) of one of {len(names)} numbers ({', '.join(names[:8])}). Received "
                f"'{condition.text}'. Write it as {example} {condition.compared} {condition.value}."
            )
        return
    if kind is not None and condition.of not in known:
        raise unknown_name(kind.lower(), str(condition.of), known, "Write one of them.")
