"""What stands under a map: its largest value with its unit, or what is missing; and how far its gradient has faded.

A map stretched to full colour looks strong, however weak it is, and one without colour does not say why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...interpret.maps.state import LOGIT_PER_PIXEL, NEGATIVE, ZERO, MapState
from ..drawing.wording import number, percent, shape, with_minus

_WEAK = 0.05  # of the median peak over the set; a map that stays below it is called very weak
EMPTY_MAPS = "“Negative only”: Grad-CAM has no positive value, and cuts the negative ones off; “zero everywhere”: it has neither."
_NEGATIVE = "Grad-CAM has no positive value, and cuts the negative ones off"
LOGIT_PER_STEP = "logit per step from black to white"  # of a saliency that no longer depends on the range of pixels
_SHORT = {LOGIT_PER_PIXEL: "logit/unit", LOGIT_PER_STEP: "logit/step"}  # for the width of a tile


@dataclass(frozen=True)
class MapNote:
    """The state of a map, short enough to stand under it."""

    text: str
    full: str = ""  # the same in full words, where they say more


def short_unit(unit: str) -> str:
    """The unit as it fits under a picture: 'logit', 'logit/unit', 'logit/step'."""
    return _SHORT.get(unit, unit)


def peak_note(state: MapState, usual: float = 0.0) -> MapNote:
    """Of a map without negative values, such as 'peak 3.1 logit'.

    Args:
        state: Of the map; for Grad-CAM with the kind that it was of before its cut.
        usual: The peak that such maps have; one far below it is called very weak.
    """
    if state.largest <= 0:
        return MapNote("zero everywhere") if state.kind == ZERO else MapNote(NEGATIVE, _NEGATIVE)
    peak = f"peak {number(state.largest)} {short_unit(state.unit)}"
    if state.largest < _WEAK * usual:
        return MapNote(f"{peak}, very weak", f"below {percent(_WEAK, 0)} of the median peak of all images")
    return MapNote(peak, f"largest value {number(state.largest)} {state.unit}" if state.unit in _SHORT else "")


def signed_note(state: MapState) -> MapNote:
    """Of a map with a sign, such as '−1.2 to 3.1 logit'."""
    if state.kind == ZERO:
        return MapNote("zero everywhere")
    span = f"{with_minus(number(state.smallest))} to {with_minus(number(state.largest))} {state.unit}"
    return MapNote(f"{NEGATIVE}, {span}" if state.kind == NEGATIVE else span)


def averaged_to(drawn: np.ndarray, images: np.ndarray) -> str:
    """That a map's peak is of averages, where it is: maps are drawn at the size of `drawn`, made at that of `images`."""
    size = drawn.shape[1:3]
    return "" if size == images.shape[1:3] else f", averaged down to {shape(size)} places"


def faded(share: float, head: str) -> str:
    """How much smaller the gradient is after the head: 'the gradient after the softmax is 3 % of the logit’s'.

    Args:
        share: `MapState.saturation`.
        head: 'softmax', 'log_softmax', 'sigmoid', 'linear' or 'probability'; after the last two there is nothing to say.
    """
    if head in ("linear", "probability"):
        return ""
    if not np.isfinite(share):
        return "the predicted class’s logit has no gradient at this image"
    digits = 0 if share >= 0.00995 else 1
    said = f"{100 * share:.{digits}f} %" if share >= 0.001 else "under 0.1 %"
    return f"the gradient after the {head.removeprefix('log_')} is {said} of the logit’s"


def faded_reading(head: str) -> str:
    """What `faded` means, for those who have not met it."""
    if head in ("linear", "probability"):
        return ""
    return (
        f"The gradient after the {head.removeprefix('log_')} is that of the predicted class’s probability with respect to the "
        f"pixels; its length is given as a share of the length of the logit’s gradient. Where the answer is sure, little is "
        f"left, and a map of the probability would show that little; the maps here are all of logits."
    )
