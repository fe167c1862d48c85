"""When a job goes on: in short slices, for a bounded share of the model's time while questions come, for all of it while none do.

After a slice the model's thread answers what waits and then rests, until the slice was `SHARE` of the time; in that rest a
question that comes is answered at once. Under a load without an end a job still gets a slice in each `AT_THE_LATEST`.
"""

from __future__ import annotations

from dataclasses import dataclass

SLICE = 0.001  # seconds of a slice of a job: as many rows at a time as are expected to be done in it
SHARE = 0.2  # of the time, that slices may take while questions come
QUIET = 0.1  # seconds without a question, after which jobs have the model for themselves
AT_THE_LATEST = 0.02  # seconds after a slice, that the next one comes in however much waits


@dataclass(frozen=True)
class Rest:
    """The time between two slices."""

    until: float  # the earliest that the next one begins, if nothing waits then
    latest: float  # when it begins though something waits


def rest_after(seconds: float, now: float, last_batch: float) -> Rest:
    """The rest after a slice.

    Args:
        seconds: That the slice took.
        now: When it ended.
        last_batch: When a question was answered last.

    Example:
        >>> rest_after(0.5, now=10.0, last_batch=9.99)
        Rest(until=12.0, latest=12.0)
        >>> rest_after(0.5, now=10.0, last_batch=5.0)
        Rest(until=10.0, latest=10.02)
    """
    rest = seconds * (1 / SHARE - 1) if now - last_batch < QUIET else 0.0
    return Rest(now + rest, now + max(rest, AT_THE_LATEST))
