"""What a measurement starts is counted with its children, and ends with them."""

import os
import sys
import time
from pathlib import Path

import pytest

from featurelens.scripts.serving.measuring.processes import free_port, started

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are counted as Linux does it")
PROGRAM = """
import http.server, subprocess, sys, threading
def child():
    global kept
    kept = subprocess.Popen([sys.executable, '-c', 'kept = bytearray(60_000_000)\\nimport time\\ntime.sleep(60)'])
    open(sys.argv[2], 'w').write(str(kept.pid))
threading.Thread(target=child).start()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def is_there(number):
    """Whether a process runs; one that has ended and that nobody asked for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_server_is_counted_and_ended_with_what_it_started(tmp_path):
    port, noted = free_port(), tmp_path / "child"
    with started(["-c", PROGRAM, str(port), str(noted)], port, "/") as server:
        until = time.monotonic() + 30
        while server.memory() < 60 and time.monotonic() < until:  # MB, of the child's
            time.sleep(0.05)
        assert server.memory() >= 60 and server.cpu() > 0
        child = int(noted.read_text())
        assert is_there(child) and child != os.getpid()
    until = time.monotonic() + 10
    while is_there(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_there(child)
