"""The marks beside the pictures that say how far their method can be trusted on this model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from markupsafe import Markup

from ..interpret.verdicts import Finding
from ..interpret.verdicts import Verdict as MethodVerdict
from .components import MARKS, NONE, Verdict, trust_mark
from .trust_table import two_digits
from .wording import percent

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
