"""What a reader must know of each single map before believing it: how strong it is, and of which sign.

A map stretched to full colour looks strong whatever its values are. Four things tell it apart:

* its largest and smallest value, with their unit;
* its kind: 'zero' (nothing there), 'negative only' (nothing speaks for the class), 'positive', 'mixed';
* saturation: how much of the logit's gradient is left after the head (see `saturation`);
* the completeness gap, for methods whose maps ought to sum to a known number.

Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391, eq. 2) cuts negative evidence off: a map that is all zero may have
been negative everywhere. `GradCAMState` of `saturation` looks before the cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import Record
from ...kinds import checks_kinds

ZERO, NEGATIVE, POSITIVE, MIXED = "zero", "negative only", "positive", "mixed"
LOGIT, LOGIT_PER_PIXEL = "logit", "logit per unit of pixel value"  # the units of CAMs and contributions; of saliency


@dataclass(frozen=True)
class MapState(Record):
    """One map, told in numbers."""

    kind: str  # 'zero', 'negative only', 'positive' or 'mixed'
    largest: float  # in `unit`
    smallest: float  # in `unit`
    unit: str
    saturation: float  # at least 0, gradient after the head over the logit's; NaN where not measured, or no gradient
    gap: float  # what the map should sum to less its sum, in `unit`; NaN for methods without a promise

    @property
    def words(self) -> str:
        """Such as 'negative only: nothing speaks for the class' or 'positive, up to 3.1 logit'."""
        if self.kind == ZERO:
            return "zero everywhere"
        if self.kind == NEGATIVE:
            return "negative only: nothing speaks for the class"
        low = f"{self.smallest:.3g} to " if self.kind == MIXED else "up to "
        return f"{self.kind}, {low}{self.largest:.3g} {self.unit}"


@checks_kinds
def map_states(
    maps: np.ndarray,
    unit: str = LOGIT,
    *,
    before_cut: np.ndarray | None = None,
    saturation: np.ndarray | None = None,
    gap: np.ndarray | None = None,
) -> tuple[MapState, ...]:
    """The state of each map.

    Args:
        maps: float32[B,h,w], as drawn.
        unit: Of their values.
        before_cut: float32[B,h,w], the same maps before negative evidence was cut off, which then give the kind.
        saturation: float32[B], from `Saturation`.
        gap: float32[B], such as `CompleteMaps.gap`.

    Raises:
        ValueError: The maps hold NaN or infinity.

    Example:
        >>> map_states(np.array([[[0.0, -1.0]]]))[0].kind
        'negative only'
    """
    maps = np.asarray(maps)
    if maps.ndim < 2:
        raise ValueError(
            f"Expected maps float[B,h,w]. Received shape {list(maps.shape)}. Give one or more, as in maps[:1]."
        )
    for name, given, shape in (
        ("before_cut", before_cut, maps.shape),
        ("saturation", saturation, maps.shape[:1]),
        ("gap", gap, maps.shape[:1]),
    ):
        if given is not None and np.shape(given) != shape:
            raise ValueError(
                f"Expected {name} as float{list(shape)}, as the maps are {list(maps.shape)}. Received shape "
                f"{list(np.shape(given))}. Give those of the same images."
            )
    if not np.isfinite(maps).all():
        raise ValueError(
            "Expected maps of finite values. Received NaN or infinity. Leave the images out that they are of."
        )
    signed = maps if before_cut is None else before_cut
    nothing = np.full(len(maps), np.nan)
    return tuple(
        MapState(kind_of(source), float(values.max()), float(values.min()), unit, float(share), float(missing))
        for values, source, share, missing in zip(
            maps, signed, nothing if saturation is None else saturation, nothing if gap is None else gap, strict=True
        )
    )


def kind_of(values: np.ndarray) -> str:
    """'zero', 'negative only', 'positive' (at least 0 everywhere) or 'mixed'."""
    if not values.any():
        return ZERO
    if values.max() <= 0:
        return NEGATIVE
    return POSITIVE if values.min() >= 0 else MIXED
