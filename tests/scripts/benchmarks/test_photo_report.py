"""The benchmark of the report: its lines through two runs by hand, and the photos that it writes."""

import cv2
import numpy as np
import pytest

from featurelens.scripts.benchmarks.photo_report import Run, table, write_photos


def test_the_table_holds_each_cost_against_the_bare_script():
    runs = {
        (kind, count): Run(cpu=fixed + count * photo, seconds=1.0, peak=2.0)
        for kind, fixed, photo in (("bare", 5.0, 0.02), ("report", 50.0, 0.03), ("untested", 14.0, 0.03))
        for count in (250, 1000)
    }
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(250, 1000, runs).splitlines()[4:]]
    assert {name: cells[-3:] for name, *cells in rows} == {
        "bare decode + forward + backward": ["20.0", "1.00", "5.0"],
        "report": ["–", "–", "50.0"],  # its own two runs tell the tests' noise
        "report without testing its maps": ["30.0", "1.50", "14.0"],
    }


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
