"""How long batches take: learned from the last ones of each kind of question, so that what waits can be told in seconds.

A batch that takes longer than expected, or shorter, moves what is expected of its own size, and of the other sizes half as far:
a model that has become slow is slow at every size. It is believed sooner to be slower than to be quicker.
"""

from __future__ import annotations

from typing import Any

_SLOWER, _QUICKER = 0.3, 0.2  # of the way to what a batch took
_OTHERS = 0.5  # of that for the sizes that it was not of
_LARGEST = 4.0  # times as long: what is longer still may have been an accident
_KINDS = 256  # that are remembered


class Pace:
    """What is expected of batches of 1, 2, 4, ... rows.

    Args:
        most_rows: Of a batch, a power of two.

    Example:
        >>> pace = Pace(4)
        >>> pace.learn("predict", 4, 0.2)
        >>> pace.seconds("predict", 4), pace.seconds("predict", 9), pace.fitting("predict", 0.1)
        (0.2, 0.525, 1)
    """

    def __init__(self, most_rows: int) -> None:
        self.most_rows = most_rows
        self._took: dict[Any, dict[int, float]] = {}  # kind -> {rows of a batch: seconds}
        self._expected: dict[Any, list[float]] = {}  # kind -> seconds of 1, 2, 4, ... rows

    def learn(self, kind: Any, rows: int, seconds: float) -> None:
        """Note what a batch of so many rows, a power of two, took."""
        took = self._took.pop(kind, {})
        if rows in took:
            change = min(seconds / max(took[rows], 1e-9), _LARGEST) - 1
            part = _SLOWER if change > 0 else _QUICKER
            for size in took:
                took[size] *= 1 + change * part * (1 if size == rows else _OTHERS)
        else:
            took[rows] = seconds
        self._took[kind] = took  # the latest at the end
        self._expected[kind] = self._of_all_sizes(took)
        if len(self._took) > _KINDS:
            forgotten = next(iter(self._took))
            del self._took[forgotten], self._expected[forgotten]

    def seconds(self, kind: Any, rows: int) -> float:
        """That so many rows will take, in full batches and smaller ones for the rest; 0 while nothing is known."""
        expected = self._of(kind)
        if not expected:
            return 0.0
        full, rest = divmod(rows, self.most_rows)
        found = full * expected[-1]
        while rest:
            power = rest.bit_length() - 1
            found += expected[power]
            rest -= 1 << power
        return found

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

    def _of_all_sizes(self, took: dict[int, float]) -> list[float]:
        """Also of those not seen yet: on the line between two that were; below them half of it a row, above them all of it."""
        seen = sorted(took)
        expected = []
        for size in (1 << power for power in range(self.most_rows.bit_length())):
            smaller = max((each for each in seen if each <= size), default=0)
            larger = min((each for each in seen if each >= size), default=0)
            if not larger:
                expected.append(took[smaller] * size / smaller)
            elif not smaller:
                expected.append(took[larger] * (1 + size / larger) / 2)
            else:
                part = (size - smaller) / max(larger - smaller, 1)
                expected.append(took[smaller] + part * (took[larger] - took[smaller]))
        return expected
