import tempfile

import numpy as np
import pytest
from planted_shortcuts import marked, reader

from featurelens.interpret import find_failing_groups, find_shortcuts
from featurelens.interpret.shortcuts import compared
from featurelens.interpret.shortcuts.compared import ComparedPictures, compared_in
from featurelens.interpret.shortcuts.pool import sampled
from featurelens.interpret.stream.one_pass import one_pass
from featurelens.interpret.stream.statistic import ArraySource, Batch


class Counting:
    """Pictures that count how often each is read."""

    def __init__(self, images):
        self._images, self.shape, self.dtype = images, images.shape, images.dtype
        self.read = np.zeros(len(images), np.int64)

    def __len__(self):
        return len(self._images)

    def __getitem__(self, rows):
        self.read[rows] += 1
        return self._images[rows]


def test_large_pictures_are_means_over_squares_and_small_ones_stay():
    images = np.random.default_rng(0).random((5, 90, 120, 3), np.float32)
    found = compared_in(images, np.array([3, 1]))
    by_hand = images[[1, 3]].reshape(2, 30, 3, 40, 3, 3).mean(axis=(2, 4))
    assert found.numbers.tolist() == [1, 3]
    np.testing.assert_allclose(found.pictures, by_hand, atol=1e-6)
    np.testing.assert_array_equal(compared_in(images[:, :20, :20], np.arange(5)).pictures, images[:, :20, :20])


@pytest.mark.parametrize("is_full", [False, True])
def test_many_lie_in_a_file_without_a_name_unless_the_disk_is_full(is_full, tmp_path, monkeypatch):
    images = np.random.default_rng(0).random((5, 20, 20, 1), np.float32)
    monkeypatch.setattr(compared, "_LARGE", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone" if is_full else tmp_path))
    found = compared_in(images, np.array([4, 0, 1])).pictures
    np.testing.assert_array_equal(found, images[[0, 1, 4]])
    assert isinstance(found.base, np.memmap) != is_full and list(tmp_path.iterdir()) == []


def test_bytes_stand_for_the_range_of_their_source():
    statistic = ComparedPictures(np.array([0]), value_range=(-1.0, 1.0))
    statistic.update(Batch(np.array([0]), np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1), np.zeros(1)))
    np.testing.assert_allclose(statistic.result().pictures.ravel(), [-1, -0.6, 1], atol=1e-6)


def test_what_a_pass_has_given_is_searched_as_what_is_read_alone():
    (images, labels, _), statistic = marked(0, 600), ComparedPictures(np.arange(600))
    given = one_pass(None, ArraySource(images, labels), [statistic])[statistic.key]
    alone, found = (
        find_shortcuts(reader(corner=2.5), images, labels, each=60, compared=each).relied_on for each in (None, given)
    )
    assert len(found) == 1 and found[0].carriers.tolist() == alone[0].carriers.tolist()


def test_where_nothing_repeats_no_picture_is_read_but_in_the_pass():
    random = np.random.default_rng(0)
    counting, labels = Counting(random.random((90, 12, 12, 1), np.float32)), np.arange(90) % 3
    assert find_shortcuts(reader(), counting, labels, each=20).found == () and counting.read.max() == 1
    assert np.flatnonzero(counting.read).tolist() == sampled(labels, 20, 0).tolist()
    given = compared_in(counting, np.arange(90))
    counting.read[:] = 0
    assert find_shortcuts(reader(), counting, labels, each=20, compared=given).found == () and not counting.read.any()
    find_failing_groups(counting, labels, labels * 0, compared=given)
    assert not counting.read.any()


def test_what_was_not_compared_is_refused():
    images, labels, _ = marked(0, 60)
    with pytest.raises(ValueError, match="same seed and sizes"):
        find_shortcuts(reader(), images, labels, compared=compared_in(images, np.arange(50)))
