"""Where on a map the evidence lies, as numbers that a sentence can be made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EvidenceLocation:
    """Where the positive part of a map lies."""

    peak: float  # largest value, score units; 0 or less where nothing speaks for it
    row: float  # 0 (top) to 1 (bottom), of the centre of the positive evidence; NaN where there is none
    column: float  # 0 (left) to 1 (right)
    half_area: float  # smallest share of the places that holds half of the positive evidence, 0..1; NaN where none
    positive_share: float  # positive evidence over all evidence without its sign, 0..1; NaN where the map is zero


def locate(maps: np.ndarray) -> list[EvidenceLocation]:
    """The location of the evidence on each map.

    Args:
        maps: float32[B,h,w], signed or not.

    Returns:
        One record per map.
    """
    _, height, width = maps.shape
    rows = (np.arange(height) + 0.5) / height
    columns = (np.arange(width) + 0.5) / width
    found = []
    for values in maps.astype(np.float64):
        positive = np.maximum(values, 0)
        total, size = positive.sum(), np.abs(values).sum()
        if total <= 0:
            share = 0.0 if size > 0 else np.nan
            found.append(EvidenceLocation(float(values.max()), np.nan, np.nan, np.nan, share))
            continue
        descending = np.sort(positive, axis=None)[::-1].cumsum()
        cells = int(np.searchsorted(descending, 0.5 * total)) + 1
        found.append(
            EvidenceLocation(
                peak=float(values.max()),
                row=float(positive.sum(axis=1) @ rows / total),
                column=float(positive.sum(axis=0) @ columns / total),
                half_area=cells / values.size,
                positive_share=float(total / size),
            )
        )
    return found


def place_name(location: EvidenceLocation) -> str:
    """The third of the picture where the centre of the evidence lies, such as 'the upper left'."""
    if not np.isfinite(location.row):
        return "nowhere"
    vertical = ("upper", "", "lower")[min(int(location.row * 3), 2)]
    horizontal = ("left", "", "right")[min(int(location.column * 3), 2)]
    if not vertical and not horizontal:
        return "the centre"
    if not vertical:
        return f"the {horizontal}"
    return f"the {vertical} {horizontal or 'middle'}"
