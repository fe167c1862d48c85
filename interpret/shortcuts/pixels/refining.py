"""Which pixels exactly some images share, at full size: those alike in nearly all of them and in few others, and those of
squares of 3 x 3 pixels that stand apart by a separation of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

LEAST_SEPARATION = 6.0  # of a square of 3 x 3 (`docs/shortcuts.md`: the largest without a plant, the least with one)
_MOST, _LEAST_COMPARED = 200, 64  # images of either side that are compared; of large pictures fewer
_PIXELS = 3_000_000  # of a side
_HELD = 48_000_000  # bytes of a side that are kept, to be read once
_CLEAR = 0.2  # of the largest difference of the means: below it, a pixel at the rim of a square is not part of it
_LEAST = 1e-3
_ALIKE = 0.02  # of the range
_NEARLY_ALL, _FEW = 0.85, 0.3  # shares of the images
_BEYOND = 3  # pixels beyond where content was noticed
_ALIKE_PART = 0.4  # how far carriers are from their mean, at most, over how far the others are from it
_OTHERWISE = 0.1  # of the range: how far these are at least


See = Callable[[np.ndarray], Iterator[np.ndarray]]  # numbers of images -> float32[n,H,W,C], a part at a time, in 0..1


def shared_pixels(
    see: See, carriers: np.ndarray, others: np.ndarray, near: np.ndarray, *, and_alike: bool = False
) -> np.ndarray:
    """The pixels that carriers share and others have not.

    Args:
        see: Gives images by their numbers.
        carriers: int64[n], numbers of images that carry the content.
        others: int64[m], of some that do not.
        near: bool[H,W], where to look.
        and_alike: Whether pixels that carriers have much the same are shared, too.

    Returns:
        bool[H,W]; all False where there are none.
    """
    found, box = np.zeros_like(near), _around(near)
    sides = [_Side(see, _spread(numbers, near.size), box) for numbers in (carriers, others)]
    inside, rest = (_Squares.of(side.parts()) for side in sides)
    line, near = inside.mean - rest.mean, near[box]
    apart = _apart(sides, line, inside)
    kept = _wider((apart >= LEAST_SEPARATION) & near, 1)
    change = np.abs(line).max(axis=2)
    clear = kept & (change >= _CLEAR * max(float(change[kept].max(initial=0)), _LEAST))
    found[box] = clear | (_wider(near, _BEYOND) & _repeated(*sides))
    if and_alike:
        off = (rest.variance + np.square(line)).max(axis=2)  # of the others from the carriers' mean
        alike = inside.variance.max(axis=2) <= _ALIKE_PART**2 * off
        found[box] |= _wider(near, _BEYOND) & alike & (off >= _OTHERWISE**2)
    return found


def _around(near: np.ndarray) -> tuple[slice, slice]:
    """Where pixels count: what lies so near, and the squares around these."""
    rows, columns = np.nonzero(near)
    ends = ((places.min(initial=near.size), places.max(initial=0)) for places in (rows, columns))
    low, high = zip(*((max(0, int(least) - _BEYOND - 2), int(most) + _BEYOND + 3) for least, most in ends), strict=True)
    return slice(low[0], high[0]), slice(low[1], high[1])


class _Side:
    """The images of one side, a part of each; read once where they fit the memory, else each time."""

    def __init__(self, see: See, numbers: np.ndarray, box: tuple[slice, slice]) -> None:
        self._see, self._numbers, self._box = see, numbers, box
        self._kept: list[np.ndarray] | None = None

    def parts(self) -> Iterator[np.ndarray]:
        """float32[n,h,w,C], some at a time."""
        if self._kept is not None:
            yield from self._kept
            return
        seen, held = [], 0
        for part in self._see(self._numbers):
            cut = np.ascontiguousarray(part[:, *self._box])
            held += cut.nbytes
            seen = [*seen, cut] if held <= _HELD else []
            yield cut
        self._kept = seen or None


def _spread(numbers: np.ndarray, pixels: int) -> np.ndarray:
    """Some of the images, from first to last, since a folder's come class by class."""
    most = min(len(numbers), _MOST, max(_LEAST_COMPARED, _PIXELS // max(1, pixels)))
    return numbers[np.arange(most) * len(numbers) // max(1, most)]


def _wider(mask: np.ndarray, by: int) -> np.ndarray:
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)).astype(bool)


def _repeated(carriers: _Side, others: _Side) -> np.ndarray:
    """bool[h,w]: pixels of one value in nearly all carriers that few others have there."""
    inside = np.concatenate(list(carriers.parts()))
    lines = [inside[:, row] for row in range(inside.shape[1])]  # one by one: two copies of all would be held else
    value = np.stack([np.median(line, axis=0) for line in lines])
    found = zip(lines, value, strict=True)
    alike = np.stack([(np.abs(line - each) <= _ALIKE).all(axis=2).mean(axis=0) for line, each in found])
    elsewhere, seen = np.zeros_like(alike), 0
    for part in others.parts():
        elsewhere, seen = elsewhere + (np.abs(part - value) <= _ALIKE).all(axis=3).sum(axis=0), seen + len(part)
    return (alike >= _NEARLY_ALL) & (elsewhere <= _FEW * seen)


class _Squares:
    """Mean and variance of pixels, as they are seen."""

    def __init__(self) -> None:
        self._count, self._sum, self._square = 0, np.zeros(()), np.zeros(())

    @classmethod
    def of(cls, parts: Iterator[np.ndarray]) -> _Squares:
        made = cls()
        for part in parts:
            made.see(part)
        return made

    def see(self, images: np.ndarray) -> None:
        self._count += len(images)
        self._sum = self._sum + images.sum(axis=0, dtype=np.float64)
        self._square = self._square + np.square(images, dtype=np.float64).sum(axis=0)

    @property
    def mean(self) -> np.ndarray:
        return self._sum / self._count

    @property
    def variance(self) -> np.ndarray:
        return np.maximum(self._square / self._count - np.square(self.mean), 0)


def _summed(values: np.ndarray) -> np.ndarray:
    """Sums over squares of 3 x 3 and over the channels, float64[H,W]."""
    import cv2

    whole = np.ascontiguousarray(values.sum(axis=-1))
    return cv2.boxFilter(whole, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)


def _apart(sides: Sequence[_Side], line: np.ndarray, inside: _Squares) -> np.ndarray:
    """The separation of each square, float64[h,w], 0 where the means are the same."""
    distance = np.sqrt(np.maximum(_summed(np.square(line)), 0))  # a running sum may fall below 0 by rounding
    rms = np.sqrt(np.maximum(_summed(inside.variance), 0))
    spread = np.zeros_like(distance)
    for side in sides:
        seen = _Squares.of(np.stack([_summed(each * line) for each in part]) for part in side.parts())
        spread += seen.variance / 2
    safe = np.maximum(distance, _LEAST)
    deviation = np.sqrt(spread / np.square(safe) + _LEAST**2)
    return np.where(distance > 3 * _LEAST, distance / deviation / (1 + 4 * rms / safe), 0)
