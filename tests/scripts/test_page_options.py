"""What is on the page and what becomes of it: options of `featurelens report` as a user types them."""

from __future__ import annotations

import json
import warnings
import webbrowser

import cv2
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
FEW = ("--trust-images", "0", "--sections", "performance")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("page")
    random_cnn(0).save(place / "m.keras")
    np.savez(place / "data.npz", images=random_images(0, 120), labels=np.arange(120) % 3)
    (place / "note.md").write_text("## What we asked\n\nWhether **it** <b>works</b>.")
    cv2.imwrite(str(place / "logo.png"), np.full((8, 8, 3), 99, np.uint8))
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(made, monkeypatch):
    monkeypatch.chdir(made)


def run(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main(["report", "m.keras", "--data", "data.npz", "--output", "p.html", *words])
    printed = capsys.readouterr()
    return stopped.value.code, printed.out, printed.err


def test_title_logo_and_note_stand_on_the_page(made, capsys):
    code, *_ = run(capsys, *FEW, "--title", "Trial <7>", "--logo", "logo.png", "--note", "note.md")
    page = (made / "p.html").read_text()
    assert code == 0 and "<title>Trial &lt;7&gt;</title>" in page and 'src="data:image/png;base64,' in page
    assert "<h4>What we asked</h4>" in page and "<strong>it</strong> &lt;b&gt;works&lt;/b&gt;" in page


def test_sections_classes_and_a_sample(made, capsys):
    code, *_ = run(
        capsys,
        "--trust-images",
        "0",
        "--sections",
        "model,performance",
        "--classes",
        "1",
        "--classes",
        "2",
        "--max-images",
        "50",
        "--json",
        "p.json",
    )
    figures = json.loads((made / "p.json").read_text())
    assert code == 0 and {"model", "performance"} <= figures.keys() and "layers" not in figures
    assert figures["about"]["images"] == 50 and set(figures["answers"]["true"]) == {1, 2}
    assert "A sample of 50 of 80 images, drawn with seed 0." in figures["about"]["read"]["notes"]


def test_quiet_says_nothing_and_open_opens(made, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    code, out, err = run(capsys, *FEW, "--quiet", "--open")
    assert (code, out, opened) == (0, "", [(made / "p.html").resolve().as_uri()])
    assert "looking" not in err and "drawing" not in err
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "no browser that can be started" in run(capsys, *FEW, "--open")[2]


def test_a_large_page_draws_fewer_and_counts_all(made, capsys):
    some = ("--trust-images", "0", "--sections", "mistakes,performance")
    code, *_ = run(capsys, *some, "--json", "whole.json")
    whole = (made / "p.html").stat().st_size
    code, *_ = run(capsys, *some, "--max-size", f"{0.97 * whole / 1e6:.6f}", "--json", "small.json")
    before, after = (json.loads((made / name).read_text()) for name in ("whole.json", "small.json"))
    assert code == 0 and (made / "p.html").stat().st_size < whole
    assert before["performance"] == after["performance"] and len(after["mistakes"]["numbers"]) < len(
        before["mistakes"]["numbers"]
    )
    assert any("fewer mistakes" in note for note in after["about"]["read"]["notes"])
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code, _, err = run(capsys, *some, "--max-size", "0.1")
    least = (made / "p.html").stat().st_size / 1e6
    assert code == 0 and least > 0.1
    assert f"With the fewest pictures that are drawn it has {least:.2f} MB" in " ".join(err.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--sections", "performence"), "Did you mean 'performance'"),
        (("--classes", "7"), "Received"),
        (("--note", "nte.md"), "which is no file"),
        (("--logo", "note.md"), "PNG, JPEG or WebP"),
        (("--output", "note.md", "--note", "note.md"), "never over it"),
    ],
)
def test_what_is_mistyped_is_told(words, told, made, capsys):
    code, _, err = run(capsys, *words, *(() if "--sections" in words else FEW))
    assert code == 1 and told in err
    assert (made / "note.md").read_text().startswith("## What")
