"""How long batches take: learned from the last ones of each kind of question, so that what waits can be told in seconds.

What a batch took is believed part of the way, sooner where it was slower than where it was quicker. The other sizes follow as far
as they must: a batch takes no less than one of half its size, and no longer than two of those. So a model that has become slow is
expected to be slow at every size, and a size that had bad luck once, and was avoided since, is tried again.
"""

from __future__ import annotations

from typing import Any

_SLOWER, _QUICKER = 0.3, 0.2  # of the way to what a batch took
_LONGEST = 4.0  # times as long as expected: what is longer still may have been an accident
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
        self._expected: dict[Any, list[float]] = {}  # kind -> seconds of 1, 2, 4, ... rows; the latest kind at the end
        self._batch: dict[Any, int] = {}  # kind -> rows of its largest batch
        self._seen: dict[Any, set[int]] = {}  # kind -> powers of two, of the sizes that were seen

    def learn(self, kind: Any, rows: int, seconds: float) -> None:
        """Note what a batch of so many rows, a power of two, took."""
        power, seen = rows.bit_length() - 1, self._seen.setdefault(kind, set())
        expected = list(self._expected.pop(kind, ())) or self._guessed(rows, seconds)
        if power in seen:
            change = min(seconds, _LONGEST * expected[power]) - expected[power]
            expected[power] += change * (_SLOWER if change > 0 else _QUICKER)
        else:
            expected[power] = seconds
            seen.add(power)
        for other in range(power + 1, len(expected)):
            expected[other] = min(max(expected[other], expected[power]), expected[power] * 2 ** (other - power))
        for other in range(power):
            expected[other] = max(min(expected[other], expected[power]), expected[power] / 2 ** (power - other))
        self._expected[kind] = expected
        self._batch[kind] = self.fitting(kind, self._most_seconds)
        if len(self._expected) > _KINDS:
            forgotten = next(iter(self._expected))
            del self._expected[forgotten], self._seen[forgotten], self._batch[forgotten]

    def seconds(self, kind: Any, rows: int) -> float:
        """That so many rows will take, in full batches and smaller ones for the rest; 0 while nothing is known."""
        expected = self._of(kind)
        if not expected:
            return 0.0
        batch = self.batch(kind)
        full, rest = divmod(rows, batch)
        found = full * expected[batch.bit_length() - 1]
        while rest:
            power = rest.bit_length() - 1
            found += expected[power]
            rest -= 1 << power
        return found

    def batch(self, kind: Any) -> int:
        """Rows of the largest batch that may be made."""
        return self._batch.get(kind) or self.fitting(kind, self._most_seconds)

    def fitting(self, kind: Any, seconds: float) -> int:
        """The rows of the largest batch that is expected to be done in so many seconds; at least 1."""
        expected = self._of(kind)
        if not expected:
            return self.most_rows
        return max((1 << power for power, each in enumerate(expected) if each <= seconds), default=1)

    def _of(self, kind: Any) -> list[float]:
        """What is expected of a kind; of one that was never seen as much as of the slowest that was."""
        found = self._expected.get(kind)
        return found if found is not None else max(list(self._expected.values()), key=lambda each: each[-1], default=[])

    def _guessed(self, rows: int, seconds: float) -> list[float]:
        """All sizes, where one is known: larger ones take as much a row; of it smaller ones take half, and half a row."""
        sizes = (1 << power for power in range(self.most_rows.bit_length()))
        return [seconds * (size / rows if size > rows else (1 + size / rows) / 2) for size in sizes]
