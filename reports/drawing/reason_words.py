"""What lies behind one answer, in sentences: the smallest change that flips it, the channels that lead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...interpret.pixel_removal.smallest_flip import SmallestFlips
from .wording import number, percent, with_minus


def flip_words(flips: SmallestFlips | None, place: int, names: Sequence[str]) -> str:
    """The smallest square that changes the decision, or up to where none does; empty where nothing was searched."""
    if flips is None or not flips.searched:
        return ""
    side, grid = int(flips.side[place]), "" if flips.stride == 1 else f", on a grid of {flips.stride} pixels"
    if not side:
        return f"Smallest grey square that changes the decision: none up to {flips.searched} × {flips.searched}{grid}."
    where = f"({flips.row[place]}, {flips.column[place]})"
    change = f"{names[flips.before[place]]} → {names[flips.after[place]]}"
    return f"Smallest grey square that changes the decision: {side} × {side} at (row, column) {where}{grid}, {change}."


def channel_words(
    layer: str | None, channels: np.ndarray, parts: np.ndarray, share: float, said: str, meant: str
) -> str:
    """The channels of the largest part in the lead; empty where no channel has any.

    Args:
        layer: Of the channels; None where there is none.
        channels: int64[5], the largest first.
        parts: float32[5], theirs, logits.
        share: 0..1, of these five in all parts; NaN where there is none.
        said, meant: The class that leads, and the other one.
    """
    if layer is None or not np.isfinite(share):
        return ""
    largest = zip(channels[:3], parts[:3], strict=True)
    told = ", ".join(f"{channel} ({with_minus(number(float(part)))})" for channel, part in largest)
    return (
        f"The largest parts in the lead of {said} over {meant} at {layer}, in logits: channels {told}; the five largest make "
        f"{percent(share, 0)} of all parts."
    )
