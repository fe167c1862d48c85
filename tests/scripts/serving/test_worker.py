"""The worker with a model that can be seen through: an answer is ten times its question, and its own."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass

import pytest
from waiting import PATIENCE

from featurelens.scripts.serving.engine.clock import Clock
from featurelens.scripts.serving.engine.jobs import CANCELLED, DONE, FAILED, RUNNING, Job
from featurelens.scripts.serving.engine.tickets import Overloaded, Ticket, TooLate, WorkerDied
from featurelens.scripts.serving.engine.worker import ModelWorker


@dataclass(frozen=True)
class Key:
    name: str = "predict"
    weight: int = 0


class Model:
    """Answers after its gate is opened; remembers its batches."""

    def __init__(self, gated: bool = False):
        self.batches: list[tuple[str, list]] = []
        self.gate = threading.Event()
        if not gated:
            self.gate.set()

    def __call__(self, key, rows):
        self.gate.wait(PATIENCE)
        self.batches.append((key.name, list(rows)))
        if "end" in rows:
            raise SystemExit("killed")
        if "bad" in rows:
            raise RuntimeError("a picture that breaks the batch")
        return [10 * row for row in rows]


def serve(model, test, **settings):
    """Run a coroutine with a worker around the model."""

    async def main():
        deaths = []
        loop = asyncio.get_running_loop()
        worker = ModelWorker(model, loop.call_soon_threadsafe, on_death=deaths.append, **settings)
        worker.start()
        worker.deaths = deaths  # type: ignore[attr-defined]
        try:
            return await asyncio.wait_for(test(worker), PATIENCE)
        finally:
            model.gate.set()
            worker.close()

    return asyncio.run(main())


def ask(worker, *rows, key=Key(), **settings):
    ticket = Ticket(key, list(rows), asyncio.get_running_loop().create_future(), **settings)
    worker.submit(ticket)
    return ticket


async def busy(worker, model):
    """Send a first one, and return when the model holds it."""
    first = ask(worker, 0)
    while worker.waiting:
        await asyncio.sleep(0.001)
    return first


def test_a_thousand_questions_each_get_their_own_answer():
    async def test(worker):
        tickets = [ask(worker, number, number + 0.5) for number in range(1000)]
        return [await ticket.future for ticket in tickets]

    found = serve(Model(), test, most_waiting=5000)
    assert found == [[10 * number, 10 * number + 5.0] for number in range(1000)]


def test_batches_are_the_largest_power_of_two_that_waits():
    model = Model(gated=True)

    async def test(worker):
        first = await busy(worker, model)
        tickets = [ask(worker, number) for number in range(1, 30)]
        model.gate.set()
        await asyncio.gather(first.future, *(ticket.future for ticket in tickets))

    serve(model, test, most_rows=16)
    assert [len(rows) for _, rows in model.batches] == [1, 16, 8, 4, 1]


def test_what_arrives_in_one_turn_of_the_loop_travels_together():
    model = Model()

    async def test(worker):
        for _ in range(20):
            await asyncio.gather(*(ask(worker, number).future for number in range(8)))

    serve(model, test)
    assert [len(rows) for _, rows in model.batches] == [8] * 20


def test_who_arrives_while_the_thread_ends_is_told():
    async def test(worker):
        ticket = ask(worker, 1)
        worker._die("a trace")  # before the turn of the loop is over
        assert worker.waiting == 1
        with pytest.raises(WorkerDied):
            await ticket.future
        assert worker.waiting == 0

    serve(Model(), test)


def test_predictions_go_before_maps():
    model = Model(gated=True)

    async def test(worker):
        first = await busy(worker, model)
        slow = [ask(worker, number, key=Key("explain", 1)) for number in (1, 2)]
        fast = ask(worker, 3)
        model.gate.set()
        await asyncio.gather(first.future, fast.future, *(ticket.future for ticket in slow))

    serve(model, test)
    assert [name for name, _ in model.batches] == ["predict", "predict", "explain"]


def test_a_full_queue_refuses_and_says_when_to_come_back():
    model = Model(gated=True)

    async def test(worker):
        first = await busy(worker, model)
        taken = [ask(worker, number) for number in range(4)]
        with pytest.raises(Overloaded) as refused:
            ask(worker, 5)
        model.gate.set()
        await asyncio.gather(first.future, *(ticket.future for ticket in taken))
        return refused.value.seconds

    assert serve(model, test, most_waiting=4) >= 1


class Stopped(Clock):
    """A clock at which the machine may be as slow as it will."""

    def now(self):
        return 100.0


def test_in_a_crowd_what_has_waited_too_long_is_refused_and_alone_it_is_not():
    model = Model(gated=True)

    async def test(worker):
        worker.room_for(1, waited=0.3)  # nobody else waits: the machine was slow
        worker.room_for(200)  # much at once is no crowd either
        first = await busy(worker, model)
        second = ask(worker, 1)
        with pytest.raises(Overloaded):
            worker.room_for(1, waited=0.3)
        worker.room_for(1, waited=0.1)
        model.gate.set()
        await asyncio.gather(first.future, second.future)

    serve(model, test, most_seconds=0.2, clock=Stopped())


def test_what_nobody_waits_for_is_not_computed():
    model = Model(gated=True)

    async def test(worker):
        first = await busy(worker, model)
        late = ask(worker, 1, deadline=time.monotonic() - 1)
        gone = ask(worker, 2, is_gone=lambda: True)
        cancelled = ask(worker, 3)
        cancelled.future.cancel()
        kept = ask(worker, 4)
        model.gate.set()
        assert await kept.future == [40]
        with pytest.raises(TooLate):
            await late.future
        with pytest.raises(asyncio.CancelledError):
            await gone.future
        await first.future

    serve(model, test)
    assert [rows for _, rows in model.batches] == [[0], [4]]


def test_a_bad_picture_fails_alone():
    model = Model(gated=True)

    async def test(worker):
        first = await busy(worker, model)
        tickets = [ask(worker, row) for row in (1, "bad", 2, 3)]
        model.gate.set()
        await first.future
        return [(await ticket.future)[0] for ticket in tickets]

    found = serve(model, test)
    assert isinstance(found[1], RuntimeError) and [found[0], *found[2:]] == [10, 20, 30]


def test_a_killed_worker_loses_nobody_and_gives_nobody_the_answer_of_another():
    model = Model(gated=True)

    async def test(worker):
        tickets = [ask(worker, row, key=Key(str(row), 0)) for row in (1, "end", 2)]
        model.gate.set()
        found = await asyncio.gather(*(ticket.future for ticket in tickets), return_exceptions=True)
        with pytest.raises(WorkerDied):
            ask(worker, 4)
        assert not worker.is_ready and "killed" in worker.deaths[0]
        return found

    first, killed, last = serve(model, test)
    assert first == [10]
    assert isinstance(killed, WorkerDied) and isinstance(last, WorkerDied)


def test_a_job_lets_questions_pass_between_its_steps():
    model = Model()
    asked = threading.Event()

    def work(step, rows):
        for done in range(200):
            step(done, 200)
            if done == 3:
                asked.wait(PATIENCE)
        return "found"

    async def test(worker):
        job = Job(work, seconds=PATIENCE)
        worker.submit_job(job)
        while job.state != RUNNING:
            await asyncio.sleep(0.001)
        ticket = ask(worker, 7)
        asked.set()
        assert await ticket.future == [70]
        while not job.is_over:
            await asyncio.sleep(0.001)
        return job

    job = serve(model, test)
    assert (job.state, job.result, job.work) == (DONE, "found", None)


def test_a_job_ends_at_its_budget_or_when_it_is_cancelled():
    def endless(step, rows):
        while True:
            step(1, 2)
            time.sleep(0.002)

    async def test(worker):
        over, cancelled = Job(endless, seconds=0.05), Job(endless, seconds=PATIENCE)
        worker.submit_job(over)
        worker.submit_job(cancelled)
        while cancelled.state != RUNNING:
            await asyncio.sleep(0.001)
        cancelled.end(CANCELLED)
        await ask(worker, 1).future  # the worker goes on
        return over, cancelled

    over, cancelled = serve(Model(), test)
    assert (over.state, cancelled.state) == (FAILED, CANCELLED)
    # which of its two limits of time it met: `test_served_seconds`
    assert over.error.startswith(("The job took longer than its budget of 0.05 s", "Other questions left the job too"))


def test_closing_answers_what_waits():
    model = Model(gated=True)

    async def test(worker):
        await busy(worker, model)
        tickets = [ask(worker, number) for number in range(5)]
        threading.Timer(0.05, model.gate.set).start()
        await asyncio.get_running_loop().run_in_executor(None, worker.close)
        with pytest.raises(WorkerDied):
            ask(worker, 9)
        return [await ticket.future for ticket in tickets]

    assert serve(model, test) == [[0], [10], [20], [30], [40]]
