"""What happens to every request: a number, the guards, the route, a refusal in words, a line in the log.

The routes that are asked a thousand times a second are answered here, as thin as ASGI allows; the rest is FastAPI's.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import re
import secrets
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from featurelens.scripts.serving.connections.whole_answers import send_whole
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.web.access_log import AccessLog
from featurelens.scripts.serving.web.exchanges import Exchange, Headers, Receive, Refusal, Response, Send
from featurelens.scripts.serving.web.metrics import Metrics
from featurelens.scripts.serving.web.open_inference import OpenInference
from featurelens.scripts.serving.web.page import Page
from featurelens.scripts.serving.web.questions_asked import Questions

_MODEL = re.compile(r"/v2/models/([^/]{1,200})(?:/versions/([^/]{1,20}))?(/ready|/infer)?")
_REQUEST = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LINGER = 1.0  # seconds that the rest of a refused body is taken in, so that the refusal reaches its sender
_OPEN = {"/", "/page.css", "/page.js", "/favicon.ico", "/v2/health/live", "/v2/health/ready"}  # without a token
_FAILED = "The service failed on this request. Its log has the request's number."
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ALWAYS: Headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
Handler = Callable[[Exchange], Awaitable[Response]]


class Front:
    """The service as an ASGI application.

    Args:
        service: The models.
        rest: Another application, for the routes that are not here.
        metrics: What is counted.
        log: What is written down.
    """

    def __init__(self, service: Service, rest: Any, metrics: Metrics, log: AccessLog) -> None:
        self._service, self._rest, self._metrics, self._log = service, rest, metrics, log
        questions, page = Questions(service), Page(service)
        self._protocol = OpenInference(service, questions)
        self._posts: dict[str, Handler] = {"/v1/predict": questions.predict, "/v1/explain": questions.explain}
        self._gets: dict[str, Callable[[], Response]] = {
            "/": page.html,
            "/page.css": page.css,
            "/page.js": page.js,
            "/favicon.ico": lambda: Response(b"", 204),
            "/metrics": lambda: Response(metrics.text(), content_type=b"text/plain; version=0.0.4; charset=utf-8"),
            "/v2": self._protocol.server,
            "/v2/health/live": self._protocol.live,
            "/v2/health/ready": self._protocol.ready,
        }
        self._mark, self._count = secrets.token_hex(4), itertools.count()
        self._hosts = self._own_hosts()
        self._token = None if service.settings.token is None else b"Bearer " + service.settings.token.encode()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        began = time.monotonic()
        exchange = Exchange(scope, receive, f"{self._mark}-{next(self._count)}")
        _take_number(exchange)
        route = "other"
        try:
            route = await self._answered(exchange, send)
        finally:
            seconds = time.monotonic() - began
            self._metrics.request(route, exchange.status, seconds)
            self._log.request(exchange, seconds)

    async def _answered(self, exchange: Exchange, send: Send) -> str:
        """Answer, and tell the route's name, of which there are few."""
        route, handler = self._route(exchange)
        more: Headers = []
        try:
            more = self._guard(exchange)
            if exchange.method == "OPTIONS" and more:
                response = Response(b"", 204, headers=_PREFLIGHT)
            elif handler is not None:
                response = await handler(exchange)
            else:
                return await self._rest_answers(exchange, send, more, route)
        except Refusal as error:
            response = _told(exchange, error)
            if error.close:
                return await self._send_and_linger(exchange, response, more, send, route)
        except asyncio.CancelledError:
            exchange.status = 499
            if exchange.is_gone():
                return route
            raise
        except Exception:
            sys.stderr.write(f"Request {exchange.id} failed.\n{traceback.format_exc()}")
            response = _told(exchange, Refusal(500, _FAILED))
        await _send(exchange, response, more, send)
        return route

    def _route(self, exchange: Exchange) -> tuple[str, Handler | None]:
        """The name of the route for the metrics, and what answers it; None for what FastAPI answers."""
        path, method = exchange.path, exchange.method
        if path in self._posts:
            return path, self._posts[path] if method == "POST" else _only("POST")
        if path in self._gets:
            got = self._gets[path]
            return path, _at_once(got) if method in ("GET", "HEAD") else _only("GET")
        found = _MODEL.fullmatch(path)
        if found is None:
            return "other", None
        return "/v2/models", self._of_protocol(method, *found.groups())

    def _of_protocol(self, method: str, name: str, version: str | None, what: str | None) -> Handler:
        if version not in (None, "1"):
            return _refusing(Refusal(404, "Expected version 1. Received another one. Leave the version away."))
        if what == "/infer":
            return (lambda exchange: self._protocol.infer(exchange, name)) if method == "POST" else _only("POST")
        if method not in ("GET", "HEAD"):
            return _only("GET")
        return _at_once((lambda: self._protocol.ready(name)) if what else (lambda: self._protocol.model(name)))

    def _guard(self, exchange: Exchange) -> Headers:
        """Refuse a wrong host, origin or token; the headers that another site's page needs."""
        if self._hosts is not None and _host(exchange.header(b"host")) not in self._hosts:
            raise Refusal(
                421,
                "Expected to be called by this machine's own name. Received another Host. Start with --allow-host NAME.",
            )
        more = self._for_origin(exchange, exchange.header(b"origin"))
        if self._token is None or exchange.path in _OPEN or (more and exchange.method == "OPTIONS"):
            return more
        if not hmac.compare_digest(exchange.header(b"authorization"), self._token):
            raise Refusal(
                401,
                "Expected the header Authorization: Bearer TOKEN. Received none that fits.",
                [(b"www-authenticate", b"Bearer")],
            )
        return more

    def _for_origin(self, exchange: Exchange, origin: bytes) -> Headers:
        """The headers that another site's page needs, where it may ask; a request that names no site needs none."""
        if not origin:
            return []
        if origin.decode("latin-1") in self._service.settings.origins:
            return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        if origin.rpartition(b"//")[2] != exchange.header(b"host") and exchange.method not in ("GET", "HEAD"):
            raise Refusal(
                403,
                "Expected a page of this service. Received a request by another site's. Start with --allow-origin SITE.",
            )
        return []

    def _own_hosts(self) -> frozenset[str] | None:
        """The names by which the service may be called; None for any, where it listens beyond this machine."""
        settings = self._service.settings
        if settings.host in _LOOPBACK:
            return frozenset({*_LOOPBACK, *(name.lower() for name in settings.hosts)})
        return (
            frozenset({*_LOOPBACK, settings.host, *(name.lower() for name in settings.hosts)})
            if settings.hosts
            else None
        )

    async def _rest_answers(self, exchange: Exchange, send: Send, more: Headers, route: str) -> str:
        """Let the other application answer; the route's name is handed through."""

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = [(b"x-request-id", exchange.id.encode()), *_ALWAYS, *more]
                message = {**message, "headers": [*message.get("headers", []), *headers]}
            else:
                exchange.sent += len(message.get("body", b""))
            await send(message)

        await self._rest(exchange.scope, exchange.receive, told)
        return route

    async def _send_and_linger(
        self, exchange: Exchange, response: Response, more: Headers, send: Send, route: str
    ) -> str:
        """Send, and take in what still comes for a moment: a connection closed at once loses the answer."""
        headers = _headers(exchange, response, more)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        try:
            async with asyncio.timeout(_LINGER):
                while (message := await exchange.receive())["type"] == "http.request" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b""})
        return route


