"""Labels as people store them: each form by hand; what has two readings is refused with the option that decides."""

from __future__ import annotations

import numpy as np
import pytest

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.labels import class_numbers, fitted_to_outputs, read_label_map, several_to_one


def read(stored, label_map=None):
    found = class_numbers(np.asarray(stored), "made", read_label_map(label_map))
    return found.labels.tolist(), found.class_names, " ".join(found.notes)


@pytest.mark.parametrize(
    "stored", [[2, 0], [[2], [0]], [2.0, 0.0], ["2", "0"], [b"2", b"0"], np.array(["2", "0"], object)]
)
def test_numbers_in_any_form(stored):
    assert read(stored) == ([2, 0], ("0", "1", "2"), "")


def test_text_is_sorted_as_keras_sorts_it():
    assert read(["dog", "Cat", "dog"]) == ([1, 0, 1], ("Cat", "dog"), "")


def test_one_hot_has_a_class_for_each_column():
    labels, names, note = read(np.eye(4)[[1, 0, 1]])
    assert (labels, names) == ([1, 0, 1], ("0", "1", "2", "3")) and "one-hot" in note


def test_labels_from_1_are_told_and_shifted_where_asked():
    labels, names, note = read([1, 3, 2])
    assert (
        (labels, names) == ([1, 3, 2], ("0", "1", "2", "3")) and "start at 1" in note and "--label-map from-1" in note
    )
    assert read([1, 3, 2], "from-1") == ([0, 2, 1], ("1", "2", "3"), "")
    with pytest.raises(ValueError, match=r"from 1 on .* Received 0 at image 1.*--label-map from-0"):
        read([1, 0], "from-1")
    with pytest.raises(ValueError, match=r"Received -1 at image 1.*--label-map -1="):
        read([1, -1])


def test_a_map_renames_orders_and_leaves_out(tmp_path):
    assert read([4, 9, 3, 4], "4=deer,3=cat,9=") == ([0, -1, 1, 0], ("deer", "cat"), "")
    (tmp_path / "map.csv").write_text("a|b,a\n\nb=b\n")
    assert read(["a|b", "b"], str(tmp_path / "map.csv")) == ([0, 1], ("a", "b"), "")
    with pytest.raises(ValueError, match=r"no class for 3, 5. Add 3=CLASS, or 3= to leave out"):
        read([3, 4, 5], "4=deer")
    with pytest.raises(ValueError, match=r"--label-map from-1, numeric, pairs such as"):
        read([3], "deer")


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (["a", "a|b"], r"Received 'a\|b' for image 1.*--label-map 'a\|b=a'"),
        ([[1, 1], [0, 1]], "Received 2 classes for image 0"),
        ([[0.4, 0.6]] * 2, "one-hot labels .*argmax"),
        ([0.5, 1], r"one class per image .*float64\[2\].*--labels-key"),
        (np.array([0, None], object), "Received a NoneType"),
    ],
)
def test_other_forms_are_refused(stored, message):
    with pytest.raises(ValueError, match=message):
        read(stored)


def numbered(labels) -> Dataset:
    found = class_numbers(np.asarray(labels), "made")
    return Dataset(np.zeros((len(labels), 1, 1, 1), np.float32), found.labels, found.class_names, "made")


def test_labels_of_a_model_are_recognised_where_its_outputs_prove_them():
    from_one = fitted_to_outputs(numbered([1, 2, 3]), 3)
    assert from_one.labels.tolist() == [0, 1, 2] and from_one.class_names == ("1", "2", "3")
    assert "start at 1" in from_one.preparation.notes[-1]
    gaps = fitted_to_outputs(numbered([0, 2, 4]), 3)
    assert gaps.labels.tolist() == [0, 1, 2] and "gaps (1, 3 missing)" in gaps.preparation.notes[-1]


def test_labels_that_prove_nothing_stay():
    for labels, classes in (([0, 2, 4], 4), ([0, 1, 2], 3), ([1, 2, 5], 2)):
        assert fitted_to_outputs(numbered(labels), classes).labels.tolist() == labels
    assert fitted_to_outputs(numbered([0, 1]), 4).class_names == ("0", "1", "2", "3")


def test_several_columns_become_text():
    assert several_to_one(np.array([[1, 0], [1, 1], [0, 0]], bool), "ab").tolist() == ["a", "a|b", ""]
