"""`--score` as a user types it: explain and trust take it, what needs classes says what does."""

from __future__ import annotations

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture
def _made(tmp_path, monkeypatch):
    random_cnn(0).save(tmp_path / "m.keras")
    np.savez(tmp_path / "data.npz", images=random_images(0, 30), labels=np.arange(30) % 3)
    monkeypatch.chdir(tmp_path)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    printed = capsys.readouterr()
    return stopped.value.code, " ".join((printed.out + printed.err).split())


@pytest.mark.usefixtures("_made")
def test_explain_and_trust_take_it(capsys):
    asked = ("m.keras", "--data", "data.npz", "--score", "conv2:1")
    code, told = run(capsys, "explain", *asked, "--image", "3", "--output", "a.png")
    assert code == 0 and "conv2:1 is" in told and "%" not in told.split("Wrote")[0]
    code, told = run(
        capsys,
        "trust",
        "m.keras",
        "--data",
        "data.npz",
        "--score",
        "conv2:1",
        "--method",
        "hirescam",
        "--output",
        "t.json",
    )
    assert code == 0 and "HiResCAM" in told


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("command", ["report", "evaluate"])
def test_what_needs_classes_says_what_takes_it(command, capsys):
    code, told = run(capsys, command, "m.keras", "--data", "data.npz", "--score", "conv2:1")
    assert code == 1 and "the score 'conv2:1', which has none. Leave --score out" in told


@pytest.mark.usefixtures("_made")
def test_a_typo_is_told(capsys):
    code, told = run(capsys, "explain", "m.keras", "--data", "data.npz", "--score", "cnov2:1")
    assert code == 1 and "Did you mean 'conv2'" in told
