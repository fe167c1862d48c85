"""What a measurement starts is counted with its children, and ends with them."""

import os
import sys
from pathlib import Path

import pytest
from waiting import held_port, until

from featurelens.scripts.serving.measuring.processes import started

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are counted as Linux does it")
PROGRAM = """
import http.server, subprocess, sys, threading
def child():
    global kept
    kept = subprocess.Popen([sys.executable, '-c', 'kept = bytearray(60_000_000)\\nimport time\\ntime.sleep(600)'])
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
    noted = tmp_path / "child"
    with held_port() as port, started(["-c", PROGRAM, str(port), str(noted)], port, "/") as server:
        until(lambda: noted.exists() and noted.read_text())
        until(lambda: server.memory() >= 60)  # MB, of the child's
        assert server.cpu() > 0
        child = int(noted.read_text())
        assert is_there(child) and child != os.getpid()
    until(lambda: not is_there(child))
