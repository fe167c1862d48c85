"""The parts that the work is cut into: always the same ones, whoever does them and in whatever order."""

from __future__ import annotations

from dataclasses import dataclass

UNIT_IMAGES = 8192  # consecutive image numbers: half a second of work on 28 x 28, some minutes on photos


@dataclass(frozen=True)
class Unit:
    """Consecutive images of the source."""

    number: int  # from 0
    start: int  # number of the first image
    stop: int  # one more than that of the last

    def __len__(self) -> int:
        return self.stop - self.start


def units_of(images: int, size: int = UNIT_IMAGES) -> tuple[Unit, ...]:
    """The units of so many images; the last one may be shorter.

    Example:
        >>> units_of(5, size=2)
        (Unit(number=0, start=0, stop=2), Unit(number=1, start=2, stop=4), Unit(number=2, start=4, stop=5))
    """
    starts = range(0, images, size)
    return tuple(Unit(number, start, min(start + size, images)) for number, start in enumerate(starts))
