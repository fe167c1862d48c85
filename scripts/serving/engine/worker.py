"""The one thread that owns the model: batches of what waits, jobs between them, and nothing lost when it ends.

A batch holds the largest power of two of equal questions that wait, at most `most_rows`: a few sizes only, so that memory
stays flat. Nothing waits for others to come. Short questions (predict) go before longer ones (explain) and both before
jobs, whose next step runs when nothing waits, or when the last one was `_JOB_PAUSE` ago.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

from featurelens.scripts.serving.engine.jobs import CANCELLED, DONE, FAILED, RUNNING, Job, Jobs, JobStopped
from featurelens.scripts.serving.engine.tickets import Overloaded, Ticket, WorkerDied

Compute = Callable[[Any, Sequence[Any]], Sequence[Any]]  # (key, rows) -> an answer for each row
Deliver = Callable[[Callable[[], object]], object]  # runs a function in the event loop
_JOB_PAUSE = 0.02  # seconds of batches after which a job goes one step on, however much waits
_SLOWEST = 60  # seconds that a client is told to wait at most


class ModelWorker:
    """A thread that answers tickets by `compute`.

    Args:
        compute: Answers some rows of one key; an exception as an answer is that row's alone.
        deliver: How answers reach the event loop, such as `loop.call_soon_threadsafe`.
        most_waiting: Rows that may wait.
        most_seconds: That a row may have to wait for its answer, by how long the last rows took; beyond it none is taken.
        most_rows: Of a batch, a power of two.
        on_death: Called with the traceback where the thread ends by an error.
        before: Called once in the thread before the first answer, such as a warm-up.
        seen: Called with (key, rows, seconds) after each batch.
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
    ) -> None:
        self.jobs = Jobs()
        self.most_waiting, self.most_rows, self.most_seconds = most_waiting, most_rows, most_seconds
        self._compute, self._deliver, self._on_death = compute, deliver, on_death
        self._before, self._seen = before, seen
        self._lanes: OrderedDict[Any, deque[tuple[Ticket, int]]] = OrderedDict()
        self._lock = threading.Condition()
        self._waiting = 0  # rows in the lanes
        self._arrived: list[Ticket] = []  # in this turn of the event loop, and only seen there
        self._arriving = 0  # their rows
        self._in_hand: set[Ticket] = set()
        self._took: dict[int, float] = {}  # {rows of a batch: seconds that such a one takes}
        self._expected = [0.0] * most_rows.bit_length()  # seconds of 1, 2, 4, ... rows
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
        return self._waiting + self._arriving

    def room_for(self, rows: int, waited: float = 0.0) -> None:
        """Pass where so many more may wait.

        Args:
            rows: How many.
            waited: Seconds that they have waited already, before anybody looked at them.

        Raises:
            Overloaded: They may not.
            WorkerDied: Nothing will be answered.
        """
        self._require_place(rows)
        if self.waiting and waited + self._ahead() > self.most_seconds:  # alone it is no crowd
            raise self._overloaded()

    def _require_place(self, rows: int) -> None:
        """Pass where the queue has so many places, however long they may take."""
        if self.death or self._closing:
            raise WorkerDied("The model's worker has ended." if self.death else "The service is stopping.")
        if self.waiting + rows > self.most_waiting:
            raise self._overloaded()

    def _overloaded(self) -> Overloaded:
        return Overloaded(max(1, min(_SLOWEST, round(self._ahead()))))

    def _ahead(self) -> float:
        """Seconds that what waits will take, in full batches and a last one, by what batches took of late."""
        full, rest = divmod(self.waiting, self.most_rows)
        return full * self._expected[-1] + (self._expected[(rest - 1).bit_length()] if rest else 0.0)

    def _learn(self, rows: int, seconds: float) -> None:
        """Note what a batch took; of a size not seen yet is expected what the next larger took, or as much a row."""
        before = self._took.get(rows, seconds)
        self._took[rows] = before + 0.1 * (seconds - before)
        largest, larger = max(self._took), 0.0
        for power in reversed(range(len(self._expected))):
            unseen = larger if 1 << power < largest else self._took[largest] * (1 << power) / largest
            self._expected[power] = larger = self._took.get(1 << power, unseen)

    def submit(self, ticket: Ticket) -> None:
        """Put a ticket in the queue; its future gets the answers. Called in the event loop.

        What arrives in one turn of the loop goes to the model together: alone the first of them would be a batch of one.

        Raises:
            Overloaded: The queue is full.
            WorkerDied: Nothing will be answered.
        """
        self._require_place(len(ticket.rows))
        if not self._arrived:
            ticket.future.get_loop().call_soon(self._let_in)
        self._arrived.append(ticket)
        self._arriving += len(ticket.rows)

    def _let_in(self) -> None:
        """Let those who arrived in this turn of the event loop be seen by the model's thread."""
        with self._lock:
            if self.death:
                lost = self._arrived
            else:
                lost = []
                for ticket in self._arrived:
                    lane = self._lanes.setdefault(ticket.key, deque())
                    lane.extend((ticket, place) for place in range(len(ticket.rows)))
            self._waiting += 0 if lost else self._arriving
            self._arrived, self._arriving = [], 0
            self._lock.notify()
        for ticket in lost:
            ticket.fail(WorkerDied("The model's worker has ended."))

    def submit_job(self, job: Job) -> None:
        """Put a job behind the others.

        Raises:
            Overloaded: Too many wait.
            WorkerDied: Nothing will be computed.
        """
        self.room_for(0)
        if not self.jobs.add(job):
            raise Overloaded(10)
        with self._lock:
            self._lock.notify()

    def close(self, seconds: float = 10.0) -> None:
        """Answer what waits, cancel the jobs, and end the thread."""
        self.jobs.stop_all()
        with self._lock:
            self._closing = True
            self._lock.notify()
        self._thread.join(seconds)

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
        with self._lock:
            while not self._waiting and not self._closing and self.jobs.next() is None:
                self._lock.wait()
            if self._closing and not self._waiting:
                return False
        self._answer_waiting(time.monotonic() + _JOB_PAUSE)
        job = self.jobs.next()
        if job is not None:
            self._work(job)
        return True

    def _answer_waiting(self, until: float) -> None:
        """Batches until nothing waits, or until a time."""
        while self._waiting and time.monotonic() < until:
            batch = self._next_batch()
            if batch:
                self._answer(batch)

    def _next_batch(self) -> list[tuple[Ticket, int]]:
        """The largest power of two of one key, the lightest key first; those that nobody waits for are dropped."""
        dropped: dict[Ticket, Exception] = {}
        taken: list[tuple[Ticket, int]] = []
        with self._lock:
            key = min((key for key, lane in self._lanes.items() if lane), key=lambda key: key.weight, default=None)
            if key is None:
                return []
            lane, now = self._lanes[key], time.monotonic()
            wanted = 1 << (min(len(lane), self.most_rows).bit_length() - 1)
            while lane and len(taken) < wanted:
                ticket, place = lane.popleft()
                self._waiting -= 1
                reason = dropped.get(ticket) or ticket.reason_to_drop(now)
                if reason is None:
                    taken.append((ticket, place))
                else:
                    dropped[ticket] = reason
            while len(taken) & (len(taken) - 1):  # fewer were left than thought: back to a power of two
                lane.appendleft(taken.pop())
                self._waiting += 1
            if not lane:
                del self._lanes[key]
            self._in_hand = {ticket for ticket, _ in taken}
        if dropped:
            self._deliver(lambda: [ticket.fail(reason) for ticket, reason in dropped.items()])
        return taken

    def _answer(self, batch: list[tuple[Ticket, int]]) -> None:
        began = time.monotonic()
        key = batch[0][0].key
        answers = self._computed(key, [ticket.rows[place] for ticket, place in batch])
        settled = []
        for (ticket, place), answer in zip(batch, answers, strict=True):
            ticket.answers[place] = answer
            ticket.left -= 1
            if not ticket.left:
                settled.append(ticket)
        seconds = time.monotonic() - began
        self._learn(len(batch), seconds)
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
                _write_down(error)
                return [error]
            return [self._computed(key, [row])[0] for row in rows]

    def _work(self, job: Job) -> None:
        began, paused = time.monotonic(), 0.0

        def step(done: int, total: int) -> None:
            nonlocal paused
            job.share = done / max(total, 1)
            stopped = time.monotonic()
            self._answer_waiting(stopped + _JOB_PAUSE)
            paused += time.monotonic() - stopped
            if job.is_over or self._closing:
                raise JobStopped
            if time.monotonic() - began - paused > job.seconds:
                job.end(FAILED, error=f"The job took longer than its budget of {job.seconds:g} s.")
                raise JobStopped

        work, job.state = job.work, RUNNING
        try:
            assert work is not None  # of a job that waits
            job.end(DONE, result=work(step))
        except JobStopped:
            job.end(CANCELLED, error="The job was cancelled.")
        except ValueError as error:
            job.end(FAILED, error=str(error))
        except Exception as error:
            _write_down(error)
            job.end(FAILED, error="The method failed on this picture.")

    def _die(self, trace: str) -> None:
        """Fail all that waits or was being computed, and say so."""
        with self._lock:
            self.death = trace
            lost = {ticket for lane in self._lanes.values() for ticket, _ in lane} | self._in_hand
            self._lanes.clear()
            self._waiting = 0
        self.jobs.stop_all()
        self._on_death(trace)
        self._deliver(lambda: [ticket.fail(WorkerDied("The model's worker has ended.")) for ticket in lost])


def _write_down(error: Exception) -> None:
    """A fault of ours, for who runs the service: the client is not told its trace. What a client can mend is none."""
    if not isinstance(error, ValueError):
        sys.stderr.write("".join(traceback.format_exception(error)))
