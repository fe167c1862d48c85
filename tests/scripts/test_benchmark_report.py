"""The benchmark of the report: its lines through two runs by hand, and the photos that it writes."""

import cv2
import numpy as np
import pytest

from featurelens.scripts.benchmark_report import Cost, Run, table, write_photos


def test_the_cost_is_the_line_through_two_runs():
    cost = Cost.of(250, Run(cpu=15.0, seconds=9.0, peak=1.0), 1000, Run(cpu=30.0, seconds=20.0, peak=1.0))
    assert (cost.photo, cost.fixed) == (pytest.approx(0.02), pytest.approx(10.0))


def test_the_table_holds_each_cost_against_the_bare_script():
    runs = {
        (kind, count): Run(cpu=fixed + count * photo, seconds=1.0, peak=2.0)
        for kind, fixed, photo in (("bare", 5.0, 0.02), ("report", 50.0, 0.03), ("untested", 14.0, 0.03))
        for count in (250, 1000)
    }
    report = next(line for line in table(250, 1000, runs).splitlines() if line.startswith("| report |"))
    assert [cell.strip() for cell in report.split("|")[-4:-1]] == ["30.0", "1.50", "50.0"]


def test_the_photos_are_crops_of_every_photograph_and_follow_the_seed(tmp_path):
    pytest.importorskip("skimage")
    write_photos(tmp_path / "one", 9)
    write_photos(tmp_path / "again", 9)
    files = sorted((tmp_path / "one").glob("*/*.jpg"))
    assert len(files) == 9 and len({file.parent for file in files}) == 4
    for file in files:
        image = cv2.imread(str(file))
        again = cv2.imread(str(tmp_path / "again" / file.relative_to(tmp_path / "one")))
        assert image.shape == (224, 224, 3) and image.std() > 1
        np.testing.assert_array_equal(image, again)
