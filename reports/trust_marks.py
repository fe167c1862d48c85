"""The marks beside the pictures that say how far their method can be trusted on this model."""

from __future__ import annotations

from typing import cast

import numpy as np
from markupsafe import Markup

from ..interpret.verdicts import Finding
from ..interpret.verdicts import Verdict as MethodVerdict
from .components import MARKS, NONE, Verdict, trust_mark
from .evidence import Evidence
from .wording import percent, with_minus


def method_mark(evidence: Evidence, method: str) -> Markup:
    """The mark beside a picture; it opens to the method's numbers on this model."""
    found = _verdict(evidence, method)
    if found is None:
        return NONE
    numbers = [(finding.question, _number(finding)) for finding in found.findings]
    return trust_mark(cast(Verdict, found.level), found.level, numbers)


def method_link(evidence: Evidence, method: str) -> Markup:
    """The mark where there are thousands: a link to the method's numbers."""
    found = _verdict(evidence, method)
    if found is None:
        return NONE
    level = found.level
    return Markup('<a class="trust-link trust-{0}" href="#{1}" title="{2}: {0}">{3}</a>').format(
        level, anchor(method), method, MARKS[level]
    )


def _verdict(evidence: Evidence, method: str) -> MethodVerdict | None:
    return None if evidence.trust is None else evidence.trust.trust.verdicts.get(method)


def anchor(method: str) -> str:
    """Id of the method's row in the table of verdicts."""
    return "trust-" + "".join(letter if letter.isalnum() else "-" for letter in method.lower())


def _number(finding: Finding) -> str:
    if not np.isfinite(finding.number.mean):
        return "not measured"
    if finding.question == "randomised weights":
        return f"correlation {with_minus(f'{finding.number.mean:.2f}')}"
    return f"better on {percent(finding.number.mean, 0)}"
