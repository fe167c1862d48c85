"""Files for programs and conditions that stop a run, as they are typed."""

import json
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from small_models import sequential

from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gates")
    random = np.random.default_rng(0)
    sequential().save(folder / "my.keras")
    for name in ("ant", "bee", "cat"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(4):
            picture = random.integers(0, 256, (8, 8, 3), np.uint8)
            cv2.imwrite(str(folder / "photos" / name / f"{number}.png"), picture)
    return folder


@pytest.fixture
def folder(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return made


REPORT = ["report", "my.keras", "--data", "photos", "--scale", "0-1", "--trust-images", "0", "--output", "r.html"]


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([*REPORT, *words])
    return ended.value.code


def test_a_condition_that_holds_ends_with_3_and_all_files(folder, capsys):
    conditions = ["--fail-if", "accuracy < 200%", "--fail-if", "recall(ant) > 1", "--annotations"]
    assert run(*conditions, "--json", "r.json", "--arrays", "r.npz", "--junit", "r.xml") == 3
    out, err = capsys.readouterr()
    assert "Wrote" in out and "::error title=featurelens report::accuracy < 200%25" in out
    assert "Stopped by --fail-if accuracy < 200%: it is 0." in err and "recall" not in err
    figures = json.loads((folder / "r.json").read_text())
    assert len(figures["answers"]["true"]) == 12 and figures["arrays"] == "r.npz"
    with np.load(folder / "r.npz") as arrays:
        wrong = np.not_equal(figures["answers"]["true"], figures["answers"]["predicted"])
        assert sorted(arrays["mistakes.numbers"]) == np.flatnonzero(wrong).tolist()
    suite = ElementTree.parse(folder / "r.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_a_condition_that_does_not_hold_ends_well(folder, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("--fail-if", "accuracy < 0") == 0
    assert "::error" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--fail-if", "acuracy < 1"], "Did you mean 'accuracy'"),
        (["--fail-if", "recall(antt) < 1"], "Did you mean 'ant'"),
        (["--fail-if", "trust(RISE) == failed"], "Expected the name of a method"),
        (["--junit", "r.xml"], "Add a condition"),
        (["--arrays", "r.json"], "ending in .npz"),
        (["--json", "r.html"], "a file of its own"),
        (["--json", "my.keras"], "a file of the model"),
        (["--json", "none/r.json"], "Make it first"),
        (["--review", "none.json"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_refused_before_the_work(folder, capsys, words, remedy):
    before = (folder / "r.html").stat().st_mtime_ns if (folder / "r.html").exists() else None
    assert run(*words) == 1
    assert remedy in capsys.readouterr().err
    assert (folder / "r.html").stat().st_mtime_ns == before if before else not (folder / "r.html").exists()


def test_a_review_is_summed_up(folder, capsys):
    assert run("--json", "r.json") == 0
    figures = json.loads((folder / "r.json").read_text())
    number = str(figures["mistakes"]["numbers"][0])
    review = {
        "format": "featurelens review",
        "version": 1,
        "model": figures["about"]["weights"],
        "images": {number: {"verdict": "wrong reason", "comment": "the border"}},
    }
    (folder / "review.json").write_text(json.dumps(review))
    assert run("--review", "review.json") == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "Of 1 image reviewed" in page and "the border" in page
    (folder / "review.json").write_text(json.dumps({**review, "model": "0" * 64}))
    assert run("--review", "review.json") == 1 and "other weights" in capsys.readouterr().err
