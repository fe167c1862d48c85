"""A load generator: a bounded count of requests from one process, over kept connections of this machine.

`python -m featurelens.scripts.serving.measuring.load '{"port": 8000, ...}'` prints what it saw as JSON. Closed: so many at a
time. Open: so many a second, whatever the answers take; a time is counted from when the request was due.
"""

from __future__ import annotations

import asyncio
import collections
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

_PATIENCE = 60.0  # seconds without any answer, after which what is missing counts as lost


@dataclass(frozen=True)
class Load:
    """What is sent."""

    port: int
    path: str
    body: str  # hex, of one request
    count: int
    at_once: int = 64  # connections
    rate: float = 0.0  # a second; 0 for closed
    kind: str = "image/png"


class Connection(asyncio.Protocol):
    """Sends one request at a time, and notes what came and when."""

    def __init__(self, generator: Generator) -> None:
        self._generator, self._transport = generator, None
        self._received, self._missing = b"", -1
        self._due = 0.0

    def connection_made(self, transport: Any) -> None:
        """Ready."""
        self._transport = transport
        self._generator.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed; a request on it is lost."""
        self._generator.closed(self, self._due)

    def send(self, due: float) -> None:
        """Send the request."""
        self._due, self._received, self._missing = due, b"", -1
        assert self._transport is not None  # idle since it was made
        self._transport.write(self._generator.request)

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._received += data
        if self._missing < 0:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._received[:end].lower()
            place = head.find(b"content-length:") + 15
            self._missing = end + 4 + int(head[place : (head + b"\r").find(b"\r", place)])
        if len(self._received) >= self._missing:
            due, self._due = self._due, 0.0
            self._generator.answered(int(self._received[9:12]), due)
            self._generator.idle(self)


class Generator:
    """A run of a load."""

    def __init__(self, load: Load) -> None:
        body = bytes.fromhex(load.body)
        lines = (f"POST {load.path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}", f"Content-Type: {load.kind}")
        head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", ""))
        self.load, self.request = load, head.encode() + body
        self._sent = self._lost = 0
        self._statuses: collections.Counter[int] = collections.Counter()
        self._times: list[float] = []
        self._idle: collections.deque[Connection] = collections.deque()
        self._due: collections.deque[float] = collections.deque()
        self._latest = 0.0

    def idle(self, connection: Connection) -> None:
        """A connection can send again."""
        if self.load.rate:
            if self._due:
                connection.send(self._due.popleft())
            else:
                self._idle.append(connection)
        elif self._sent < self.load.count:
            self._sent += 1
            connection.send(time.perf_counter())

    def answered(self, status: int, due: float) -> None:
        """An answer is there."""
        now = self._latest = time.perf_counter()
        self._statuses[status] += 1
        if status == 200:
            self._times.append(now - due)

    def closed(self, connection: Connection, due: float) -> None:
        """A connection is closed."""
        self._lost += due > 0
        if connection in self._idle:
            self._idle.remove(connection)

    async def run(self) -> dict[str, Any]:
        """Send all, and tell what came back."""
        loop = asyncio.get_running_loop()
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.load.at_once):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.load.port)
        self._latest = time.perf_counter()
        if self.load.rate:
            await self._paced()
        while (done := sum(self._statuses.values()) + self._lost) < self.load.count:
            await asyncio.sleep(0.005)
            if time.perf_counter() - self._latest > _PATIENCE:
                break
        times = sorted(self._times) or [float("nan")]
        return {
            "seconds": self._latest - began,
            "cpu": time.process_time() - cpu,
            "statuses": {str(status): count for status, count in self._statuses.items()},
            "lost": self.load.count - done + self._lost,
            **{f"p{share}": times[min(len(times) - 1, int(len(times) * share / 100))] for share in (50, 95, 99)},
        }

    async def _paced(self) -> None:
        began = time.perf_counter()
        while self._sent < self.load.count:
            now = time.perf_counter()
            while self._sent < self.load.count and began + self._sent / self.load.rate <= now:
                due = began + self._sent / self.load.rate
                self._sent += 1
                if self._idle:
                    self._idle.popleft().send(due)
                else:
                    self._due.append(due)
            await asyncio.sleep(0.001)


def main() -> None:
    """Run the load that the first argument describes."""
    import uvloop

    told = uvloop.run(Generator(Load(**json.loads(sys.argv[1]))).run())
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
