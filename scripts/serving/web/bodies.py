"""The body of a request, read within its limits of bytes and time, and unpacked within the same limit of bytes."""

from __future__ import annotations

import asyncio
import zlib

from featurelens.scripts.serving.settings import Settings
from featurelens.scripts.serving.web.exchanges import Exchange, Refusal

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # either, by its header


async def read_body(exchange: Exchange, settings: Settings) -> bytes:
    """The whole body, unpacked.

    Raises:
        Refusal: It is too large (413), too slow (408), or packed otherwise than by gzip or deflate (415).
    """
    most = settings.body_bytes
    declared = exchange.header(b"content-length")
    if declared and (not declared.isdigit() or int(declared) > most):
        raise _too_large(most)
    raw = await (_received(exchange, most) if exchange.is_whole() else _waited_for(exchange, settings))
    packing = exchange.header(b"content-encoding")
    return raw if packing in (b"", b"identity") else _unpacked(raw, packing, most)


async def _waited_for(exchange: Exchange, settings: Settings) -> bytes:
    try:
        async with asyncio.timeout(settings.body_seconds):
            return await _received(exchange, settings.body_bytes)
    except TimeoutError:
        raise Refusal(
            408, f"Expected the body within {settings.body_seconds:g} s. Send it again.", close=True
        ) from None


async def _received(exchange: Exchange, most: int) -> bytes:
    message = await exchange.receive()
    if message["type"] == "http.disconnect":
        raise asyncio.CancelledError
    raw: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [raw], len(raw)
        while message.get("more_body"):
            message = await exchange.receive()
            if message["type"] == "http.disconnect":
                raise asyncio.CancelledError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            exchange.received = size
            if size > most:
                raise _too_large(most)
        raw = b"".join(parts)
    exchange.received = len(raw)
    if len(raw) > most:
        raise _too_large(most)
    return raw


def _unpacked(raw: bytes, packing: bytes, most: int) -> bytes:
    if packing.lower() not in (b"gzip", b"deflate"):
        raise Refusal(415, "Expected a body as it is, or packed by gzip or deflate. Pack it so, or not at all.")
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        found = unpacking.decompress(raw, most + 1)
    except zlib.error:
        raise Refusal(
            400, "Expected a body packed as its Content-Encoding says. Received other bytes. Pack it again."
        ) from None
    if len(found) > most:
        raise _too_large(most)
    if not unpacking.eof:
        raise Refusal(400, "Expected a whole packed body. Received the beginning of one. Send it again.")
    return found


def _too_large(most: int) -> Refusal:
    return Refusal(
        413, f"Expected a body of at most {most:,} bytes. Received more. Send fewer or smaller pictures.", close=True
    )
