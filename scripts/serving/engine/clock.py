"""The time, and waiting: one object, so that a test can let hours pass in no time."""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds, from a beginning of its own."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait until the condition is notified, or for so long; its lock is held before and after."""
        condition.wait(seconds)
