"""Two reports beside each other: by hand on planted answers and maps, the page, and what is refused."""

import json

import numpy as np
import pytest
from live_pages import browsing, faults_of_views

from featurelens.reports.comparison.diff_page import diff_html, headline, write_diff
from featurelens.reports.comparison.report_diff import correlations, read_diff
from featurelens.scripts.cli import main

TRUE = [0, 0, 0, 1, 1, 1, 2, 2]
OLD = [0, 1, 1, 1, 0, 2, 2, 2]  # wrong on 1, 2, 4, 5
NEW = [0, 0, 2, 1, 0, 1, 2, 0]  # wrong on 2, 4, 7: 1 and 5 went, 7 came, 2 is wrong in another way
HOSTILE = "</script><b>"


def report(name, predicted, probability, levels, silent):
    return {
        "format": "featurelens report",
        "version": 1,
        "about": {"model": name, "data": "made", "classes": ["a", "b", HOSTILE], "pixels": "p", "weights": name},
        "findings": [],
        "answers": {"true": TRUE, "predicted": predicted, "probability": probability, "of_true": probability},
        "performance": {
            "figures": {"loss": 0.5, "expected_calibration_error": None, "classes": {"a": {"recall": 0.5}}}
        },
        "trust": {"trust": {"methods": {method: {"verdict": {"level": level}} for method, level in levels.items()}}},
        "layers": {"layers": [{"name": "conv1", "silent_channels": silent}]},
        "arrays": f"{name}.npz",
    }


@pytest.fixture
def folder(tmp_path):
    old = report("old", OLD, [0.9] * 8, {"HiResCAM": "good", "RISE": "weak"}, [1, 2])
    new = report("new", NEW, [0.1, 0.6, 0.5, 0.5, 0.5, 0.8, 0.5, 0.5], {"HiResCAM": "failed"}, [2, 5])
    maps = np.random.default_rng(0).normal(size=(4, 5, 5))
    pictures = np.random.default_rng(1).random((4, 6, 6, 1))
    for made, numbers in ((old, [1, 2, 4, 5]), (new, [2, 4, 7])):
        (tmp_path / f"{made['about']['model']}.json").write_text(json.dumps(made))
        rows = len(numbers)
        moved = -maps[[1, 2, 3]] if made is new else maps
        arrays = {"mistakes.numbers": numbers, "mistakes.contrast": moved[:rows], "mistakes.pictures": pictures[:rows]}
        np.savez(tmp_path / made["arrays"], **{name: np.array(value) for name, value in arrays.items()})
    return tmp_path


def test_by_hand(folder):
    found = read_diff(folder / "old.json", folder / "new.json")
    assert found.accuracy == (0.5, 0.625)
    assert found.went.numbers.tolist() == [5, 1] and found.came.numbers.tolist() == [7]  # the surest first
    assert found.went.before.tolist() == [2, 1] and found.came.after.tolist() == [0]
    assert found.otherwise == 1 and (found.test.first_only, found.test.second_only) == (1, 2)
    assert found.test.p_value == 1 and found.test.exact
    (moved,) = found.maps
    assert moved.numbers.tolist() == [4]  # 2 is taken for another class: its maps are of other classes
    assert moved.correlation[0] == pytest.approx(-1)
    assert [(each.method, each.before, each.after) for each in found.trust] == [
        ("HiResCAM", "good", "failed"),
        ("RISE", "weak", None),
    ]
    (channels,) = found.channels
    assert channels.fell_silent.tolist() == [5] and channels.woke.tolist() == [1]


def test_the_same_report_twice_says_so(folder):
    found = read_diff(folder / "old.json", folder / "old.json")
    assert not len(found.went.numbers) + len(found.came.numbers) + len(found.channels)
    assert "same weights" in headline(found)
    np.testing.assert_allclose(found.maps[0].correlation, 1)
    page = diff_html(found)
    assert "0 images" not in page and "McNemar" not in page, "nothing turned"
    assert ">Before</" in page and ">After</" in page, "one name would head both columns"


def test_the_page_shows_both_sides_and_escapes(folder):
    path, found = write_diff(folder / "old.json", folder / "new.json", folder / "diff.html")
    page = path.read_text(encoding="utf-8")
    assert "2 mistakes went and 1 mistake came" in page and "which chance alone may have done" in page
    assert "image 5, b taken for" in page and HOSTILE not in page
    assert page.count('class="tile sprite-went"') == 2 and page.count('class="tile sprite-came"') == 1
    assert diff_html(found).count("not measured") >= 1


def test_without_arrays_it_names_the_images(folder):
    (folder / "old.npz").unlink()
    found = read_diff(folder / "old.json", folder / "new.json")
    assert not found.maps
    assert "Without pictures" in diff_html(found) and "--arrays" in diff_html(found)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda found: found["about"].update(pixels="other"), "pixels differ"),
        (lambda found: found["answers"].update(true=[0] * 8), "labels differ"),
        (lambda found: found["about"].update(classes=["x", "y", "z"]), "classes differ"),
    ],
)
def test_other_images_are_refused(folder, change, remedy):
    found = json.loads((folder / "new.json").read_text())
    change(found)
    (folder / "new.json").write_text(json.dumps(found))
    with pytest.raises(ValueError, match=remedy):
        read_diff(folder / "old.json", folder / "new.json")


def test_arrays_that_are_none_are_refused(folder):
    (folder / "new.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match="move it away"):
        read_diff(folder / "old.json", folder / "new.json")


def test_the_arrays_are_looked_for_beside_the_json_only(folder):
    found = json.loads((folder / "new.json").read_text())
    found["arrays"] = "../../../etc/passwd"
    (folder / "new.json").write_text(json.dumps(found))
    assert not read_diff(folder / "old.json", folder / "new.json").maps


def test_correlations_as_numpy_has_them():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(3, 4, 4)), random.normal(size=(3, 4, 4))
    second[2] = 1
    expected = [np.corrcoef(first[row].ravel(), second[row].ravel())[0, 1] for row in (0, 1)]
    found = correlations(first, second)
    np.testing.assert_allclose(found[:2], expected)
    assert np.isnan(found[2])
    assert correlations(first, first.repeat(2, axis=1).repeat(2, axis=2))[0] > 0.9  # other grids are brought to one


def test_the_command(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(["diff", "old.json", "new.json", "--output", "d.html"])
    assert ended.value.code == 0 and "2 mistakes went" in capsys.readouterr().out and (folder / "d.html").is_file()
    with pytest.raises(SystemExit) as ended:
        main(["diff", "old.json", "new.json", "--output", "old.json"])
    assert ended.value.code == 1 and "read by this command" in capsys.readouterr().err


def test_every_view_can_be_read_by_everybody_and_no_table_is_cut(folder, tmp_path):
    path, _ = write_diff(folder / "old.json", folder / "new.json", tmp_path / "diff.html")
    with browsing() as browser:
        assert faults_of_views(browser, path) == []
