"""Every figure of a report on 600 images is what it was: moving code moves no number.

A figure that changes on purpose is written anew with `python tests/house/snapshots.py`, and the commit says why.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from snapshots import figures, kept

pytestmark = pytest.mark.numeric
SHARE, LEAST = (
    2e-3,
    2e-3,
)  # of a figure, and in all: other kernels round other ways, and figures are rounded for the page


def differences(before: Any, now: Any, where: str = "") -> list[str]:
    """The places at which two sets of figures differ by more than rounding."""
    if isinstance(before, dict) and isinstance(now, dict):
        lost = [f"{where}.{name} is there once" for name in before.keys() ^ now.keys()]
        return lost + [
            line
            for name in before.keys() & now.keys()
            for line in differences(before[name], now[name], f"{where}.{name}")
        ]
    if isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            return [f"{where}: {len(before)} entries, now {len(now)}"]
        pairs = enumerate(zip(before, now, strict=True))
        return [line for place, pair in pairs for line in differences(*pair, f"{where}[{place}]")]
    numbers = [each for each in (before, now) if isinstance(each, (int, float)) and not isinstance(each, bool)]
    near = len(numbers) == 2 and float in map(type, numbers) and bool(np.isclose(now, before, SHARE, LEAST))
    return [] if before == now or near else [f"{where}: {before!r}, now {now!r}"]


def test_the_figures_of_a_report_are_kept() -> None:
    assert differences(kept("figures_of_600"), figures()) == []


def test_a_change_would_be_seen() -> None:
    before = {"share": 0.5, "counts": [3, 4], "name": "conv1"}
    assert differences(before, {"share": 0.5005, "counts": [3, 4], "name": "conv1"}) == []
    assert differences(before, {"share": 0.51, "counts": [3, 4], "name": "conv1"}) == [".share: 0.5, now 0.51"]
    assert differences(before, {"share": 0.5, "counts": [3, 5], "name": "conv1"}) == [".counts[1]: 4, now 5"]
    assert differences(before, {"share": 0.5, "counts": [3], "name": "conv2"}) != []
    assert differences(before, {"share": 0.5, "counts": [3, 4]}) == [".name is there once"]
