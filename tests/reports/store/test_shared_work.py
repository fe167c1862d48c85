"""Who does which unit when workers fail or are lost, with a stand-in for Ray.

The real one, with a worker and a node killed, is in `featurelens benchmark --scale`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from featurelens.reports.store.files.ledger import Entry
from featurelens.reports.store.files.units import Unit, units_of
from featurelens.reports.store.many_workers import FailedUnits, _refuse_failed, _Work


class TaskError(Exception):
    """The unit's own fault."""


class Lost(Exception):
    """The worker is gone."""


class FakeRay:
    """Answers in the order asked; what `fate` gives for (worker, unit, how often it was tried) happens."""

    exceptions = SimpleNamespace(RayTaskError=TaskError, RayError=Exception)

    def __init__(
        self, fate: Callable[[int, int, int], Exception | None], starts: Callable[[int], bool] = lambda _: True
    ):
        self.fate, self.starts = fate, starts
        self.made, self.killed, self.tries = 0, [], {}

    def make(self):
        number = self.made
        self.made += 1
        ready = SimpleNamespace(remote=lambda: ("ready", number, None, object()))
        write = SimpleNamespace(remote=lambda unit: ("write", number, unit, object()))
        return SimpleNamespace(number=number, ready=ready, write=write)

    def wait(self, references, num_returns, timeout):
        there = [each for each in references if each[0] == "write" or self.starts(each[1])]
        return there[:1], []

    def get(self, reference):
        what, worker, unit, _ = reference
        if what == "ready":
            return None
        assert worker not in self.killed
        self.tries[unit.number] = self.tries.get(unit.number, 0) + 1
        fault = self.fate(worker, unit.number, self.tries[unit.number])
        if fault is not None:
            raise fault
        return Entry(unit.number, len(unit), "m", {})

    def kill(self, worker):
        self.killed.append(worker.number)


def work(ray: FakeRay, workers: int = 3, units: int = 10) -> tuple[_Work, list[int]]:
    made = _Work(ray, ray.make, units_of(units, 1), workers)
    return made, [unit.number for unit, _ in made.run()]


def test_each_unit_is_done_once():
    ray = FakeRay(lambda *_: None)
    _, done = work(ray)
    assert sorted(done) == list(range(10)) and ray.made == 3


def test_a_lost_workers_unit_goes_to_another_however_often():
    ray = FakeRay(lambda worker, unit, tries: Lost() if unit == 4 and tries < 6 else None)
    made, done = work(ray)
    assert sorted(done) == list(range(10)) and not made.failed
    assert len(ray.killed) == 5 and ray.made == 8


def test_a_unit_that_fails_three_times_is_told_and_the_rest_completes():
    ray = FakeRay(lambda worker, unit, tries: TaskError("ValueError: not finite") if unit == 4 else None)
    made, done = work(ray)
    assert sorted(done) == [0, 1, 2, 3, 5, 6, 7, 8, 9] and ray.tries[4] == 3 and not ray.killed
    with pytest.raises(FailedUnits, match="1 that failed 3 times each, the first of them 4: ValueError: not finite"):
        _refuse_failed(made.failed)


def test_one_that_fails_twice_is_done():
    ray = FakeRay(lambda worker, unit, tries: TaskError("x") if unit == 4 and tries < 3 else None)
    made, done = work(ray)
    assert sorted(done) == list(range(10)) and not made.failed


def test_a_worker_that_never_starts_holds_no_unit():
    """A worker in the place of one whose node is gone may wait for a node for ever."""
    ray = FakeRay(lambda *_: None, starts=lambda worker: worker != 1)
    _, done = work(ray)
    assert sorted(done) == list(range(10))


def test_workers_that_always_die_are_no_accident():
    ray = FakeRay(lambda *_: Lost("out of memory"))
    with pytest.raises(FailedUnits, match=r"lost without a unit done.*out of memory.*without --engine ray"):
        work(ray)


def test_a_unit_counts_its_images():
    assert len(Unit(0, 5, 9)) == 4
