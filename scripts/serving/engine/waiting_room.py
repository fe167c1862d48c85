"""Who may wait for the model: as many as there are places, and only where their answer is expected in time.

What is in hand, what waits before a question and the question itself are each told in seconds, by what such batches took of late
(see `pace`). A slow model has a short queue by that, a quick one a long one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from featurelens.scripts.serving.engine.clock import Clock
from featurelens.scripts.serving.engine.lanes import Lanes, Rows
from featurelens.scripts.serving.engine.pace import Pace
from featurelens.scripts.serving.engine.tickets import Overloaded, Ticket, WorkerDied

_FEW = 3  # answers one by one, that a model may take however slow it is: else nobody could come while it answers
_PATIENCE = 0.5  # of the time that an answer may take: what has waited for longer goes before lighter questions
_SLOWEST = 60  # seconds that a client is told to wait at most


class WaitingRoom:
    """The lanes, with a door that the event loop asks at and from which the model's thread takes.

    Args:
        pace: What is known of the seconds that batches take.
        most_waiting: Rows that may wait.
        most_seconds: In which an answer is expected, or in the time of three single ones where that is more; beyond it nobody is
            let in.
        clock: Tells the time.
    """

    def __init__(self, pace: Pace, most_waiting: int, most_seconds: float, clock: Clock) -> None:
        self.changed = threading.Condition()  # its lock is held by whoever looks into the lanes
        self.pace, self._clock = pace, clock
        self._most_waiting, self._most_seconds = most_waiting, most_seconds
        self._lanes = Lanes(_PATIENCE * most_seconds)
        self._arrived: list[Ticket] = []  # in this turn of the event loop, and only seen there
        self._arriving = 0  # their rows
        self._arriving_of: dict[Any, int] = {}  # and of each kind: a crowd is not counted anew for each of its members
        self._is_over = False  # nobody is answered any more
        self._busy: tuple[float, float] | None = None  # since when the model is, and for how long it was expected to be

    @property
    def waiting(self) -> int:
        """Rows that wait."""
        return self._lanes.waiting + self._arriving

    @property
    def in_lanes(self) -> int:
        """Rows that the model's thread can take."""
        return self._lanes.waiting

    def require(self, rows: int, key: Any, waited: float) -> None:
        """Pass where so many more of a kind may wait, after they have waited so long already.

        Raises:
            Overloaded: They may not.
        """
        self.require_places(rows)
        waiting = self.waiting
        if not waiting:  # alone it is no crowd
            return
        left = max(self._most_seconds, _FEW * self.pace.seconds(key, 1)) - waited
        if (waiting + rows) * self.pace.longest_row + self._left_in_hand() <= left:
            return  # at the very most, which is quickly told
        expected = self.expected(key, rows)
        if expected > left:
            raise _overloaded(expected)

    def require_places(self, rows: int) -> None:
        """Pass where there are so many places, however long it may take.

        Raises:
            Overloaded: There are not.
        """
        if self.waiting + rows > self._most_waiting:
            raise _overloaded(self.expected())

    def expected(self, key: Any = None, rows: int = 0) -> float:
        """Seconds until so many more would be answered: what is in hand, what waits, and they themselves."""
        waiting = dict(self._lanes.rows())
        for each, arriving in self._arriving_of.items():
            waiting[each] = waiting.get(each, 0) + arriving
        if rows:
            waiting[key] = waiting.get(key, 0) + rows
        return self._left_in_hand() + sum(self.pace.seconds(each, count) for each, count in waiting.items())

    def _left_in_hand(self) -> float:
        """Seconds that what is in hand will still take; what is late is expected to take as long again as it is late."""
        busy = self._busy
        return 0.0 if busy is None else abs(busy[0] + busy[1] - self._clock.now())

    def busy_for(self, seconds: float | None) -> None:
        """The model has something in hand from now on, expected to take so long; nothing for None."""
        self._busy = None if seconds is None else (self._clock.now(), seconds)

    def arrive(self, ticket: Ticket, soon: Callable[[Callable[[], None]], object]) -> None:
        """Take a ticket; `soon` calls a function at the end of this turn of the event loop.

        What arrives in one turn of the loop goes to the model together: alone the first of them would be a batch of one.
        """
        if not self._arrived:
            soon(self.let_in)
        ticket.since = self._clock.now()
        self._arrived.append(ticket)
        self._arriving += len(ticket.rows)
        self._arriving_of[ticket.key] = self._arriving_of.get(ticket.key, 0) + len(ticket.rows)

    def let_in(self) -> None:
        """Let the model's thread see those who arrived in this turn of the event loop."""
        with self.changed:
            arrived, self._arrived, self._arriving, self._arriving_of = self._arrived, [], 0, {}
            for ticket in [] if self._is_over else arrived:
                self._lanes.add(ticket)
            self.changed.notify()
        if self._is_over:
            for ticket in arrived:
                ticket.fail(WorkerDied("The model's worker has ended."))

    def next_batch(self) -> tuple[Any, Rows, dict[Ticket, Exception]]:
        """The kind that is due, its rows, and those that nobody waits for, with the reason; the model is busy with them."""
        with self.changed:
            now = self._clock.now()
            key = self._lanes.next_key(now)
            if key is None:
                return None, [], {}
            batch, dropped = self._lanes.take(key, self.pace.batch(key), now)
            self.busy_for(self.pace.seconds(key, len(batch)))
            return key, batch, dropped

    def close(self) -> set[Ticket]:
        """Take all out of the lanes, and fail whoever arrives."""
        with self.changed:
            self._is_over = True
            return self._lanes.clear()


def _overloaded(seconds: float) -> Overloaded:
    """The refusal, with the time after which what waits now will have been answered."""
    return Overloaded(max(1, min(_SLOWEST, math.ceil(seconds))))
