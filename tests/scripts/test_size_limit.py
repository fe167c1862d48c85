"""A limit on the size of files that is in the way of honest data is raised by an option, behind any command."""

from __future__ import annotations

import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest

from featurelens.models.file_limits import LIMITS, Limits, require_unpacked
from featurelens.scripts.cli import main


@pytest.fixture(autouse=True)
def usual_limits():
    yield
    for name, value in asdict(Limits()).items():
        setattr(LIMITS, name, value)


@pytest.mark.parametrize("words", [["--size-limit", "8"], ["--size-limit=8"]])
@pytest.mark.parametrize("first", [True, False])
def test_it_holds_from_then_on_and_the_command_never_sees_it(words: list[str], first: bool) -> None:
    with pytest.raises(ValueError, match=r"at most 4\.0 GiB.*--size-limit 7"):
        require_unpacked("x", 2**32, 6 * 2**30)
    command = ["explore", "--help"]
    with pytest.raises(SystemExit) as stopped:
        main([*words, *command] if first else [*command, *words])
    assert stopped.value.code == 0
    require_unpacked("x", 2**32, 6 * 2**30)
    assert LIMITS.file_bytes == 8 * 2**30


@pytest.mark.parametrize("words", [["--size-limit"], ["--size-limit", "much"], ["--size-limit=0"]])
def test_what_is_no_size_is_a_wrong_option(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["explore", *words])
    assert stopped.value.code == 2
    assert "whole gigabytes, such as --size-limit 8" in capsys.readouterr().err


def test_the_advice_of_a_refusal_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "zeros.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    for words, said in (([], "--size-limit 2"), (["--size-limit", "5"], "Expected a NumPy file")):
        with pytest.raises(SystemExit):
            main(["explore", "--data", str(file), "--output", str(tmp_path / "x.html"), *words])
        assert said in " ".join(capsys.readouterr().err.split())
