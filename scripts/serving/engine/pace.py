"""How long batches take: learned from the last ones of each kind of question, so that what waits can be told in seconds.

What a batch took is believed part of the way, sooner where it was slower than where it was quicker. The other sizes follow as far
as they must: a batch takes no less than one of half its size, and no longer than two of those. So a model that has become slow is
expected to be slow at every size. Batches that would take too long are not made; what was known of them is forgotten every now
and then, so that a size that had bad luck once is tried again where the smaller ones say that it would do.
"""

from __future__ import annotations

from typing import Any

_SLOWER, _QUICKER = 0.3, 0.2  # of the way to what a batch took
_LONGEST = 4.0  # times as long as expected: what is longer still may have been an accident
_RETRIED = 32  # batches, after which the sizes that are avoided are thought over
_KINDS = 256  # that are remembered


class Pace:
    """What is expected of batches of 1, 2, 4, ... rows.

    Args:
        most_rows: Of a batch, a power of two.
        most_seconds: Of a batch: what takes longer is done in several.

    Example:
        >>> pace = Pace(4)
        >>> pace.learn("predict", 4, 0.2), pace.learn("predict", 1, 0.1)
        (None, None)
        >>> pace.seconds("predict", 4), pace.seconds("predict", 9), pace.fitting("predict", 0.1)
        (0.2, 0.5, 1)
    """

    def __init__(self, most_rows: int, most_seconds: float = float("inf")) -> None:
        self.most_rows, self._most_seconds = most_rows, most_seconds
        self.longest_row = float(
            "inf"
        )  # seconds of one row alone, of the slowest kind: no batch takes longer for each of its rows
        self._known: dict[Any, _Known] = {}  # by kind, the latest at the end

    def learn(self, kind: Any, rows: int, seconds: float) -> None:
        """Note what a batch of so many rows, a power of two, took."""
        power = rows.bit_length() - 1
        known = self._known.pop(kind, None) or _Known(self._guessed(rows, seconds))
        known.learn(power, seconds)
        known.batch = self._fitting(known.expected, self._most_seconds)
        if known.learned % _RETRIED == 0:
            known.forget_above(known.batch.bit_length() - 1)
            known.batch = self._fitting(known.expected, self._most_seconds)
        self._known[kind] = known
        if len(self._known) > _KINDS:
            del self._known[next(iter(self._known))]
        self.longest_row = max(each.expected[0] for each in self._known.values())

    def seconds(self, kind: Any, rows: int) -> float:
        """That so many rows will take, in full batches and smaller ones for the rest; 0 while nothing is known."""
        known = self._of(kind)
        if known is None:
            return 0.0
        full, rest = divmod(rows, known.batch)
        found = full * known.expected[known.batch.bit_length() - 1]
        while rest:
            power = rest.bit_length() - 1
            found += known.expected[power]
            rest -= 1 << power
        return found

    def batch(self, kind: Any) -> int:
        """Rows of the largest batch that may be made."""
        known = self._of(kind)
        return self.most_rows if known is None else known.batch

    def fitting(self, kind: Any, seconds: float) -> int:
        """The rows of the largest batch that is expected to be done in so many seconds; at least 1."""
        known = self._of(kind)
        return self.most_rows if known is None else self._fitting(known.expected, seconds)

    def _of(self, kind: Any) -> _Known | None:
        """What is known of a kind; of one that was never seen as much as of the slowest, best of one seen at every size."""
        found = self._known.get(kind)
        if found is not None:
            return found
        others = list(self._known.values())
        return max(others, key=lambda known: (known.is_whole, known.expected[-1]), default=None)

    def _guessed(self, rows: int, seconds: float) -> list[float]:
        """All sizes, where one is known: larger ones take as much a row; of it smaller ones take half, and half a row."""
        sizes = (1 << power for power in range(self.most_rows.bit_length()))
        return [seconds * (size / rows if size > rows else (1 + size / rows) / 2) for size in sizes]

    @staticmethod
    def _fitting(expected: list[float], seconds: float) -> int:
        return max((1 << power for power, each in enumerate(expected) if each <= seconds), default=1)


class _Known:
    """What is known of one kind."""

    def __init__(self, expected: list[float]) -> None:
        self.expected = expected  # seconds of 1, 2, 4, ... rows
        self.batch = 1  # rows of the largest batch
        self.learned = 0  # batches
        self._seen: set[int] = set()  # powers of two, of the sizes that were seen

    def learn(self, power: int, seconds: float) -> None:
        """A batch of so many rows took so long: the other sizes follow as far as they must."""
        expected = self.expected
        if power in self._seen:
            change = min(seconds, _LONGEST * expected[power]) - expected[power]
            expected[power] += change * (_SLOWER if change > 0 else _QUICKER)
        else:
            expected[power] = seconds
            self._seen.add(power)
        for other in range(len(expected)):
            far = expected[power] * 2.0 ** (other - power)  # as much a row
            least, most = sorted((expected[power], far))
            expected[other] = min(max(expected[other], least), most)
        if power - 1 in self._seen:
            self._extrapolate(power)
        self.learned += 1

    def forget_above(self, power: int) -> None:
        """Expect of larger batches only what follows from this size and half of it."""
        self._seen -= set(range(power + 1, len(self.expected)))
        self._extrapolate(power)

    def _extrapolate(self, power: int) -> None:
        """Larger sizes that were not seen: as much more as this size takes than half of it, for as many more rows."""
        expected = self.expected
        for other in range(power + 1, len(expected)):
            if other not in self._seen:
                before = expected[other - 1]
                expected[other] = 2 * before if other < 2 else before + 2 * max(before - expected[other - 2], 0.0)

    @property
    def is_whole(self) -> bool:
        """Whether batches of every size were seen."""
        return len(self._seen) == len(self.expected)
