"""What a test waits for: states, never a time that should be enough; and a port that nobody else gets meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 120.0  # seconds: a machine may be slow, or stand still for a while; what is never so is found all the same


def until(holds: Callable[[], object]) -> None:
    """Return once it holds; fail where it does not come to that."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"it was not so within {PATIENCE:g} s"
        time.sleep(0.005)


@contextmanager
def held_port() -> Iterator[int]:
    """A port for a server of another process.

    It is bound here without listening: the system hands it to nobody else, and a server that reuses addresses, as all do, can
    listen there.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
