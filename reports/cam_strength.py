"""How strong a Grad-CAM is beside the others: a map stretched to full colour looks strong, however weak it is."""

from __future__ import annotations

import numpy as np

from .evidence import Evidence
from .wording import number

_WEAK = 0.05  # of the median peak over the set; a map that stays below it is called very weak


def typical_peak(evidence: Evidence) -> float:
    """The median, over all images, of the largest value of the predicted class's Grad-CAM, in score units."""
    return float(np.median(evidence.survey.grad_cam_peak))


def cam_state(peak: float, usual: float) -> str:
    """What a reader should know of a map with this largest value, beside the `usual` one."""
    if peak <= 0:
        return "all zero"
    return f"peak {number(peak)}, very weak" if peak < _WEAK * usual else f"peak {number(peak)}"
