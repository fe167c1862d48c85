"""Tables of files and labels, as people keep them beside their pictures: HAM10000, dog breeds, one-hot columns, splits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from featurelens.models import open_dataset
from featurelens.models.formats.known_formats import format_of
from featurelens.models.formats.reading import Reading

GREYS = {"a": 10, "b": 20, "c": 30, "d": 40}


@pytest.fixture
def folder(tmp_path):
    """Four pictures, a.png and b.png beside the table, c.jpg-like ones in a folder below."""
    for place, name in (("", "a"), ("", "b"), ("part_2", "c"), ("part_2", "d")):
        (tmp_path / place).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / place / f"{name}.png"), np.full((3, 4), GREYS[name], np.uint8))
    return tmp_path


def read(folder, text, name="table.csv", **reading):
    (folder / name).write_text(text)
    assert format_of(folder / name).name == "table"
    data = open_dataset(folder / name, scale="0-255", reading=Reading(**reading))
    return data.images[:, 0, 0, 0].tolist(), data.labels.tolist(), data.class_names, data


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("filename,label\na.png,dog\nb.png,cat\nc.png,dog\n", "table.csv"),
        ("id\tbreed\na\tdog\nb\tcat\nc\tdog\n", "labels.tsv"),  # the ending left off, as in dog breeds
        ("lesion_id,image_id,dx,age\nL1,a,dog,3\nL1,b,cat,4\nL2,c,dog,5\n", "HAM.csv"),
        ("path;class\n./a.png;dog\nb.png;cat\npart_2/c.png;dog\n", "excel.csv"),
        ("what,kind\na.png,dog\nb.png,cat\nc.png,dog\n", "other.csv"),  # found: leads to pictures, and what is left
        ("cat,image,dog\n0,a,1\n1,b,0\n0,c,1\n", "onehot.csv"),
    ],
)
def test_every_form_gives_the_same(folder, text, name):
    pixels, labels, names, data = read(folder, text, name)
    assert (pixels, labels, names) == ([10, 20, 30], [1, 0, 1], ("cat", "dog"))
    assert data.names == ("a.png", "b.png", "part_2/c.png") and data.files[0][0] == name


def test_columns_are_named_where_they_are_not_found(folder):
    text = "image,label,class\na,x,1\nb,y,0\n"
    with pytest.raises(ValueError, match=r"one column of labels .* Received label, class. Name it with --label-column"):
        read(folder, text)
    assert read(folder, text, label_column="class")[1:3] == ([1, 0], ("0", "1"))
    with pytest.raises(ValueError, match=r"--label-column to name a column .* it has image, label, class"):
        read(folder, text, label_column="kind")
    with pytest.raises(ValueError, match=r"for the files of 'table.csv'. Received none .* such as 'x'"):
        read(folder, text, file_column="label", label_column="class")


def test_a_split_is_chosen_or_all_are_read_and_told(folder):
    text = "file,label,split\na,x,train\nb,y,test\nc,x,test\n"
    assert read(folder, text, split="Test")[:3] == ([20, 30], [1, 0], ("x", "y"))
    data = read(folder, text)[3]
    assert len(data) == 3 and "--split chooses one" in " ".join(data.preparation.notes)
    with pytest.raises(ValueError, match=r"one of the column split .*: test, train. Received 'dev'"):
        read(folder, text, split="dev")


def test_several_labels_of_a_picture_need_a_map(folder):
    text = "file,label\na,x|y\nb,y\n"
    with pytest.raises(ValueError, match=r"Received 'x\|y' for image 0.*--label-map 'a\|b=a'"):
        read(folder, text)
    assert read(folder, text, label_map="x|y=x,y=y")[:3] == ([10, 20], [0, 1], ("x", "y"))
    assert read(folder, "file,p,q\na,1,1\nb,0,1\n", label_map="p|q=,q=q")[:3] == ([20], [0], ("q",))


def test_what_is_missing_is_named(folder):
    with pytest.warns(UserWarning, match=r"1 of 2 image files cannot be read and are left out: gone.png"):
        pixels, _, _, data = read(folder, "file,label\na,x\ngone.png,y\n")
    assert pixels == [10] and data.unreadable == ("gone.png",)


def test_a_name_that_two_pictures_have_is_refused(folder):
    (folder / "part_3").mkdir()
    cv2.imwrite(str(folder / "part_3" / "c.png"), np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"'c' in .* to name one picture. Received 2"):
        read(folder, "file,label\nc,x\n")
    assert read(folder, "file,label\npart_2/c,x\na,y\n")[0] == [30, 10]


def test_a_line_that_is_cut_is_named(folder):
    with pytest.raises(ValueError, match="Received 1 in line 3"):
        read(folder, "file,label\na,x\nb\n")


def test_pixels_in_a_csv_are_no_table(tmp_path):
    (tmp_path / "pixels.csv").write_text("label,p0,p1,p2,p3\n0,1,2,3,4\n")
    assert format_of(tmp_path / "pixels.csv").name == "csv"


@pytest.mark.parametrize("header", ["", "label,", "id,label,", "label,id,"])
def test_numbers_in_a_table_of_pixels_name_no_pictures(header, tmp_path):
    """Folders of pictures called by numbers may lie beside it: 0 is a label or a pixel, not 0.png."""
    for label in "01":
        (tmp_path / label).mkdir()
        for name in "0123":
            cv2.imwrite(str(tmp_path / label / f"{name}.png"), np.zeros((2, 2), np.uint8))
    before = max(1, header.count(","))
    lines = [",".join(map(str, [row % 2] * before + [row, 1, 2, 3])) for row in range(4)]
    (tmp_path / "t.csv").write_text("\n".join([f"{header or 'label,'}a,b,c,d", *lines]))
    assert format_of(tmp_path / "t.csv").name == "csv"


def test_pictures_called_by_numbers_are_found_by_a_column_of_a_usual_name(tmp_path):
    for name in "0123":
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((2, 2), np.uint8))
    (tmp_path / "t.csv").write_text("id,label\n0,1\n1,0\n2,1\n3,0\n")
    assert format_of(tmp_path / "t.csv").name == "table"
