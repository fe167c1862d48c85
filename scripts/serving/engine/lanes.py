"""What waits for the model: a lane for each kind of question, from which batches are taken.

The lightest kind goes first (a prediction before a map), but nothing waits for ever behind lighter ones: what has waited for
longer than `patience` goes before all that came later. A batch holds the largest power of two of a lane: a few sizes only, so
that memory stays flat.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from featurelens.scripts.serving.engine.tickets import Ticket

Rows = list[tuple[Ticket, int]]  # a ticket, and which of its rows


class Lanes:
    """The lanes; whoever uses them holds a lock, but for `rows`.

    Args:
        patience: Seconds after which a row goes before lighter ones.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lanes: dict[Any, deque[tuple[Ticket, int]]] = {}
        self.waiting = 0  # rows in all lanes

    def add(self, ticket: Ticket) -> None:
        """Put the rows of a ticket behind the others of its kind."""
        self._lanes.setdefault(ticket.key, deque()).extend((ticket, place) for place in range(len(ticket.rows)))
        self.waiting += len(ticket.rows)

    def rows(self) -> list[tuple[Any, int]]:
        """How many wait of each kind."""
        return [(key, len(lane)) for key, lane in list(self._lanes.items())]

    def next_key(self, now: float) -> Any:
        """The kind that is due; None where nothing waits."""
        heads = [(lane[0][0].since, key) for key, lane in self._lanes.items()]
        late = [head for head in heads if now - head[0] > self._patience]
        if late:
            return min(late, key=lambda head: head[0])[1]
        return min((key for _, key in heads), key=lambda key: key.weight, default=None)

    def take(self, key: Any, most_rows: int, now: float) -> tuple[Rows, dict[Ticket, Exception]]:
        """The largest power of two of a kind, at most `most_rows`; and those that nobody waits for, with the reason."""
        lane, taken = self._lanes[key], []
        dropped: dict[Ticket, Exception] = {}
        wanted = _power_of_two(min(len(lane), most_rows))
        while lane and len(taken) < wanted:
            ticket, place = lane.popleft()
            reason = dropped.get(ticket) or ticket.reason_to_drop(now)
            if reason is None:
                taken.append((ticket, place))
            else:
                dropped[ticket] = reason
                self.waiting -= 1
        while len(taken) != _power_of_two(len(taken)):  # fewer were left than thought
            lane.appendleft(taken.pop())
        self.waiting -= len(taken)
        if not lane:
            del self._lanes[key]
        return taken, dropped

    def clear(self) -> set[Ticket]:
        """Take all out."""
        found = {ticket for lane in self._lanes.values() for ticket, _ in lane}
        self._lanes.clear()
        self.waiting = 0
        return found


def _power_of_two(rows: int) -> int:
    """The largest one of at most so many; 0 of 0."""
    return 1 << (rows.bit_length() - 1) if rows else 0
