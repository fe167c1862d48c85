"""What the numbers say, as sentences that each lead to their evidence."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.gather import Evidence
from ..html.components import findings
from ..html.page import Section
from .causes import _causes
from .feature_maps import _empty_maps
from .layers import _fading_image, _probe, _silent_channels
from .mistakes import _confusions, _sure_mistakes
from .model import _proof_finding
from .performance import _accuracy, _calibration_finding, _weakest_class
from .section import Finding
from .trust import _trust


def findings_section(evidence: Evidence) -> Section:
    """The section; every sentence is computed, and left out where its numbers say nothing."""
    found = [
        *_range(evidence),
        *_accuracy(evidence),
        *_weakest_class(evidence),
        *_confusions(evidence),
        *_sure_mistakes(evidence),
        *_calibration_finding(evidence),
        *_fading_image(evidence),
        *_probe(evidence),
        *_silent_channels(evidence),
        *_causes(evidence),
        *_trust(evidence),
        *_empty_maps(evidence),
        *_proof_finding(evidence),
    ]
    return Section(
        "findings", "Findings", findings(found), lead="What the numbers below say; each sentence leads to its evidence."
    )


def _range(evidence: Evidence) -> Iterator[Finding]:
    if evidence.range_remark is not None:
        yield f"Read this first: {evidence.range_remark}", "exploration", "pixel values"
