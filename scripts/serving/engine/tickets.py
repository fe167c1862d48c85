"""What waits for the model: one picture with a question, or a job of many passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Overloaded(Exception):
    """There is no room in the queue; try again in `seconds`."""

    def __init__(self, seconds: int = 1) -> None:
        super().__init__(f"The queue is full. Try again in {seconds} s.")
        self.seconds = seconds


class TooLate(Exception):
    """The answer would come, or came, after its deadline."""


class WorkerDied(Exception):
    """The thread that owns the model has ended; nothing is answered any more."""


def _never() -> bool:
    return False


@dataclass(eq=False, slots=True)
class Ticket:
    """Some pictures of one request, which all ask the same."""

    key: Any  # tickets of equal keys travel in one batch
    rows: list[Any]  # what the model is asked, one entry a picture
    future: asyncio.Future[list[Any]]  # an answer, or an exception, for each row
    deadline: float = float("inf")  # of `time.monotonic`
    is_gone: Callable[[], bool] = _never  # whether nobody waits any more
    answers: list[Any] = field(default_factory=list)  # filled by the worker, in the order of rows
    left: int = 0  # rows without an answer
    since: float = 0.0  # when it began to wait

    def __post_init__(self) -> None:
        self.left = len(self.rows)
        self.answers = [None] * self.left

    def reason_to_drop(self, now: float) -> Exception | None:
        """Why it is not computed any more; None where it is."""
        if now > self.deadline:
            return TooLate("The deadline passed while the request waited.")
        return asyncio.CancelledError() if self.is_gone() or self.future.cancelled() else None  # type: ignore[return-value]

    def settle(self) -> None:
        """Hand the answers over; called in the event loop."""
        if not self.future.done():
            self.future.set_result(self.answers)

    def fail(self, error: Exception) -> None:
        """Hand an error over in the place of all answers; called in the event loop."""
        if self.future.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self.future.cancel()
        else:
            self.future.set_exception(error)
