"""A line for each request, whole, however slowly it is read."""

from __future__ import annotations

import asyncio
import io
import json
import os
from contextlib import suppress

from waiting import PATIENCE

from featurelens.scripts.serving.web.access_log import AccessLog
from featurelens.scripts.serving.web.exchanges import Exchange


def exchange(number: int) -> Exchange:
    return Exchange({"method": "POST", "path": f"/v1/predict/{'x' * 150}", "headers": []}, None, f"r-{number}")


def test_no_line_is_cut_off_where_the_pipe_is_full():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    count, found = 2000, b""  # five times what a pipe holds

    async def main():
        nonlocal found
        with os.fdopen(writing, "w") as stream:
            log = AccessLog(stream)
            for number in range(count):
                log.request(exchange(number), 0.001)
            log.write()
            while found.count(b"\n") < count:
                await asyncio.sleep(0.01)
                with suppress(BlockingIOError):
                    found += os.read(reading, 1 << 20)

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
    os.close(reading)
    assert [json.loads(line)["request"] for line in found.splitlines()] == [f"r-{number}" for number in range(count)]


def test_a_stream_in_memory_and_none():
    async def main():
        stream = io.StringIO()
        log = AccessLog(stream)
        log.request(exchange(1), 0.001)
        log.write()
        AccessLog(None).request(exchange(2), 0.001)
        return stream.getvalue()

    assert json.loads(asyncio.run(main()))["request"] == "r-1"
