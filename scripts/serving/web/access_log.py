"""One line of JSON for each request, without anything of its content; written some at a time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TextIO

from featurelens.scripts.serving.web.exchanges import Exchange

_PAUSE = 0.1  # seconds between two writes
_LONGEST_PATH = 200


class AccessLog:
    """Lines that wait to be written.

    Args:
        stream: Where they go; None for nowhere.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._rest = b""  # of a line that whoever reads was too slow for

    def request(self, exchange: Exchange, seconds: float) -> None:
        """Note a request that has ended."""
        if self._stream is None:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_PAUSE, self.write)
        path = exchange.path if exchange.path.isascii() and exchange.path.isprintable() else ascii(exchange.path)
        self._lines.append(
            f'{{"time":{time.time():.3f},"request":"{exchange.id}","method":"{exchange.method}",'
            f'"path":{json.dumps(path[:_LONGEST_PATH])},"status":{exchange.status},"ms":{1000 * seconds:.2f},'
            f'"waited_ms":{1000 * exchange.waited:.2f},"pictures":{exchange.rows},"bytes_in":{exchange.received},'
            f'"bytes_out":{exchange.sent}}}\n'
        )

    def write(self) -> None:
        """Write what waits, byte by byte where it must be: no line is cut off where the reader is slow or a signal comes."""
        if self._stream is None:
            return
        lines, self._lines = self._lines, []
        self._rest += "".join(lines).encode()
        try:
            handle = self._stream.fileno()
        except (OSError, ValueError):  # a stream in memory
            self._stream.write(self._rest.decode())
            self._rest = b""
            return
        try:
            while self._rest:
                self._rest = self._rest[os.write(handle, self._rest) :]
        except BlockingIOError:
            asyncio.get_running_loop().call_later(_PAUSE, self.write)
