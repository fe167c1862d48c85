"""Images that are read when looked at read as an array does, and only what is looked at."""

from __future__ import annotations

import numpy as np
import pytest

from featurelens.models.datasets import dataset as dataset_module
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.lazy_images import LazyImages

WHOLE = np.random.default_rng(0).random((7, 3, 2, 1), dtype=np.float32)


def lazy():
    asked: list[int] = []

    def read(numbers):
        asked.extend(numbers.tolist())
        return WHOLE[numbers]

    return LazyImages(read, 7, (3, 2, 1)), asked


@pytest.mark.parametrize(
    "key",
    [
        3,
        -1,
        slice(2, 5),
        slice(None, None, 2),
        [4, 2, 2],
        np.array([True, False] * 3 + [True]),
        (slice(1, 3), 0),
        (2, 1),
    ],
)
def test_each_key_is_numpys(key):
    np.testing.assert_array_equal(lazy()[0][key], WHOLE[key])


def test_only_what_is_looked_at_is_read():
    images, asked = lazy()
    assert (
        len(images) == 7 and images.shape == (7, 3, 2, 1) and images.size == 42 and images.nbytes == 168 and not asked
    )
    images[2:4]
    assert asked == [2, 3]


def test_whole_limits_and_changes():
    images, _ = lazy()
    np.testing.assert_array_equal(np.asarray(images), WHOLE)
    assert (images.min(), images.max()) == (WHOLE.min(), WHOLE.max())
    np.testing.assert_array_equal(
        np.asarray(images.changed(lambda some: 2 * some).taking(np.array([5, 0]))), 2 * WHOLE[[5, 0]]
    )
    np.testing.assert_array_equal(np.concatenate(list(images.blocks())), WHOLE)
    np.testing.assert_array_equal(np.stack(list(images)), WHOLE)
    holed = LazyImages(lambda rows: np.where(rows[:, None, None, None] == 3, np.nan, WHOLE[rows]), 7, (3, 2, 1))
    assert np.isnan(holed.max())


def test_a_dataset_of_them_is_a_dataset(monkeypatch):
    monkeypatch.setattr(dataset_module, "IN_MEMORY", 50)
    labels = np.arange(7) % 2
    images, asked = lazy()
    data = Dataset(images, labels, ("a", "b"), "made", names=tuple("abcdefg"))  # type: ignore[arg-type]
    assert not asked
    twice = data.scaled(0, 255).take([6, 1, 3])
    assert isinstance(twice.images, LazyImages) and twice.names == ("g", "b", "d") and not asked
    np.testing.assert_allclose(np.asarray(twice.images), 255 * WHOLE[[6, 1, 3]], rtol=1e-6)
    assert isinstance(data.take([0]).images, np.ndarray)  # small: read at once
    np.testing.assert_allclose(data.with_channels(3).images[2], np.repeat(WHOLE[2], 3, axis=2))


def test_pictures_stay_apart_from_what_the_model_takes():
    data = Dataset(WHOLE * 10 - 4, np.zeros(7, np.int64), ("a",), "made", value_range=(-4, 6), pictures=WHOLE)
    np.testing.assert_array_equal(data.shown, WHOLE)
    assert data.shown_range == (0, 1) and data.take([3]).pictures[0, 0, 0] == WHOLE[3, 0, 0]
    np.testing.assert_allclose(data.scaled(0, 2).images, 2 * WHOLE)  # another range is made of the pictures
