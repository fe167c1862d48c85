"""A verdict on a method as cells of a table and as figures for programs, the same on every page."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..interpret.trust import MethodTrust
from ..interpret.verdicts import CLEARLY_BETTER, MUCH_ALIKE, Finding, Verdict
from .components import MARKS
from .wording import percent, with_minus

VERDICT_COLUMNS = ("Verdict", "Beats random order", "Beats brightness", "Likeness, shuffled weights")
VERDICT_CAPTION = (
    f"Good: beats each control on more than {percent(CLEARLY_BETTER, 0)} of the images, and a likeness below "
    f"{MUCH_ALIKE} once all weights are shuffled. A method that fails is shown with its failure."
)


def verdict_cells(found: Verdict) -> tuple[Markup | str, ...]:
    """A cell for each of `VERDICT_COLUMNS`: the verdict, and the numbers behind it with their intervals."""
    word = Markup('<span class="trust-word trust-{0}">{1} {0}</span>').format(found.level, MARKS[found.level])
    return word, *(_cell(finding) for finding in found.findings)


def verdict_figures(found: MethodTrust) -> dict[str, object]:
    """The level, the images and the number behind each finding; None for what was not measured."""
    numbers = {finding.question: _finite(finding.number.mean) for finding in found.verdict.findings}
    return {"level": found.verdict.level, "images": found.images, **numbers}


def two_digits(value: float) -> str:
    """A correlation or a likeness."""
    return with_minus(f"{value:.2f}")


def _cell(finding: Finding) -> str:
    value = finding.number
    if not np.isfinite(value.mean):
        return "not measured"
    if finding.question == "randomised weights":
        return f"{MARKS[finding.level]} {two_digits(value.mean)} ({two_digits(value.low)} to {two_digits(value.high)})"
    return f"{MARKS[finding.level]} {percent(value.mean, 0)} ({100 * value.low:.0f} to {100 * value.high:.0f})"


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
