"""Names that no drawing library draws and that terminals obey: every exit shows them in a visible form."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from attacks import OBEYED
from small_models import dense, sequential

from featurelens.models.visible_text import visible
from featurelens.scripts.cli import main

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("default::UserWarning"),  # our own, as lines on the terminal
]
NAMES = (
    *("a\x1b[2J\x1b[31mred", "b\nline\r\x85", "c\u202egnp.exe\u2066"),
    *("d\udcff\udcfe", "e" + "x" * 150, "f\u2028\u2029\x9b31m"),
    *("$\\frac{$ \\", "[bold]x[]$", "<img src=x onerror=alert(1)>&#27;"),
    *("g\x07\x08\x7f", "h\u200e\u200f\ufeff", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"),
)
COMMANDS = (
    "explore --data photos --output page.html",
    "evaluate x.keras --data photos --output figures --scale 0-1",
    "explain x.keras --data photos --image 1 --output one.png --scale 0-1",
    "explain x.keras --data photos --image 1 --output one.svg --scale 0-1",
    "report x.keras --data photos --output report.html --trust-images 0 --scale 0-1",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in folders of hostile names, of hostile names themselves, and one that is none in each."""
    path = tmp_path_factory.mktemp("names")
    random = np.random.default_rng(0)
    for name in NAMES:
        (path / "photos" / name).mkdir(parents=True)
        for number in range(2):
            raw = cv2.imencode(".png", random.integers(0, 256, (8, 8, 3), np.uint8))[1].tobytes()
            (path / "photos" / name / f"\x1b[5m{number}\u202e\udc80.png").write_bytes(raw)
        (path / "photos" / name / "broken\x1b[2J\n.png").write_bytes(b"x")
    sequential(head=dense(len(NAMES))).save(path / "x.keras")
    return path


@pytest.mark.skipif(os.name != "posix", reason="other disks do not take such names")
@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: line.split(" --data")[0])
def test_a_hostile_name_is_shown_and_never_obeyed(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stopped:
        main(shlex.split(line))
    said = capfd.readouterr()
    assert stopped.value.code == 0, said.err
    assert not OBEYED.search(said.out + said.err.replace("\r", "")), repr(said.out + said.err)
    assert "constrained_layout" not in said.err
    for path in (each for each in folder.rglob("*") if each.suffix in (".html", ".svg", ".json", ".csv")):
        assert not OBEYED.search(path.read_text(encoding="utf-8").replace("\t", " ")), path.name


def test_long_cells_are_cut_in_messages(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text(f"0,{'9' * 5000}x,3\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["explore", "--data", str(tmp_path / "x.csv"), "--output", str(tmp_path / "page.html")])
    assert max(map(len, re.split(r"[\s/]", capfd.readouterr().err))) <= 80


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_what_is_shown_tells_names_apart(name: str) -> None:
    shown = visible(name)
    assert not OBEYED.search(shown)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len({visible(each) for each in NAMES}) == len(NAMES)
