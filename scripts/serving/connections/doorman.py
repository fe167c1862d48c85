"""A thread that takes new connections in as they come.

libuv, below uvloop, takes one in for each turn of its loop. While the loop answers hundreds of requests a turn, new connections
wait for seconds: of 1,280 clients that came at once the last were answered after 5.7 s, though one answer takes a fifth of a
millisecond.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

_LOOK = 0.25  # seconds until it is seen that the door was closed


class Doorman:
    """Takes connections in beside the event loop's own server.

    Args:
        loop: The event loop.
        listening: The server's sockets; they are watched through copies of their own.
        protocol: Makes what talks on a connection.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listening: Sequence[Any], protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        self._loop, self._protocol = loop, protocol
        self._doors = [socket.socket(fileno=socket.dup(each.fileno())) for each in listening]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="doorman", daemon=True)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread.start()

    def close(self) -> None:
        """Take nobody in any more."""
        self._closed.set()
        self._thread.join()
        for door in self._doors:
            door.close()

    def _watch(self) -> None:
        while not self._closed.is_set():
            ready, _, _ = select.select(self._doors, [], [], _LOOK)
            for door in ready:
                self._take_all(door)

    def _take_all(self, door: socket.socket) -> None:
        """Everybody who waits there; the loop's own server may have been quicker."""
        while not self._closed.is_set():
            try:
                taken, _ = door.accept()
            except OSError:  # nobody is left, or gone again; too many files are open: the next look tries again
                return
            taken.setblocking(False)
            try:
                self._loop.call_soon_threadsafe(self._bring_in, taken)
            except RuntimeError:  # the loop has ended
                taken.close()
                return

    def _bring_in(self, taken: socket.socket) -> None:
        task = self._loop.create_task(self._connect(taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError):  # gone before it was brought in
            await self._loop.connect_accepted_socket(self._protocol, taken)
