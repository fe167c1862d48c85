"""The processes of a measurement: started, waited for, and what they use, as Linux counts it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from featurelens.scripts.serving.measuring.load import Load

_TICK = os.sysconf("SC_CLK_TCK")
_READY = 120.0  # seconds that a server may take to start


@dataclass(frozen=True, eq=False)
class Server:
    """A server that listens on this machine."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds of processor that it and its children have used."""
        return sum(_cpu(number) for number in _family(self.process.pid))

    def memory(self) -> float:
        """Megabytes that it and its children hold."""
        return sum(_memory(number) for number in _family(self.process.pid))


@contextmanager
def started(arguments: Sequence[str], port: int, ready: str) -> Iterator[Server]:
    """A Python program that listens, once its address `ready` answers; ended afterwards, with all that it has started."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=quiet,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(port, process)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):  # LitServe leaves its workers behind
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def loaded(server: Server, load: Load) -> dict[str, Any]:
    """Run a load in a process of its own; what it saw, with the server's seconds of processor."""
    before = server.cpu()
    found = begun(load).communicate()[0]
    return {**json.loads(found), "server_cpu": server.cpu() - before}


def begun(load: Load) -> subprocess.Popen[bytes]:
    """A load that runs in a process of its own."""
    command = [sys.executable, "-m", "featurelens.scripts.serving.measuring.load", json.dumps(asdict(load))]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + _READY
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > until:
                raise ValueError(f"Expected a server at {url}. Received none. Start it by hand to see why.") from None
            time.sleep(0.1)


def _family(number: int) -> list[int]:
    """A process and all that it has started."""
    try:
        lists = [each.read_text() for each in Path(f"/proc/{number}/task").glob("*/children")]  # of each of its threads
    except OSError:
        return []
    children = " ".join(lists).split()
    return [number, *(each for child in children for each in _family(int(child)))]


def _cpu(number: int) -> float:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory(number: int) -> float:
    for line in Path(f"/proc/{number}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
