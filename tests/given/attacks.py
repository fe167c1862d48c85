"""One shape for every attack: files that mean harm, a command that meets them, and what must come of it.

Refused at once, by name, in one sentence and without a traceback, in little memory; nothing of the file has run,
nothing is overwritten, and no letter reaches the terminal that it would obey.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from featurelens.scripts.cli import main

SECONDS = 30.0  # of the processor, to refuse; below one on a core that nobody shares. What hangs, pytest stops
MEMORY = 2**30  # bytes beside those that the process had before
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
RAN = "ran"  # the file that code in an attack would leave


@dataclass(frozen=True)
class Attack:
    """A file that means harm, or claims what it does not hold."""

    name: str
    make: Callable[[Path], object]  # writes it into a folder
    line: str  # the command, as typed in that folder
    says: str  # pattern in the sentence that refuses
    code: int = 1
    seconds: float = SECONDS


def explore(name: str, make: Callable[[Path], object], file: str, says: str) -> Attack:
    """An attack on the command that looks at data alone."""
    return Attack(name, make, f"explore --data {file} --output page.html", says)


def raw_file(name: str, content: bytes | Callable[[], bytes]) -> Callable[[Path], object]:
    """A file of these bytes."""
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content())


def sparse(path: Path, size: int) -> None:
    """A file of zeros that take no room."""
    with path.open("wb") as file:
        file.truncate(size)


def cut_off(whole: dict[str, Callable[[Path], object]]) -> tuple[Attack, ...]:
    """Honest files, by the name that each has, cut off at every tenth of their length."""

    def cut(name: str, tenths: int) -> Callable[[Path], object]:
        def make(folder: Path) -> None:
            whole[name](folder)
            content = (folder / name).read_bytes()
            (folder / name).write_bytes(content[: len(content) * tenths // 10])

        return make

    return tuple(explore(f"{name} at {n}0 %", cut(name, n), name, "Expected") for name in whole for n in range(10))


def as_parameters(attacks: dict[str, tuple[Attack, ...]]) -> list[ParameterSet]:
    """Attacks by their kinds, as pytest wants them."""
    return [
        pytest.param(attack, id=f"{kind}: {attack.name}") for kind, several in attacks.items() for attack in several
    ]


def refuse(attack: Attack, folder: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """Meet an attack; return what was said."""
    attack.make(folder)
    before = contents(folder)
    os.chdir(folder)
    peak = _watched_memory()
    started = time.process_time()
    with warnings.catch_warnings(), pytest.raises(SystemExit) as stopped:
        warnings.simplefilter("default")  # as on a command line, where a warning is a line and no error
        main(shlex.split(attack.line))
    seconds, memory = time.process_time() - started, peak()
    said = capfd.readouterr()
    shown = said.out + said.err
    assert stopped.value.code == attack.code, shown
    assert "Traceback" not in shown and "Expected" in said.err, shown
    assert re.search(attack.says, " ".join(said.err.split())), said.err
    assert not OBEYED.search(shown), repr(shown)
    assert contents(folder) == before, "files were written or changed"
    assert seconds < attack.seconds, f"{seconds:.1f} s"
    assert memory < MEMORY, f"{memory / 2**20:.0f} MiB"
    return said.err


def contents(folder: Path) -> dict[str, str]:
    """{path: what tells a change} of all files: of some megabytes their bytes, of larger ones and others that they are as old."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            is_file = path.is_file() and not path.is_symlink()
            about = path.lstat()
            small = is_file and about.st_size < 2**26
            found[str(path)] = (
                hashlib.sha256(path.read_bytes()).hexdigest() if small else f"{about.st_size} {about.st_mtime_ns}"
            )
    return found


def _watched_memory() -> Callable[[], int]:
    """What tells, when called, by how many bytes the process has grown at most since now; 0 where nothing tells."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        start = _status("VmRSS")
    except (OSError, ValueError):
        return lambda: 0
    return lambda: max(0, _status("VmHWM") - start)


def _status(name: str) -> int:
    text = Path("/proc/self/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0
