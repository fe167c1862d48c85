"""Connections: taken by uvicorn, timed by us, and drained when the service is told to stop.

uvicorn has no limit of time for a request whose head or body comes in slowly, nor for a connection on which nothing comes
at all. Once a second the open connections are looked through; the slow ones are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from featurelens.scripts.serving.connections.addresses import listen
from featurelens.scripts.serving.connections.doorman import Doorman
from featurelens.scripts.serving.service import Service

_LOOK = 1.0  # seconds


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's connection, with the time at which it began to wait for a request.

    Resting connections are looked for with the slow ones: uvicorn's own timer would be set and cleared for each request.
    """

    waits_since: float = 0.0
    rests: bool = False  # between two requests

    def connection_made(self, transport: Any) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self.waits_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Something came; behind a rest the time of a new request begins."""
        if self.rests:
            self.waits_since, self.rests = self.loop.time(), False
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins: from now on it waits."""
        super().on_message_begin()
        self.scope["arrived"] = time.monotonic()  # type: ignore[typeddict-unknown-key]

    def on_response_complete(self) -> None:
        """An answer was sent: the next request that waits already, or a rest."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.waits_since = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.rests = True

    def is_overdue(self, now: float, seconds: float) -> bool:
        """Whether the head of a request is not there in time, or a rest between two requests was too long."""
        busy = self.cycle is not None and not self.cycle.response_complete
        allowed = self.timeout_keep_alive if self.rests else seconds
        return not busy and now - self.waits_since > allowed


class Listener(uvicorn.Server):
    """The service on its address, until it is told to stop."""

    def __init__(self, service: Service, application: Any) -> None:
        self._service = service
        self._doorman: Doorman | None = None
        self.jobs_left = 0  # cancelled by the end of the service
        settings = service.settings
        super().__init__(
            uvicorn.Config(
                application,
                host=settings.host,
                port=settings.port,
                http=TimedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                limit_concurrency=None,
                backlog=2048,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=int(settings.drain_seconds),
                h11_max_incomplete_event_size=None,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and warm up beside it."""
        listen(sockets or (), self.config.backlog)
        loop = asyncio.get_running_loop()
        self._service.on_death = lambda: loop.call_soon_threadsafe(self._stop)
        self._service.start(loop)
        await super().startup(sockets)
        self._looking = loop.create_task(self._look())
        if os.name == "posix":  # elsewhere there is no uvloop, whose habit it makes up for
            listening = [each for server in self.servers for each in server.sockets]
            self._doorman = Doorman(loop, listening, self._protocol)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was taken, and take nothing more."""
        self._service.is_draining = True
        self.jobs_left = self._service.worker.jobs.stop_all()
        if self._doorman is not None:
            self._doorman.close()
        await super().shutdown(sockets)
        self._looking.cancel()
        await asyncio.get_running_loop().run_in_executor(None, self._service.worker.close)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C drain the service, which then ends as any command does."""
        if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM or Ctrl-C: not ready from now on."""
        self._service.is_draining = True
        super().handle_exit(sig, frame)

    def _protocol(self) -> TimedProtocol:
        """What talks on a new connection."""
        return TimedProtocol(self.config, self.server_state, self.lifespan.state)

    def _stop(self) -> None:
        self.should_exit = True

    async def _look(self) -> None:
        """Close the connections that are slow to say what they want, and the newest beyond the most that are taken."""
        settings, loop = self._service.settings, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK)
            now = loop.time()
            for place, connection in enumerate(list(self.server_state.connections)):
                if not isinstance(connection, TimedProtocol):
                    continue
                if connection.is_overdue(now, settings.header_seconds) or (
                    place >= settings.connections and connection.cycle is None
                ):
                    with contextlib.suppress(Exception):
                        connection.transport.close()
