"""How a command's program ends: without a last walk for garbage, and with all that programs leave behind put away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import atexit, gc, sys, tempfile, typer

class Loop:
    def __init__(self):
        self.me = self
    def __del__(self):
        print("walked", flush=True)

@atexit.register  # the last to be called, as the first that is registered
def told():
    print("frozen", gc.get_freeze_count() > 1000, flush=True)

from featurelens.scripts.terminal.running import run

app = typer.Typer()

@app.command()
def nothing():
    pass

for _ in range(2):
    try:
        run(app, [])
    except SystemExit as stopped:
        print("code", stopped.code, "frozen", gc.get_freeze_count() > 0)
folder = tempfile.TemporaryDirectory()
print(folder.name)
Loop()
"""


def test_garbage_is_not_looked_for_at_the_end_and_temporary_folders_are_removed() -> None:
    ended = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=300, check=True)
    *codes, folder, last = ended.stdout.splitlines()
    assert codes == ["code 0 frozen False"] * 2  # nothing is frozen while the program goes on
    assert last == "frozen True" and not Path(folder).exists()
