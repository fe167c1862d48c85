"""A request with its answer, thin: what a handler needs, without a framework between."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

JSON = b"application/json"
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, eq=False)
class Response:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: Headers = field(default_factory=list)


class Refusal(Exception):
    """A request that is not answered: a status and what to do about it."""

    def __init__(self, status: int, message: str, headers: Headers | None = None, *, close: bool = False) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers: Headers = headers or []
        self.close = close  # the rest of the body is not read: the connection ends

    def response(self, *, plain: bool, request: str) -> Response:
        """The refusal as JSON; `plain` as the Open Inference Protocol has it."""
        told: Any = {"error": self.message} if plain else {"error": {"message": self.message, "request": request}}
        headers = [*self.headers, (b"connection", b"close")] if self.close else self.headers
        return Response(json.dumps(told).encode(), self.status, JSON, headers)


class Exchange:
    """One request."""

    __slots__ = ("_headers", "id", "method", "path", "receive", "received", "rows", "scope", "sent", "status", "waited")

    def __init__(self, scope: Any, receive: Receive, id_: str) -> None:
        self.scope, self.receive, self.id = scope, receive, id_
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self._headers: dict[bytes, bytes] | None = None
        self.received = self.sent = self.status = self.rows = 0
        self.waited = 0.0

    def header(self, name: bytes) -> bytes:
        """The last header of a name; b'' where there is none."""
        if self._headers is None:
            self._headers = dict(self.scope["headers"])
        return self._headers.get(name, b"")

    @property
    def age(self) -> float:
        """Seconds since the request arrived; 0 where nobody noted it."""
        arrived = self.scope.get("arrived")
        return 0.0 if arrived is None else time.monotonic() - arrived

    def is_gone(self) -> bool:
        """Whether the client has closed the connection; uvicorn's own record of the request tells it."""
        return bool(getattr(getattr(self.receive, "__self__", None), "disconnected", False))

    def is_whole(self) -> bool:
        """Whether all of the body is there already, as that of a small picture mostly is; told by the same record."""
        return not getattr(getattr(self.receive, "__self__", None), "more_body", True)
