"""CSV images: the forms that are read, by hand, and each kind of bad row with its line number."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from featurelens.models.formats.csv_images import csv_images


def written(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


PLAIN = "1,0,51,102,255\n0,255,255,0,0\n"  # two images 2x2: 51/255 = 0.2, 102/255 = 0.4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PLAIN, "plain.csv"),
        (PLAIN, "packed.csv.gz"),
        ("label,pixel1,pixel2,pixel3,pixel4\n" + PLAIN, "kaggle.csv"),
        ("label,0,1,2,3\n" + PLAIN, "pandas.csv"),
        ("\ufeffLabel,a,b,c,d\r\n" + PLAIN.replace("\n", "\r\n"), "excel.csv"),
        ("\n" + PLAIN + "\n\n", "blank.csv"),
        ('"1","0","51","102","255"\n' + PLAIN.split("\n")[1], "quoted.csv"),
        ("a,b,label,c,d\n0,51,1,102,255\n255,255,0,0,0\n", "middle.csv"),
        ("1.0,0.0,51.0,102.0,255.0\n0,255,255,0,0\n", "floats.csv"),
    ],
)
def test_every_form_gives_the_same_images(tmp_path, text, name):
    data = csv_images(written(tmp_path, text, name))
    np.testing.assert_allclose(data.images[..., 0], [[[0, 0.2], [0.4, 1]], [[1, 1], [0, 0]]], rtol=1e-6)
    assert data.labels.tolist() == [1, 0] and data.class_names == ("0", "1")
    assert data.files[0][0] == name


def test_pixels_follow_row_by_row_channels_last(tmp_path):
    path = written(tmp_path, "0," + ",".join(str(value) for value in range(12)) + "\n")
    square = csv_images(path).images * 255  # 12 = 2x2x3
    np.testing.assert_allclose(square[0, 1, 0], [6, 7, 8], rtol=1e-6)
    wide = csv_images(path, shape=(2, 6, 1)).images * 255
    np.testing.assert_allclose(wide[0, 1, :, 0], [6, 7, 8, 9, 10, 11], rtol=1e-6)


def test_class_names_are_kept(tmp_path):
    assert csv_images(written(tmp_path, PLAIN), class_names=["x", "y", "z"]).class_names == ("x", "y", "z")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3,4", r"Expected 5 columns \(a label and 4 pixels\). Received 4 at line 3"),
        ("1,2,3,4,5,6", "Received 6 at line 3"),
        ("1,2,x,4,5", "pixel from 0 to 255 in column 3. Received 'x' at line 3"),
        ("1,2,,4,5", "column 3. Received '' at line 3"),
        ("1,2,3,4,256", "column 5. Received '256' at line 3"),
        ("1,-1,3,4,5", "column 2. Received '-1' at line 3"),
        ("1,2,3,nan,5", "column 4. Received 'nan' at line 3"),
        ("2,2,3,4,5", "whole number from 0 to 1 as label. Received '2' at line 3"),
        ("-1,2,3,4,5", "as label. Received '-1' at line 3"),
        ("0.5,2,3,4,5", "as label. Received '0.5' at line 3"),
        ("cat,2,3,4,5", "as label. Received 'cat' at line 3"),
    ],
)
@pytest.mark.parametrize("header", ["label,a,b,c,d\n", "\n"])
def test_a_bad_row_is_named_by_its_line(tmp_path, header, row, message):
    path = written(tmp_path, f"{header}0,1,2,3,4\n{row}\n0,1,2,3,4\n")
    with pytest.raises(ValueError, match=message + r" of the CSV file .*Correct or remove that line"):
        csv_images(path, class_names=["a", "b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Received none. Check that the file is complete"),
        ("label,a,b,c,d\n", "Received none. Check that the file is complete"),
        ("kind,a,b\n0,1,2\n", r"'label' in the header .* Received 0 \(kind, a, b\). Name the label column"),
        ("label,label\n0,1\n", "Received 2 .*Name the label column"),
        ("label;a;b\n0;1;2\n", "separate columns by commas"),
        ("0,1,2\n", r"a square image.*Received 2 beside the label.*shape=\(H, W, C\)"),
        ("0\n", "Received 0 beside the label"),
        ("1_0,1,2,3,4\n", "another way of writing"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        csv_images(written(tmp_path, text))


def test_a_shape_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Expected 9 pixel columns .* Received 4. Check the file, or pass the shape"):
        csv_images(written(tmp_path, PLAIN), shape=(3, 3, 1))


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(ValueError, match=r"No such file.*Check the path"):
        csv_images(tmp_path / "none.csv")
    packed = written(tmp_path, PLAIN * 1000, "cut.csv.gz")
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"truncated or damaged.*Fetch it again"):
        csv_images(packed)


def test_pixels_already_divided_get_a_warning(tmp_path):
    with pytest.warns(UserWarning, match=r"Received 0 to 1: .*Multiply the pixel columns by 255"):
        csv_images(written(tmp_path, "0,0.5,1,0,0.25\n"))
