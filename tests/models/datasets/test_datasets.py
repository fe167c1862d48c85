"""The Dataset record, its resizing, its class names: values by hand, and every refusal with its remedy."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from featurelens.models.datasets.class_names import (
    in_order_of_numbers,
    match_class_names,
    numbered_names,
    order_note,
    place_classes,
    read_class_names,
    require_classes,
)
from featurelens.models.datasets.dataset import Dataset


def dataset(images=None, labels=(0, 2, 1), names=("a", "b", "c"), **fields) -> Dataset:
    if images is None:
        images = np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2, 1) / 11
    return Dataset(images, np.array(labels, np.int64), names, "by hand", **fields)


def test_take_follows_the_order_and_keeps_the_rest():
    taken = dataset(files=(("f", "00"),)).take([2, 0])
    assert taken.labels.tolist() == [1, 0]
    np.testing.assert_allclose(taken.images[:, 0, 0, 0], [8 / 11, 0])
    assert taken.files == (("f", "00"),) and len(taken) == 2


@pytest.mark.parametrize("indices", [[3], [-1]])
def test_take_refuses_what_is_outside(indices):
    with pytest.raises(ValueError, match=r"0 to 2. Received -?\d\. .*3 images, counted from 0"):
        dataset().take(indices)


def test_take_refuses_a_mask():
    with pytest.raises(ValueError, match=r"np.flatnonzero"):
        dataset().take(np.array([True, False, True]))


def test_scaled_maps_black_and_white_and_back():
    # 0..1 to -1..1 is 2x - 1
    original = dataset()
    scaled = original.scaled(-1, 1)
    np.testing.assert_allclose(scaled.images, 2 * original.images - 1, atol=1e-6)
    assert scaled.value_range == (-1.0, 1.0)
    np.testing.assert_allclose(scaled.scaled(0, 255).images, 255 * original.images, atol=1e-4)
    with pytest.raises(ValueError, match=r"low < high. Received 1 and 0.*scaled\(0, 255\)"):
        original.scaled(1, 0)


def test_one_hot_has_one_at_the_label():
    assert dataset().one_hot().tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert dataset().one_hot().dtype == np.float32


def test_shrinking_averages_over_area_and_keeps_axes_apart():
    # two rows, four columns, to one row and two columns: means of 2x2 blocks
    image = np.array([[0, 2, 4, 6], [2, 4, 6, 8]], np.float32).reshape(1, 2, 4, 1) / 8
    small = dataset(image, labels=[0]).resized(1, 2)
    np.testing.assert_allclose(small.images.ravel() * 8, [2, 6])


def test_growing_interpolates_linearly():
    # pixel centres at 0.5 and 1.5; four columns have centres at 0.25, 0.75, 1.25, 1.75 of these: 0, 1/4, 3/4, 1
    image = np.array([0, 1], np.float32).reshape(1, 1, 2, 1)
    np.testing.assert_allclose(dataset(image, labels=[0]).resized(1, 4).images.ravel(), [0, 0.25, 0.75, 1])
    with pytest.raises(ValueError, match=r"in pixels"):
        dataset(image, labels=[0]).resized(0, 4)


def test_channels_grey_to_rgb_repeats_and_back_is_the_same():
    original = dataset()
    rgb = original.with_channels(3)
    np.testing.assert_array_equal(rgb.images[..., 2], original.images[..., 0])
    np.testing.assert_allclose(rgb.with_channels(1).images, original.images, rtol=1e-6)
    red = np.array([1, 0, 0], np.float32).reshape(1, 1, 1, 3)
    np.testing.assert_allclose(dataset(red, labels=[0]).with_channels(1).images.ravel(), [0.299])
    with pytest.raises(ValueError, match=r"1 into 4.*Convert the images first"):
        original.with_channels(4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"images": np.zeros((3, 2, 2, 1))}, r"Received float64\[3, 2, 2, 1\].*astype\(np.float32\)"),
        ({"images": np.zeros((3, 2, 2), np.float32)}, r"Received float32\[3, 2, 2\].*np.newaxis"),
        ({"images": np.zeros((2, 2, 2, 1), np.float32)}, "2 images and 3 labels.*same split"),
        ({"images": np.zeros((0, 2, 2, 1), np.float32), "labels": []}, "empty set.*Check the source"),
        ({"labels": (0, 3, 1)}, "0 to 2 for 3 classes. Received 3 at image 1.*name every class"),
        ({"labels": (0, -1, 1)}, "Received -1 at image 1"),
        ({"value_range": (1.0, 1.0)}, r"low < high. Received \(1.0, 1.0\).*Pass"),
    ],
)
def test_bad_records_are_refused_with_the_remedy(fields, message):
    with pytest.raises(ValueError, match=message):
        dataset(**fields)


def test_labels_of_another_type_are_refused():
    with pytest.raises(ValueError, match=r"Received int32\[1\].*argmax"):
        Dataset(np.zeros((1, 2, 2, 1), np.float32), np.zeros(1, np.int32), ("a",), "by hand")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_image_that_is_not_finite_is_named(value):
    images = np.zeros((3, 2, 2, 1), np.float32)
    images[1:, 1, 0] = value
    with pytest.raises(ValueError, match=r"in 2 of 3, first at index 1. Remove those images"):
        dataset(images)


def test_pixels_outside_the_range_get_a_warning_with_what_was_seen():
    images = np.array([0, 7.5, 255], np.float32).reshape(3, 1, 1, 1)
    with pytest.warns(UserWarning, match=r"from 0 to 1. Received 0 to 255. .*value_range=\(low, high\)"):
        dataset(images)
    dataset(images, value_range=(0.0, 255.0))  # no warning: warnings are errors here


def test_the_record_is_frozen():
    with pytest.raises(FrozenInstanceError):
        dataset().source = "elsewhere"  # pyright: ignore[reportAttributeAccessIssue]


def test_class_names_are_read_line_by_line(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("\ufeffcat \nÄpfel\n<b>x</b>\n\n", encoding="utf-8")
    assert read_class_names(path) == ("cat", "Äpfel", "<b>x</b>")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cat\n\ndog", "an empty line at line 2.*one name per line"),
        (b"cat\ndog\ncat\n", "'cat' a second time at line 3"),
        (b"", "empty file. Write one name"),
        (b"\xff\xfe\x00", "UTF-8.*Check the path"),
    ],
)
def test_bad_class_name_files_are_refused(tmp_path, content, message):
    path = tmp_path / "classes.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_class_names(path)


def test_numbered_names_refuse_a_label_that_is_no_class():
    assert numbered_names(np.array([2, 0])) == ("0", "1", "2")
    with pytest.raises(ValueError, match=r"below 10000. Received 70000.*label column"):
        numbered_names(np.array([0, 70000]))


def test_named_classes_move_to_the_place_of_their_name():
    matched = match_class_names(dataset(), ("c", "x", "a", "b"))
    assert matched.labels.tolist() == [2, 0, 3]
    assert matched.class_names == ("c", "x", "a", "b")


def test_classes_are_placed_only_where_that_is_no_guess():
    assert place_classes(dataset(), ("c", "x", "a", "b")).labels.tolist() == [2, 0, 3]
    assert place_classes(dataset(names=("0", "1", "2")), ("x", "y", "z", "w")).class_names == ("x", "y", "z", "w")
    for own in (("a", "b", "d"), ("1", "10", "2"), ("3", "5", "7"), ("0", "1", "3")):
        assert place_classes(dataset(names=own), ("x", "y", "a")) is None
    with pytest.raises(ValueError, match=r"for each of the model's 4 classes\. The data have 3: 'a', 'b', 'c'"):
        require_classes(dataset(), 4)


def test_numbered_classes_take_the_name_at_their_number_in_any_order():
    assert match_class_names(dataset(names=("0", "1", "2")), ["x", "y", "z", "w"]).labels.tolist() == [0, 2, 1]
    folders = dataset(labels=(0, 1, 2), names=("0", "10", "2"))  # in the order of text
    assert match_class_names(folders, [f"class {k}" for k in range(11)]).labels.tolist() == [0, 10, 2]


def test_classes_are_matched_in_another_case_where_none_is_the_same():
    assert match_class_names(dataset(names=("CAT", "Dog", "cow")), ["dog", "cow", "Cat"]).labels.tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="Received 'Cat', 'CAT', 'cow'"):  # which of the two?
        match_class_names(dataset(names=("Cat", "CAT", "cow")), ["cow", "cat", "dog"])


@pytest.mark.parametrize(
    ("own", "given"),
    [
        (("a", "b", "c"), ("x", "y")),  # too few
        (("a", "b", "c"), ("x", "y", "z")),  # as many, and none of them known
        (("a", "b", "c"), ("a", "y", "z")),  # some known: which is which?
        (("1", "10", "2"), ("x", "y", "z")),  # counted from 1, or not?
    ],
)
def test_names_that_could_only_be_guessed_are_refused(own, given):
    with pytest.raises(
        ValueError, match=r"in the list of class names: '\w', 'y'.*Received '(a', 'b|1', '10).*without a place"
    ):
        match_class_names(dataset(names=own), given)


def test_the_refusal_tells_which_name_may_be_meant():
    with pytest.raises(ValueError, match=r"'T-shirt' may be 'T-shirt/top'; 'ankle_boot' may be 'Ankle boot'"):
        match_class_names(dataset(names=("T-shirt", "ankle_boot", "Bag")), ["Bag", "Ankle boot", "T-shirt/top"])


def test_numbers_in_the_order_of_text_are_told_and_ordered_where_asked():
    assert "1, 10" not in (order_note(("0", "1", "2")) or "")
    assert "--label-map numeric" in order_note(("0", "1", "10", "2"))
    ordered = in_order_of_numbers(dataset(names=("0", "10", "2")))  # labels 0, 2, 1
    assert ordered.class_names == ("0", "2", "10") and ordered.labels.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="classes that are numbers for --label-map numeric"):
        in_order_of_numbers(dataset())