_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
    (b"access-control-max-age", b"600"),
]


def _take_number(exchange: Exchange) -> None:
    """The request's number is the one that it bears, where that is fit to be written down."""
    own = exchange.header(b"x-request-id")
    if own and _REQUEST.fullmatch(own):
        exchange.id = own.decode()


def _told(exchange: Exchange, error: Refusal) -> Response:
    """A refusal, in the form of the route."""
    return error.response(plain=exchange.path.startswith("/v2"), request=exchange.id)


async def _send(exchange: Exchange, response: Response, more: Headers, send: Send) -> None:
    headers = _headers(exchange, response, more)
    await send_whole(send, response.status, headers, b"" if exchange.method == "HEAD" else response.body)


def _headers(exchange: Exchange, response: Response, more: Headers) -> Headers:
    """All headers of an answer; the exchange notes what was sent."""
    exchange.status, exchange.sent = response.status, len(response.body)
    headers: Headers = [(b"content-type", response.content_type)] if response.body else []
    headers += [(b"x-request-id", exchange.id.encode()), *_ALWAYS, *response.headers, *more]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    return headers


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _host(header: bytes) -> str:
    """The name in a Host header, without its port."""
    name = header.decode("latin-1").lower()
    return name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]


def _only(method: str) -> Handler:
    return _refusing(Refusal(405, f"Expected {method}. Received another method.", [(b"allow", method.encode())]))


def _refusing(error: Refusal) -> Handler:
    async def handler(_: Exchange) -> Response:
        raise error

    return handler


def _at_once(made: Callable[[], Response]) -> Handler:
    async def handler(_: Exchange) -> Response:
        return made()

    return handler
