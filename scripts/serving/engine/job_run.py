"""One job from its beginning to its end: slice by slice, each as long as it should be, within the job's two limits of time.

The one limit is of running, without the rests between the slices; the other is of the whole, as many times longer as the rests
may make it: a service that is always busy does not keep a job for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from featurelens.scripts.serving.engine.clock import Clock
from featurelens.scripts.serving.engine.failures import write_down
from featurelens.scripts.serving.engine.jobs import CANCELLED, DONE, FAILED, RUNNING, Job, JobStopped
from featurelens.scripts.serving.engine.pace import Pace
from featurelens.scripts.serving.engine.turns import SLICE


@dataclass(eq=False)
class JobRun:
    """A job that runs.

    Args:
        job: That one.
        pace: Learns what a slice takes, and tells how many rows fit in one.
        clock: Tells the time.
        begins: Called with the seconds that a slice is expected to take, as it begins.
        ended: Called with the seconds that it took; returns when the next one is due.
    """

    job: Job
    pace: Pace
    clock: Clock
    begins: Callable[[float], None]
    ended: Callable[[float], None]

    def run(self) -> None:
        """Run it; whatever goes wrong ends the job alone."""
        job, work = self.job, self.job.work
        self._began, self._ran = self.clock.now(), 0.0
        self._rows = self.pace.fitting(job.kind, SLICE)
        job.state = RUNNING
        self._begin_slice()
        try:
            assert work is not None  # of a job that waits
            job.end(DONE, result=work(self._step, self._rows))
        except JobStopped:
            job.end(CANCELLED, error="The job was cancelled.")
        except ValueError as error:
            job.end(FAILED, error=str(error))
        except Exception as error:
            write_down(error)
            job.end(FAILED, error="The method failed on this picture.")
        self.ended(self.clock.now() - self._since)

    def _begin_slice(self) -> None:
        self._since = self.clock.now()
        self.begins(self.pace.seconds(self.job.kind, self._rows))

    def _step(self, done: int, total: int) -> None:
        """A slice has ended; return when the next one may begin."""
        job, seconds = self.job, self.clock.now() - self._since
        self._ran += seconds
        if done > 1:  # before and in the first of its rows there is more to do
            self.pace.learn(job.kind, self._rows, seconds)
        job.share = done / max(total, 1)
        self.ended(seconds)
        if job.is_over:
            raise JobStopped
        if self._ran > job.seconds:
            job.end(FAILED, error=f"The job took longer than its budget of {job.seconds:g} s.")
            raise JobStopped
        if self.clock.now() - self._began > job.longest:
            job.end(
                FAILED, error=f"Other questions left the job too little time: it was not done in {job.longest:g} s."
            )
            raise JobStopped
        self._begin_slice()
