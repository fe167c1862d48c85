"""Round numbers beside an axis: 1, 2, 2.5 or 5 times a power of ten, as many as there is room for."""

from __future__ import annotations

import math

_STEPS = (1, 2, 2.5, 5, 10)
_MOST, _FEWEST = 9, 2
_NEAR = 1e-9  # of a step: what lies so near an end lies on it


def round_places(low: float, high: float, room: float, *, whole: bool = False) -> list[float]:
    """The places of the ticks between two ends.

    Args:
        low: one end.
        high: the other end, above it.
        room: how many would fit.
        whole: whole numbers only.

    >>> round_places(0, 1, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / min(max(int(room), 1), _MOST)
    power = 10.0 ** math.floor(math.log10(raw))
    wide = next(place for place, each in enumerate(_STEPS) if each * power >= raw * (1 - _NEAR))
    places: list[float] = []
    for each in (*_STEPS[wide::-1], *(each / 10 for each in _STEPS[-2::-1])):
        step = max(1.0, float(math.ceil(each * power - _NEAR))) if whole else each * power
        first, last = math.ceil(low / step - _NEAR), math.floor(high / step + _NEAR)
        places = [round(number * step, 12) for number in range(first, last + 1)]
        if len(places) >= _FEWEST or (whole and step == 1):
            break
    return places


def tick_words(places: list[float]) -> list[str]:
    """The numbers as text, all with as many decimals as tell them apart.

    >>> tick_words([-0.25, 0.0])
    ['−0.25', '0.00']
    """
    largest = max(map(abs, places), default=0)
    if largest and not 1e-4 <= largest < 1e6:
        return [f"{place:g}".replace("-", "−") for place in places]
    decimals = next((many for many in range(10) if all(_is_told(place, many, largest) for place in places)), 10)
    return [f"{place:.{decimals}f}".replace("-", "−") for place in places]


def _is_told(place: float, decimals: int, largest: float) -> bool:
    return abs(round(place, decimals) - place) <= 1e-9 * largest
