"""What the numbers say, as sentences that each lead to their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..section import About, Finding, ReportSection


def ordered_findings(
    sections: Sequence[ReportSection[Any]], evidence: Mapping[str, Any], about: About
) -> tuple[Finding, ...]:
    """The findings of all sections that have evidence, those of the largest weight first."""
    told = [
        finding
        for section in sections
        if section.id in evidence
        for finding in section.findings(evidence[section.id], about)
    ]
    return tuple(sorted(told, key=lambda finding: -finding.weight))
