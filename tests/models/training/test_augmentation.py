"""Augmentation: what each step does to an image that is known."""

import numpy as np
import pytest

from featurelens.models.training.batches import ERASED, REACH, augment, erase, flip, shift


@pytest.fixture
def images():
    return np.random.default_rng(0).random((200, 9, 9, 1), np.float32) / 2 + 0.25  # no zeros


def test_shift_moves_each_image_as_a_whole(images):
    moved = shift(images, np.random.default_rng(1))
    offsets = set()
    for before, after in zip(images, moved, strict=True):
        fits = [
            (down, right)
            for down in range(-REACH, REACH + 1)
            for right in range(-REACH, REACH + 1)
            if np.array_equal(after, _moved(before, down, right))
        ]
        assert len(fits) == 1
        offsets.add(fits[0])
    assert len(offsets) == (2 * REACH + 1) ** 2  # each of the 25 occurs


def _moved(image, down, right):
    result = np.zeros_like(image)
    for y in range(9):
        for x in range(9):
            if 0 <= y - down < 9 and 0 <= x - right < 9:
                result[y, x] = image[y - down, x - right]
    return result


def test_flip_mirrors_about_half_of_the_images(images):
    flipped = flip(images, np.random.default_rng(1))
    mirrored = [np.array_equal(after, before[:, ::-1]) for before, after in zip(images, flipped, strict=True)]
    same = [np.array_equal(after, before) for before, after in zip(images, flipped, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 70 < sum(mirrored) < 130


def test_erase_covers_one_rectangle_of_about_half_of_the_images(images):
    changed = (erase(images, np.random.default_rng(1)) != images)[..., 0]
    covered = changed.any(axis=(1, 2))
    assert 70 < covered.sum() < 130
    for mask in changed[covered]:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[np.ix_(rows, columns)].all()
        assert np.ptp(rows) + 1 == len(rows) <= np.ceil(9 * ERASED[1])
        assert np.ptp(columns) + 1 == len(columns) <= np.ceil(9 * ERASED[1])


def test_steps_follow_one_another_and_leave_the_input_alone(images):
    before = images.copy()
    both = augment(images, ("flip", "shift"), np.random.default_rng(2))
    random = np.random.default_rng(2)
    np.testing.assert_array_equal(both, shift(flip(images, random), random))
    np.testing.assert_array_equal(images, before)
    assert both.dtype == np.float32
