"""A report's file: refused before the work, whole or not at all."""

import pytest

from featurelens.reports.files.whole_files import check_writable, write_bytes_whole, write_whole


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="Name a file in it"):
        check_writable(tmp_path)


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(ValueError, match="Make it first"):
        check_writable(tmp_path / "nowhere" / "report.html")


def test_nothing_is_left_behind_by_the_check(tmp_path):
    check_writable(tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_the_old_file_is_replaced(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    write_whole(path, "neu: ü")
    assert path.read_text(encoding="utf-8") == "neu: ü"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_keeps_the_old_file_and_leaves_no_half_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
