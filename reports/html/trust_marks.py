"""The marks beside the pictures that say how far their method can be trusted on this model.

A verdict on a method as cells of a table and as figures for programs, the same on every page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from markupsafe import Markup

from ...interpret.trust.record import MethodTrust
from ...interpret.trust.verdicts import CLEARLY_BETTER, MUCH_ALIKE, Finding
from ...interpret.trust.verdicts import Verdict as MethodVerdict
from ..drawing.wording import percent, with_minus
from .components import MARKS, NONE, Verdict, trust_mark

Verdicts = Mapping[str, MethodVerdict]  # by method; empty where trust was not measured


def method_mark(verdicts: Verdicts, method: str) -> Markup:
    """The mark beside a picture; it opens to the method's numbers on this model."""
    found = verdicts.get(method)
    if found is None:
        return NONE
    numbers = [(finding.question, _number(finding)) for finding in found.findings]
    return trust_mark(cast(Verdict, found.level), found.level, numbers)


def method_link(verdicts: Verdicts, method: str, of: str = "") -> Markup:
    """The mark where there are many: a link to the method's numbers, in the row that `anchor(method, of)` names."""
    found = verdicts.get(method)
    if found is None:
        return NONE
    level = found.level
    return Markup('<a class="trust-link trust-{0}" href="#{1}" title="{2}: {0}">{3}</a>').format(
        level, anchor(method, of), method, MARKS[level]
    )


def anchor(method: str, of: str = "") -> str:
    """Id of the method's row in the table of verdicts; `of` tells the models apart where there are several."""
    name = f"{method}-{of}" if of else method
    return "trust-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _number(finding: Finding) -> str:
    if not np.isfinite(finding.number.mean):
        return "not measured"
    if finding.question == "randomised weights":
        return f"correlation {two_digits(finding.number.mean)}"
    return f"better on {percent(finding.number.mean, 0)}"


VERDICT_COLUMNS = ("Verdict", "Beats random order", "Beats brightness", "Likeness, shuffled weights")
VERDICT_CAPTION = (
    f"Good: beats each control on more than {percent(CLEARLY_BETTER, 0)} of the images, and a likeness below "
    f"{MUCH_ALIKE} once all weights are shuffled. A method that fails is shown with its failure."
)


def verdict_cells(found: MethodVerdict) -> tuple[Markup | str, ...]:
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
