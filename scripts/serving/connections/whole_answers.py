"""An answer in one write. uvicorn writes the head and the body of an answer one after the other, each by a call of the system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = list[tuple[bytes, bytes]]
Send = Callable[[Any], Awaitable[None]]
_CLOSE = (b"connection", b"close")


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send an answer that is there as a whole; its headers are ours, so that nothing in them has to be looked for.

    Args:
        send: Of ASGI. Where it is uvicorn's own the answer is written at once, else it is told in the two messages of ASGI.
        status: Of the answer.
        headers: In lower case.
        body: Nothing for HEAD, whatever the headers say of its length.
    """
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle) or cycle.response_started:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if not cycle.disconnected:
        _write(cycle, status, headers, body)


def _write(cycle: Any, status: int, headers: Headers, body: bytes) -> None:
    """What `RequestResponseCycle.send` does with the two messages of an answer."""
    cycle.response_started, cycle.waiting_for_100_continue = True, False
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    if _CLOSE in headers:
        cycle.keep_alive = False
    elif not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
    parts += (b"\r\n", body)
    cycle.transport.write(b"".join(parts))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
