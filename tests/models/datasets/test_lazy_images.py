"""Images that are read when looked at read as an array does, and only what is looked at."""

from __future__ import annotations

import numpy as np
import pytest

from featurelens.models.datasets import dataset as dataset_module
from featurelens.models.datasets import lazy_images
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.lazy_images import LazyImages, in_bytes

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


@pytest.mark.parametrize("value_range", [(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)])
def test_values_that_are_bytes_are_kept_as_bytes_and_read_as_they_were(
    monkeypatch: pytest.MonkeyPatch, value_range: tuple[float, float]
) -> None:
    monkeypatch.setattr(lazy_images, "_SMALL", 0)
    monkeypatch.setattr(lazy_images, "_BLOCK", 200)  # several blocks
    low, high = np.float32(value_range)
    stored = np.arange(256, dtype=np.float32).reshape(16, 4, 4, 1)
    images = stored if high == 255 else stored / np.float32(255) * (high - low) + low
    found = in_bytes(images, value_range)
    assert isinstance(found, LazyImages)
    np.testing.assert_array_equal(np.asarray(found), images)
    np.testing.assert_array_equal(found[[3, 1]], images[[3, 1]])


@pytest.mark.parametrize("value", [0.4999, np.nan, 1.5, -0.25])
def test_one_value_that_is_no_byte_leaves_all_as_they_are(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    monkeypatch.setattr(lazy_images, "_SMALL", 0)
    images = np.zeros((5, 2, 2, 1), np.float32)
    images[4, 1, 1] = value
    assert in_bytes(images, (0.0, 1.0)) is images


def test_a_small_array_stays_an_array() -> None:
    images = np.zeros((5, 2, 2, 1), np.float32)
    assert in_bytes(images, (0.0, 1.0)) is images
