"""Work of many passes: it runs in the model's thread between the batches, within a budget of time, and can be cancelled.

A job is a function of `step` and of so many rows that it may compute at a time; between them it calls `step(done, total)`, where
the worker answers what waits.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from featurelens.scripts.serving.engine.turns import SHARE

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
_KEPT = 64  # finished jobs
_KEPT_SECONDS = 600.0

Step = Callable[[int, int], None]
Work = Callable[[Step, int], Any]


class JobStopped(Exception):
    """Raised inside of a job that was cancelled or has used up its budget."""


@dataclass(eq=False)
class Job:
    """One work of many passes."""

    work: Work | None  # None once it has run: the picture is not kept
    seconds: float  # budget of running time
    kind: Any = None  # jobs of one kind take equally long for equally many rows
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    state: str = WAITING
    share: float = 0.0  # 0..1, done
    result: Any = None
    error: str = ""
    finished: float = float("inf")  # of `time.monotonic`

    @property
    def longest(self) -> float:
        """Seconds from its beginning, rests between its slices included, after which it is given up."""
        return self.seconds / SHARE

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (DONE, FAILED, CANCELLED)

    def end(self, state: str, *, result: Any = None, error: str = "") -> None:
        """Finish it, unless it is over already."""
        if not self.is_over:
            self.result, self.error, self.work = result, error, None
            self.finished, self.state = time.monotonic(), state


class Jobs:
    """The jobs that wait, the one that runs, and the latest that are over."""

    def __init__(self, most_waiting: int = 16) -> None:
        self._most = most_waiting
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, job: Job) -> bool:
        """Take a job; False where too many wait."""
        with self._lock:
            self._forget()
            if sum(not other.is_over for other in self._jobs.values()) >= self._most:
                return False
            self._jobs[job.id] = job
            return True

    def get(self, id_: str) -> Job | None:
        """The job of this id; None where it was never there, or is forgotten."""
        with self._lock:
            self._forget()
            return self._jobs.get(id_)

    def next(self) -> Job | None:
        """The one that has waited longest."""
        with self._lock:
            return next((job for job in self._jobs.values() if job.state == WAITING), None)

    def count(self, state: str) -> int:
        """How many are in a state."""
        with self._lock:
            return sum(job.state == state for job in self._jobs.values())

    def stop_all(self) -> int:
        """Cancel what is not over; how many jobs that were."""
        with self._lock:
            left = [job for job in self._jobs.values() if not job.is_over]
            for job in left:
                job.end(CANCELLED, error="The service is stopping.")
            return len(left)

    def _forget(self) -> None:
        now = time.monotonic()
        over = [job for job in self._jobs.values() if job.is_over]
        for place, job in enumerate(over):
            if now - job.finished > _KEPT_SECONDS or len(over) - place > _KEPT:
                del self._jobs[job.id]
