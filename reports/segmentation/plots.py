"""How well each class of a model of pixels is found, as a drawing."""

from __future__ import annotations

import numpy as np

from ...models.evaluation.segmentation import SegmentationEvaluation
from ..plots.layers import bars
from ..plots.plot import Plot

_MOST = 15  # classes: those that cover most


def iou_of_classes(found: SegmentationEvaluation) -> Plot:
    """Draw a bar for the IoU of each class that is there or is named, in per cent."""
    known = np.flatnonzero(np.isfinite(found.iou))
    most = np.sort(known[np.argsort(-found.confusion.sum(axis=1)[known], kind="stable")][:_MOST])
    shares = {found.class_names[k]: round(100 * float(found.iou[k]), 1) for k in most}
    return bars(shares, title="IoU of each class", unit=" %", limit=100)
