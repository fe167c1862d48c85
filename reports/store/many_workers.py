"""Extraction by many workers on one machine or several, through Ray: the same store, to the same bits.

Each worker is an actor that holds the model and does one unit at a time; the process that started them writes the ledger.
Ray's own retries are off: when a node goes they are spent on connections that are refused. Here a unit whose worker was lost
goes to another one, however often; a unit that fails by itself three times is told, and the rest completes.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...interpret.progress import Progress, shown
from .extraction import finished
from .files import ledger
from .files.ledger import Entry
from .files.needed import needed
from .files.units import Unit
from .opening import Store
from .size import MOST_GIGABYTES
from .writing import Asked, UnitWriter, begun

_TRIES = 3  # of a unit that fails by itself
_LOST_IN_A_ROW = 8  # workers lost without a unit done between, for each worker: then it is no accident
_POLL = 1.0  # seconds between looks at workers that say nothing


class FailedUnits(ValueError):
    """Units failed three times each, or no worker stays alive; the store holds all that is done."""


@dataclass(frozen=True)
class Cluster:
    """Where the work is done."""

    workers: int = 2  # that hold a model each
    address: str | None = None  # of a Ray that runs; None: one is started here
    cpus: int = 1  # cores of a worker: threads of its TensorFlow; they change the time, and no bit
    gpus: float = 0.0  # of a worker


def extract_by_workers(
    opened: Callable[[], Asked],
    store: str | Path,
    cluster: Cluster | None = None,
    *,
    max_store: float = MOST_GIGABYTES,
    mixed: bool = False,
    progress: Progress = False,
) -> Store:
    """Fill a store by several workers; called again, it goes on.

    Args:
        opened: Opens model and data, on each worker anew; a function that can be pickled, whose paths all machines see.
        store: A folder that all machines see.
        cluster: Where; None: two workers on this machine.
        max_store: Gigabytes (10^9 bytes) before compression that the store may have.
        mixed: Whether a store that another kind of machine began may be gone on with.
        progress: True for a bar, or a function called with (what, done, total), in images.

    Raises:
        FailedUnits: Some units failed three times each, or no worker stays alive; the message says which and why.
        ImportError: Ray is not installed.
    """
    ray = _ray()
    root = Path(store).absolute()
    asked = opened()
    writer = UnitWriter(root, asked)
    missing = begun(root, asked, writer.shapes, mixed=mixed, most=max_store)
    total = len(asked.dataset)
    if missing:
        chosen = cluster or Cluster()
        with _started(ray, chosen) as make:
            work = _Work(ray, lambda: make(str(root), opened, chosen.cpus), missing, chosen.workers)
            done = _told(root, work, total - sum(map(len, missing)))
            for _ in shown(done, total, progress):
                pass
        _refuse_failed(work.failed)
    return finished(root)


def _told(root: Path, work: _Work, done: int) -> Iterator[int]:
    for unit, entry in work.run():
        ledger.append(root, entry)
        done += len(unit)
        yield done


def _refuse_failed(failed: dict[int, str]) -> None:
    if failed:
        first = min(failed)
        raise FailedUnits(
            f"Expected every unit to be done. Received {len(failed)} that failed {_TRIES} times each, the first of them "
            f"{first}: {failed[first]} All others are in the store. Mend the cause, and call again."
        )


@dataclass(eq=False)
class _Work:
    """The units that are missing, and the workers that do them."""

    ray: Any
    make: Callable[[], Any]  # a new worker
    units: Sequence[Unit]
    workers: int
    failed: dict[int, str] = field(default_factory=dict)  # {number of a unit: why}

    def run(self) -> Iterator[tuple[Unit, Entry]]:
        """Each unit as it is done."""
        waiting, tries, lost = deque(self.units), Counter[int](), 0
        busy: dict[Any, tuple[Any, Unit | None]] = {}  # {what is waited for: (worker, its unit; None: it is starting)}
        for _ in range(min(self.workers, len(self.units))):
            self._start(busy)
        while busy and (waiting or any(unit is not None for _, unit in busy.values())):
            ready, _ = self.ray.wait(list(busy), num_returns=1, timeout=_POLL)
            for reference in ready:
                worker, unit = busy.pop(reference)
                try:
                    entry = self.ray.get(reference)
                except self.ray.exceptions.RayTaskError as error:  # the unit's own fault
                    assert unit is not None
                    tries[unit.number] += 1
                    self._again(unit, waiting, tries, error)
                except self.ray.exceptions.RayError as error:  # the worker is gone, or its node
                    lost += 1
                    self._replace(worker, unit, waiting, busy, lost, error)
                    continue
                else:
                    if unit is not None and isinstance(entry, Entry):
                        lost = 0
                        yield unit, entry
                self._next(worker, waiting, busy)

    def _start(self, busy: dict[Any, tuple[Any, Unit | None]]) -> None:
        worker = self.make()
        busy[worker.ready.remote()] = (
            worker,
            None,
        )  # a worker gets its first unit when it is there, which may be never

    def _next(self, worker: Any, waiting: deque[Unit], busy: dict[Any, tuple[Any, Unit | None]]) -> None:
        if waiting:
            unit = waiting.popleft()
            busy[worker.write.remote(unit)] = (worker, unit)

    def _again(self, unit: Unit, waiting: deque[Unit], tries: Counter[int], error: Exception) -> None:
        if tries[unit.number] < _TRIES:
            waiting.append(unit)
        else:
            self.failed[unit.number] = str(getattr(error, "cause", None) or error).strip().splitlines()[-1]

    def _replace(
        self,
        worker: Any,
        unit: Unit | None,
        waiting: deque[Unit],
        busy: dict[Any, tuple[Any, Unit | None]],
        lost: int,
        error: Exception,
    ) -> None:
        """Another worker in the place of one that is gone; its unit goes to whoever is free first."""
        self.ray.kill(worker)  # one that cannot be reached may still be there: no two may write one unit
        if unit is not None:
            waiting.appendleft(unit)
        if lost > _LOST_IN_A_ROW * self.workers:
            raise FailedUnits(
                f"Expected workers that stay alive. Received {lost} that were lost without a unit done. The last one said: "
                f"{str(error).strip().splitlines()[0]} See Ray's logs, or extract without --engine ray."
            )
        self._start(busy)


class _Worker:
    """An actor: a model in a process of its own."""

    def __init__(self, root: str, opened: Callable[[], Asked], threads: int) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._writer = UnitWriter(Path(root), opened())

    def ready(self) -> None:
        """Told once the model is loaded."""

    def write(self, unit: Unit) -> Entry:
        """Do a unit."""
        return self._writer.write(unit)


class _started:
    """A Ray to work with; one that was started here ends with the block."""

    def __init__(self, ray: Any, cluster: Cluster) -> None:
        self._ray, self._cluster = ray, cluster
        self._is_ours = not ray.is_initialized()

    def __enter__(self) -> Callable[..., Any]:
        cluster, ray = self._cluster, self._ray
        if self._is_ours:
            where: dict[str, Any] = (
                {"address": cluster.address} if cluster.address else {"num_cpus": cluster.workers * cluster.cpus}
            )
            ray.init(**where, include_dashboard=None if cluster.address else False, log_to_driver=False)
        actor = ray.remote(num_cpus=cluster.cpus, num_gpus=cluster.gpus, max_restarts=0, max_task_retries=0)(_Worker)
        return actor.remote

    def __exit__(self, *_: object) -> None:
        if self._is_ours:
            self._ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    return needed("ray", "Ray", " for --engine ray", extra="ray")
