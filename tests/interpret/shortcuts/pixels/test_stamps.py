import numpy as np
import pytest
from planted_shortcuts import plain_images

from featurelens.interpret.shortcuts.pixels.repeats import repeats
from featurelens.interpret.shortcuts.pixels.squares import keys, squares, stepped, unevenness
from featurelens.interpret.shortcuts.pixels.stamps import stamp_of

BOARD = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], np.float32)[..., np.newaxis]


def stamped(seed, count=240, share=0.9):
    """Pictures of 16 x 16 with a board anywhere in most of class 2; where it is, -1 for nowhere."""
    images, labels = plain_images(seed, count, size=16)
    random, places = np.random.default_rng(seed), np.full((count, 2), -1)
    for number in np.flatnonzero((labels == 2) & (random.random(count) < share)):
        row, column = places[number] = random.integers(0, 9, 2)
        images[number, row : row + 4, column : column + 4] = BOARD
    return images, labels, places


@pytest.mark.parametrize("seed", range(3))
def test_a_stamp_is_found_wherever_it_is(seed):
    images, labels, places = stamped(seed)
    found = stamp_of(images, labels)
    assert found is not None
    stamp, members = found
    np.testing.assert_array_equal(members, places[:, 0] >= 0)
    np.testing.assert_array_equal(stamp.places(images), places)
    assert stamp.part.sum() == 16


def test_a_stamp_goes_and_comes_and_nothing_else_changes():
    images, labels, places = stamped(0)
    found = stamp_of(images, labels)
    assert found is not None
    carrier, free = np.flatnonzero(places[:, 0] >= 0)[:2], np.flatnonzero(places[:, 0] < 0)[:2]
    asked = images[[carrier[0], free[0]]]
    with_it, without = found[0].both(asked, images[[carrier[1], carrier[1]]], images[[free[1], free[1]]])
    assert (found[0].places(without)[:, 0] < 0).all()
    np.testing.assert_array_equal(found[0].places(with_it), places[[carrier[1], carrier[1]]])
    row, column = places[carrier[1]]
    expected = asked[1].copy()
    expected[row : row + 4, column : column + 4] = BOARD
    np.testing.assert_array_equal(with_it[1], expected)


def test_no_stamp_is_found_in_noise_nor_in_large_pictures():
    assert stamp_of(*plain_images(0, 240, size=16)) is None
    assert stamp_of(np.zeros((10, 50, 50, 1), np.float32) + 0.1, np.zeros(10, np.int64)) is None


def test_four_pixels_that_repeat_at_their_place_are_found_unless_they_are_of_one_value():
    (images, labels), random = plain_images(0, 240, size=16), np.random.default_rng(0)
    chosen = (labels == 1) & (random.random(240) < 0.9)
    images[chosen, 7:9, 5:7, 0] = [[1, 0.2], [0, 1]]
    ((mask, members),) = repeats(images, labels)
    assert np.argwhere(mask).tolist() == [[7, 5], [7, 6], [8, 5], [8, 6]]
    np.testing.assert_array_equal(members, chosen)
    images[chosen, 7:9, 5:7] = 0.9
    assert not list(repeats(images, labels))


def test_squares_are_cut_at_every_place():
    steps = stepped(np.random.default_rng(0).random((2, 5, 6, 3)).astype(np.float32), (0.0, 1.0))
    found = squares(steps, 3)
    assert found.shape == (2, 3, 4, 27)
    np.testing.assert_array_equal(found[1, 2, 3], steps[1, 2:5, 3:6].ravel())
    same = keys(steps, 3) == keys(steps, 3)[0, 1, 2]
    assert same.sum() == 1  # no other is equal
    np.testing.assert_array_equal(unevenness(steps, 3), found.max(axis=-1) - found.min(axis=-1))


def test_a_key_does_not_depend_on_the_pictures_around():
    steps = np.random.default_rng(0).integers(0, 64, (70, 20, 10, 3)).astype(np.int16)
    together = keys(steps, 2)
    assert together.shape == (70, 19, 9) and len(np.unique(together)) == together.size
    np.testing.assert_array_equal(together, np.concatenate([keys(each[np.newaxis], 2) for each in steps]))


def test_equal_squares_have_equal_keys_and_others_have_not():
    steps = np.random.default_rng(0).integers(0, 2, (40, 4, 5, 2)).astype(np.int16)
    found, key = squares(steps, 2).reshape(-1, 8), keys(steps, 2).ravel()
    alike = (found[:, np.newaxis] == found).all(axis=2)
    assert alike.sum() > len(found)  # some repeat
    np.testing.assert_array_equal(key[:, np.newaxis] == key, alike)


def test_what_repeats_at_a_place_is_told_from_ground_that_repeats_everywhere():
    images, labels = plain_images(1, 300)
    images[:, :3] = 0  # black ground, in all
    chosen = np.flatnonzero((labels == 0) & (np.arange(300) % 10 != 0))
    images[chosen[:, np.newaxis, np.newaxis], np.arange(5, 8)[:, np.newaxis], np.arange(5, 8), 0] = 0.7
    found = list(repeats(images, labels))
    assert [np.argwhere(mask).min(axis=0).tolist() for mask, _ in found] == [[5, 5]]
    assert np.flatnonzero(found[0][1]).tolist() == chosen.tolist()
