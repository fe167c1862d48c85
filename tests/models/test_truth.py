"""Numbers and several labels in the forms that people store: what is read is what was written, and the rest is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest

from featurelens.models import Dataset, open_dataset
from featurelens.models.evaluation.numbers import number_evaluation, ranges_of
from featurelens.models.formats.reading import Reading
from featurelens.models.truth.reading import marks_of, numbers_of
from featurelens.models.truth.record import Marks, Numbers

NUMBERS, LABELS = Reading(task="regression"), Reading(task="labels")
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 4, 4), np.uint8)
AGES = np.array([23.5, 41.0, -3.25, 8.0])


def values_of(source: object, **reading: str) -> np.ndarray:
    truth = open_dataset(source, reading=Reading(task="regression", **reading)).truth
    assert isinstance(truth, Numbers)
    return truth.values


def test_arrays_of_one_number_and_of_two(tmp_path):
    np.savez(tmp_path / "one.npz", images=PIXELS, labels=AGES)
    both = np.stack([AGES, AGES + 1], axis=1).astype(np.float32)
    np.savez(tmp_path / "two.npz", images=PIXELS, labels=both, label_names=np.array(["x", "y"]))
    np.testing.assert_array_equal(values_of(tmp_path / "one.npz"), AGES[:, np.newaxis])
    truth = open_dataset(tmp_path / "two.npz", reading=NUMBERS).truth
    assert isinstance(truth, Numbers) and truth.names == ("x", "y")
    np.testing.assert_array_equal(truth.values, both)


def test_a_csv_of_pixels_keeps_the_fraction_of_its_label(tmp_path):
    rows = [f"{age},{','.join(map(str, image.ravel()))}" for age, image in zip(AGES, PIXELS, strict=True)]
    head = f"label,{','.join(f'p{place}' for place in range(16))}"
    (tmp_path / "named.csv").write_text("\n".join([head, *rows]))
    with gzip.open(tmp_path / "bare.csv.gz", "wt") as file:
        file.write("\n".join(rows))
    np.testing.assert_array_equal(values_of(tmp_path / "named.csv"), AGES[:, np.newaxis])
    data = open_dataset(tmp_path / "bare.csv.gz", reading=Reading(task="regression", label_column="first"))
    np.testing.assert_allclose(data.images[..., 0], PIXELS / np.float32(255), atol=1e-7)
    with pytest.raises(ValueError, match=r"which column .* holds the numbers"):
        open_dataset(tmp_path / "bare.csv.gz", reading=NUMBERS)


def pictures(place: Path, names: list[str]) -> None:
    for name, image in zip(names, PIXELS, strict=True):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / name), image)


def test_numbers_in_file_names_and_as_folders(tmp_path):
    pictures(tmp_path / "named", [f"{age}_{place}.png" for place, age in enumerate((7, 40, 7, 12))])
    np.testing.assert_array_equal(np.sort(values_of(tmp_path / "named", label_from=r"(\d+)_")[:, 0]), [7, 7, 12, 40])
    pictures(tmp_path / "folders", ["7/a.png", "40/a.png", "7/b.png", "12.5/a.png"])
    np.testing.assert_array_equal(np.sort(values_of(tmp_path / "folders")[:, 0]), [7, 7, 12.5, 40])
    pictures(tmp_path / "words", ["cat/a.png", "dog/a.png", "cat/b.png", "dog/b.png"])
    with pytest.raises(ValueError, match=r"Expected a number for each image.*Received 'cat'"):
        open_dataset(tmp_path / "words", reading=NUMBERS)


def test_columns_of_a_table(tmp_path):
    pictures(tmp_path, [f"{place}.png" for place in range(4)])
    rows = ["file,x,y,note,split"]
    rows += [f"{place}.png,{age},{place},n{place},{'a' if place < 2 else 'b'}" for place, age in enumerate(AGES)]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    both = open_dataset(tmp_path / "t.csv", reading=Reading(task="regression", label_column="y, x")).truth
    assert isinstance(both, Numbers) and both.names == ("y", "x")
    np.testing.assert_array_equal(both.values, np.stack([np.arange(4), AGES], axis=1))
    np.testing.assert_array_equal(values_of(tmp_path / "t.csv", label_column="x", split="b")[:, 0], AGES[2:])
    with pytest.raises(ValueError, match=r"Received x, y\. Name one or several with --label-column"):
        open_dataset(tmp_path / "t.csv", reading=NUMBERS)
    with pytest.raises(ValueError, match="Received 'z'; it has file, x, y"):
        open_dataset(tmp_path / "t.csv", reading=Reading(task="regression", label_column="x,z"))


def test_marks_as_columns_and_as_words(tmp_path):
    pictures(tmp_path, [f"{place}.png" for place in range(4)])
    (tmp_path / "marks.csv").write_text("file,cat,dog\n0.png,1,1\n1.png,0,0\n2.png,0,1\n3.png,1,0")
    (tmp_path / "words.csv").write_text("file,label\n0.png,dog|cat\n1.png,\n2.png,dog\n3.png,cat")
    for name in ("marks.csv", "words.csv"):
        truth = open_dataset(tmp_path / name, reading=LABELS).truth
        assert isinstance(truth, Marks) and truth.names == ("cat", "dog")
        assert truth.on.tolist() == [[True, True], [False, False], [False, True], [True, False]]
    (tmp_path / "odd.csv").write_text("file,cat,dog\n0.png,1,2\n1.png,0,0\n2.png,0,1\n3.png,1,0")
    with pytest.raises(ValueError, match="Received '2' in the column dog"):
        open_dataset(tmp_path / "odd.csv", reading=Reading(task="labels", label_column="cat,dog"))


def test_the_truth_follows_the_images(tmp_path):
    data = Dataset.from_arrays(PIXELS, AGES, ["age"], task="regression", unit="years")
    chosen = data[[3, 0]]
    assert isinstance(chosen.truth, Numbers) and chosen.truth.unit == "years"
    np.testing.assert_array_equal(chosen.truth.values[:, 0], AGES[[3, 0]])
    np.testing.assert_array_equal(data.scaled(0, 1)[1:].truth.values[:, 0], AGES[1:])  # type: ignore[union-attr]


def test_what_classes_would_lose_is_refused():
    with pytest.raises(ValueError, match=r"with fractions, such as 23.5.*task='regression'"):
        Dataset.from_arrays(PIXELS, AGES)
    with pytest.raises(ValueError, match=r"Received 2 at image 0.*task='labels'"):
        Dataset.from_arrays(PIXELS, np.array([[1, 1], [0, 1], [1, 0], [0, 1]]))
    for labels in ([[3, 1], [2, 5], [1, 1], [0, 9]], [[0.2, 0.2]] * 4, [[-1.0, 2.0]] * 4):  # argmax would be a guess
        with pytest.raises(ValueError, match=r"one-hot labels.*one class number for each image"):
            Dataset.from_arrays(PIXELS, labels)
    assert Dataset.from_arrays(PIXELS, [[0.1, 0.9], [0.8, 0.2]] * 2).labels.tolist() == [1, 0, 1, 0]
    for labels, told in ((["cat", "dog", "cat", "dog"], "such as cat"), (None, "Received none")):
        with pytest.raises(ValueError, match=rf"{told}.*class_names.index"):
            Dataset.from_arrays(PIXELS, labels, ["cat", "dog"])
    with pytest.raises(ValueError, match=r"Received .nan. for image 1"):
        numbers_of(np.array([1, np.nan]), "made")
    with pytest.raises(ValueError, match="Expected 2 different names"):
        numbers_of(np.zeros((3, 2)), "made", ["x", "x"])
    with pytest.raises(ValueError, match=r"Received float64\[2, 2\], from 0 to 0.5"):
        marks_of(np.array([[0.5, 0], [0, 0]]), "made")


def test_ranges_keep_equal_truths_together():
    parts = ranges_of(np.array([5.0, 1, 1, 1, 1, 1, 1, 9, 5, 5]))
    truths = [set(np.array([5.0, 1, 1, 1, 1, 1, 1, 9, 5, 5])[part]) for part in parts]
    assert truths == [{1.0}, {5.0}, {9.0}] or truths == [{1.0}, {5.0, 9.0}]
    assert sorted(np.concatenate(parts).tolist()) == list(range(10))


def test_the_interval_of_r2_holds_the_truth_as_often_as_it_says():
    """R2 is 0.75 by construction, a quarter of the variance being noise: 31 of 40 intervals or more hold it."""
    held = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        truth = draw.normal(0, 1, 200)
        found = number_evaluation(
            Numbers(truth[:, np.newaxis], ("n",)), truth[:, np.newaxis] + draw.normal(0, 0.5, (200, 1))
        )
        held += found.figures[0].r2.low <= 0.75 <= found.figures[0].r2.high
    assert held >= 31
