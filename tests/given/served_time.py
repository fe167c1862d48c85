"""A worker in a time of its own: questions arrive at given seconds, batches take given seconds, and no real time passes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from featurelens.scripts.serving.engine.clock import Clock
from featurelens.scripts.serving.engine.jobs import Job
from featurelens.scripts.serving.engine.tickets import Overloaded, Ticket
from featurelens.scripts.serving.engine.worker import ModelWorker


@dataclass(frozen=True)
class Kind:
    """What is asked."""

    name: str = "predict"
    weight: int = 0


class NothingMore(Exception):
    """Nothing is left that could happen."""


class GivenTime(Clock):
    """A clock that goes on when somebody waits or works; what is due meanwhile happens at its time."""

    def __init__(self) -> None:
        self.time = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), happens))

    def now(self) -> float:
        return self.time

    def wait(self, condition: Any, seconds: float | None) -> None:
        """Until the next thing happens, which may be what is waited for, or for so long."""
        if not self._due and seconds is None:
            raise NothingMore
        until = float("inf") if seconds is None else self.time + seconds
        if self._due and self._due[0][0] <= until:
            self._next()
        else:
            self.time = until

    def work(self, seconds: float) -> None:
        """Be busy for so long."""
        until = self.time + seconds
        while self._due and self._due[0][0] <= until:
            self._next()
        self.time = until

    def _next(self) -> None:
        when, _, happens = heapq.heappop(self._due)
        self.time = max(self.time, when)
        happens()


class Asked:
    """A question, as its future, from its arrival to its answer."""

    def __init__(self, clock: GivenTime) -> None:
        self._clock, self.arrived, self.answered, self.told_to_wait = clock, clock.time, float("inf"), 0

    @property
    def seconds(self) -> float:
        return self.answered - self.arrived

    def get_loop(self) -> Any:
        return self

    def call_soon(self, happens: Callable[[], None]) -> None:
        self._clock.at(self._clock.time, happens)

    def done(self) -> bool:
        return self.answered < float("inf")

    def cancelled(self) -> bool:
        return False

    def set_result(self, _: Any) -> None:
        self.answered = self._clock.time


class Served:
    """A worker whose batches take `seconds(kind, rows)`, which it has learned at its start."""

    def __init__(
        self, seconds: Callable[[Kind, int], float], kinds: Iterable[Kind] = (Kind(),), **settings: Any
    ) -> None:
        self.clock, self.seconds = GivenTime(), seconds
        self.batches: list[tuple[Kind, int]] = []
        self.worker = ModelWorker(self._compute, lambda happens: happens(), clock=self.clock, **settings)
        for kind in kinds:
            for power in range(self.worker.pace.most_rows.bit_length()):
                self.worker.pace.learn(kind, 1 << power, seconds(kind, 1 << power))

    def asked(self, times: Iterable[float], kind: Kind = Kind()) -> list[Asked]:
        """Let a question arrive at each time; the list is filled as they come."""
        found: list[Asked] = []
        for when in times:
            self.clock.at(when, lambda: found.append(self._ask(kind)))
        return found

    def job(
        self, when: float, slices: int, rows_take: Callable[[int], float], **settings: Any
    ) -> tuple[Job, list[Any]]:
        """A job of so many slices, each of which takes what its rows take; with (when it began, rows) of each."""
        begun: list[tuple[float, int]] = []

        def work(step: Any, rows: int) -> str:
            for done in range(slices):
                begun.append((self.clock.time, rows))
                self.clock.work(rows_take(rows))
                step(done + 1, slices)
            return "found"

        job = Job(work, **{"seconds": 60.0, "kind": "job", **settings})
        self.clock.at(when, lambda: self.worker.submit_job(job))
        return job, begun

    def run(self) -> None:
        """Until nothing more can happen."""
        try:
            while self.worker._turn():
                pass
        except NothingMore:
            pass

    def _ask(self, kind: Kind) -> Asked:
        asked = Asked(self.clock)
        try:
            self.worker.room_for(1, kind)
            self.worker.submit(Ticket(kind, [0], asked))  # type: ignore[arg-type]
        except Overloaded as error:
            asked.told_to_wait = error.seconds
        return asked

    def _compute(self, kind: Kind, rows: Any) -> Any:
        self.batches.append((kind, len(rows)))
        self.clock.work(self.seconds(kind, len(rows)))
        return rows
