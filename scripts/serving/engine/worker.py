"""The one thread that owns the model: batches of what waits, slices of jobs between them, and nothing lost when it ends.

Nothing waits for others to come: a batch is what is there, at most as much as is expected to be done in a quarter of the time
that an answer may take (see `waiting_room`). Jobs have their turns in the gaps (see `turns`).
"""

from __future__ import annotations

import math
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from featurelens.scripts.serving.engine.clock import Clock
from featurelens.scripts.serving.engine.failures import write_down
from featurelens.scripts.serving.engine.job_run import JobRun
from featurelens.scripts.serving.engine.jobs import Job, Jobs
from featurelens.scripts.serving.engine.lanes import Rows
from featurelens.scripts.serving.engine.pace import Pace
from featurelens.scripts.serving.engine.tickets import Overloaded, Ticket, WorkerDied
from featurelens.scripts.serving.engine.turns import Rest, rest_after
from featurelens.scripts.serving.engine.waiting_room import WaitingRoom

Compute = Callable[[Any, Sequence[Any]], Sequence[Any]]  # (key, rows) -> an answer for each row
Deliver = Callable[[Callable[[], object]], object]  # runs a function in the event loop
_BATCH = 0.25  # of the time that an answer may take


class ModelWorker:
    """A thread that answers tickets by `compute`.

    Args:
        compute: Answers some rows of one key; an exception as an answer is that row's alone.
        deliver: How answers reach the event loop, such as `loop.call_soon_threadsafe`.
        most_waiting: Rows that may wait.
        most_seconds: In which an answer is expected, by how long the last batches took; beyond it no question is taken.
        most_rows: Of a batch, a power of two.
        on_death: Called with the traceback where the thread ends by an error.
        before: Called once in the thread before the first answer, such as a warm-up, from which `pace` learns.
        seen: Called with (key, rows, seconds) after each batch.
        clock: Tells the time; None for the machine's own.
    """

    def __init__(
        self,
        compute: Compute,
        deliver: Deliver,
        *,
        most_waiting: int = 256,
        most_seconds: float = float("inf"),
        most_rows: int = 64,
        on_death: Callable[[str], None] = print,
        before: Callable[[], None] | None = None,
        seen: Callable[[Any, int, float], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self.jobs, self.pace = Jobs(), Pace(most_rows, _BATCH * most_seconds)
        self._room = WaitingRoom(self.pace, most_waiting, most_seconds, self._clock)
        self._compute, self._deliver, self._on_death = compute, deliver, on_death
        self._before, self._seen = before, seen
        self._in_hand: set[Ticket] = set()
        self._last_batch = -math.inf  # when it ended
        self._rest = Rest(-math.inf, -math.inf)  # of jobs
        self._ready, self._closing, self.death = threading.Event(), False, ""
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether the warm-up is done, and the thread lives."""
        return self._ready.is_set() and not self.death and not self._closing

    @property
    def waiting(self) -> int:
        """Rows that wait."""
        return self._room.waiting

    def room_for(self, rows: int, key: Any = None, waited: float = 0.0) -> None:
        """Pass where so many more may wait.

        Args:
            rows: How many.
            key: Of what kind.
            waited: Seconds that they have waited already, before anybody looked at them.

        Raises:
            Overloaded: They may not.
            WorkerDied: Nothing will be answered.
        """
        self._require_life()
        self._room.require(rows, key, waited)

    def submit(self, ticket: Ticket) -> None:
        """Put a ticket in the queue; its future gets the answers. Called in the event loop.

        Raises:
            Overloaded: The queue is full.
            WorkerDied: Nothing will be answered.
        """
        self._require_life()
        self._room.require_places(len(ticket.rows))
        self._room.arrive(ticket, ticket.future.get_loop().call_soon)

    def submit_job(self, job: Job) -> None:
        """Put a job behind the others.

        Raises:
            Overloaded: Too many wait.
            WorkerDied: Nothing will be computed.
        """
        self.room_for(0)
        if not self.jobs.add(job):
            raise Overloaded(10)
        with self._room.changed:
            self._room.changed.notify()

    def close(self, seconds: float = 10.0) -> None:
        """Answer what waits, cancel the jobs, and end the thread."""
        self._closing = True
        self.jobs.stop_all()
        with self._room.changed:
            self._room.changed.notify()
        self._thread.join(seconds)

    def _require_life(self) -> None:
        if self.death or self._closing:
            raise WorkerDied("The model's worker has ended." if self.death else "The service is stopping.")

    def _run(self) -> None:
        try:
            if self._before is not None:
                self._before()
            self._ready.set()
            while self._turn():
                pass
        except BaseException:  # whatever ends the thread, nobody may wait for ever
            self._die(traceback.format_exc())

    def _turn(self) -> bool:
        """A batch, or the next job with the batches that come while it runs; False where all is over."""
        with self._room.changed:
            while not self._room.in_lanes and not self._closing and self.jobs.next() is None:
                self._clock.wait(self._room.changed, None)
            if self._closing and not self._room.in_lanes:
                return False
        job = self.jobs.next()
        if job is None:
            self._answer_next()
        else:
            self._run_job(job)
        return True

    def _run_job(self, job: Job) -> None:
        """A job to its end; its first slice comes no sooner than the next one of the job before would have come."""
        now = self._clock.now()
        if now > self._rest.latest:
            self._rest = rest_after(0.0, now, self._last_batch)
        self._until_jobs_go_on()
        JobRun(job, self.pace, self._clock, self._room.busy_for, self._slice_ended).run()

    def _slice_ended(self, seconds: float) -> None:
        """A slice of a job took so long: answer what waits, and return when the next one is due."""
        self._room.busy_for(None)
        self._rest = rest_after(seconds, self._clock.now(), self._last_batch)
        self._until_jobs_go_on()

    def _until_jobs_go_on(self) -> None:
        while True:
            now = self._clock.now()
            if self._room.in_lanes:
                if now >= self._rest.latest:
                    return
                self._answer_next()
            elif now >= self._rest.until or self._closing:
                return
            else:
                with self._room.changed:
                    if not self._room.in_lanes and not self._closing:
                        self._clock.wait(self._room.changed, self._rest.until - now)

    def _answer_next(self) -> None:
        """The next batch."""
        key, batch, dropped = self._room.next_batch()
        self._in_hand = {ticket for ticket, _ in batch}
        if dropped:
            self._deliver(lambda: [ticket.fail(reason) for ticket, reason in dropped.items()])
        if batch:
            self._answer(key, batch)
        self._room.busy_for(None)

    def _answer(self, key: Any, batch: Rows) -> None:
        began = self._clock.now()
        answers = self._computed(key, [ticket.rows[place] for ticket, place in batch])
        settled = []
        for (ticket, place), answer in zip(batch, answers, strict=True):
            ticket.answers[place] = answer
            ticket.left -= 1
            if not ticket.left:
                settled.append(ticket)
        self._last_batch = self._clock.now()
        seconds = self._last_batch - began
        self.pace.learn(key, len(batch), seconds)
        if self._seen is not None:
            self._seen(key, len(batch), seconds)
        self._deliver(lambda: [ticket.settle() for ticket in settled])
        self._in_hand = set()

    def _computed(self, key: Any, rows: list[Any]) -> Sequence[Any]:
        """The answers; where a batch fails as a whole, each row is tried alone, so that one fails alone."""
        try:
            return self._compute(key, rows)
        except Exception as error:
            if len(rows) == 1:
                write_down(error)
                return [error]
            return [self._computed(key, [row])[0] for row in rows]

    def _die(self, trace: str) -> None:
        """Fail all that waits or was being computed, and say so."""
        self.death = trace
        lost = self._room.close() | self._in_hand
        self.jobs.stop_all()
        self._on_death(trace)
        self._deliver(lambda: [ticket.fail(WorkerDied("The model's worker has ended.")) for ticket in lost])
