"""Near copies: planted ones, look-alikes that are none, and the distances again without a projection."""

import numpy as np
import pytest

from featurelens.models.screening.near_copies import CORRELATION, near_copies
from featurelens.models.screening.picture_vectors import (
    has_plain_ground,
    ink_centred,
    mirrored_vectors,
    picture_vectors,
    small_grey,
)

SIDE = 24


def blobs(count, seed=0):
    """Pictures of five smooth blobs on black, each like no other; float32[count,24,24,1]."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    pictures = np.zeros((count, SIDE, SIDE))
    for picture in pictures:
        for _ in range(5):
            at, wide = random.uniform(7, 17, 2), random.uniform(1, 2.5)
            picture += random.uniform(0.2, 1) * np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / wide**2)
    return np.clip(pictures, 0, 1)[..., np.newaxis].astype(np.float32)


CHANGES = {
    "shifted": lambda pictures: np.roll(pictures, (2, -3), axis=(1, 2)),
    "mirrored": lambda pictures: pictures[:, :, ::-1],
    "darker": lambda pictures: 0.6 * pictures,
    "noisier": lambda pictures: pictures + np.random.default_rng(9).normal(0, 0.002, pictures.shape).astype(np.float32),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_found_with_its_original(change):
    pictures = blobs(60)
    changed = np.ascontiguousarray(CHANGES[change](pictures[:20]))
    found = near_copies(changed, pictures)
    assert found.pairs.tolist() == [[number, number] for number in found.pairs[:, 0]] and len(found.pairs) >= 19
    assert found.centred and (found.compared, found.among) == (20, 60)
    assert (found.mirrored == (change == "mirrored")).all()
    within = near_copies(np.concatenate([pictures, changed]))  # each pair once, the smaller number first
    assert len(within.pairs) >= 19 and (within.pairs[:, 1] - within.pairs[:, 0] == 60).all()


def test_pictures_that_are_all_alike_are_no_copies():
    line = np.exp(-(((np.arange(SIDE) - 11.5) / 5) ** 2))
    alike = np.broadcast_to(np.outer(line, line)[..., np.newaxis], (40, SIDE, SIDE, 1)).astype(np.float32)
    alike = alike + np.random.default_rng(0).normal(0, 0.03, alike.shape).astype(np.float32)
    vectors = picture_vectors(small_grey(alike), centred=False)
    assert (vectors @ vectors.T).min() > CORRELATION  # a threshold alone would take all for copies
    assert not len(near_copies(alike).pairs)


def test_different_pictures_are_hardly_ever_copies():
    assert len(near_copies(blobs(200)).pairs) <= 2  # two of 200 may well look alike
    assert len(near_copies(blobs(100, seed=1), blobs(100, seed=2)).pairs) <= 1


def test_blank_pictures_are_copies_of_nothing():
    assert not len(near_copies(np.full((8, 9, 9, 1), 0.3, np.float32)).pairs)


def test_the_flag_is_that_of_all_distances():
    pictures = blobs(80, seed=3)
    pictures = np.concatenate([pictures, pictures[:10] + 0.02 * blobs(10, seed=4)])
    rows = picture_vectors(small_grey(pictures), centred=True)
    mirror = picture_vectors(small_grey(pictures)[:, :, ::-1], centred=True)
    expected = set()
    for number in range(len(rows)):
        likeness = np.array([max(rows[number] @ other, mirror[number] @ other) for other in rows])
        likeness[number] = -2
        order = np.argsort(-likeness)
        first, fifth = 2 - 2 * likeness[order[[0, 4]]]
        if likeness[order[0]] >= CORRELATION and first <= max(fifth / 4, 1e-4):
            expected.add(tuple(sorted((number, int(order[0])))))
    assert len(expected) >= 8
    assert {tuple(pair) for pair in near_copies(pictures).pairs.tolist()} == expected


@pytest.mark.parametrize("centred", [True, False])
def test_the_vectors_of_mirrored_pictures_are_those_made_anew(centred):
    pictures = blobs(30, seed=5)[..., 0]
    pictures[:4] = 0  # pictures whose centre lies on a pixel, between two middles
    pictures[:4, 3:8, 5:8] = 1
    pictures[1] = np.roll(pictures[1], 1, axis=1)
    vectors = picture_vectors(pictures, centred=centred)
    before = vectors.copy()
    mirrored = mirrored_vectors(pictures, vectors, centred=centred)
    expected = picture_vectors(pictures[:, :, ::-1], centred=centred)
    np.testing.assert_allclose(mirrored, expected, atol=1e-6)
    np.testing.assert_array_equal(vectors, before)


def test_photos_are_not_centred():
    photos = np.random.default_rng(0).random((30, 40, 40, 3), np.float32)
    assert not has_plain_ground(small_grey(photos)) and has_plain_ground(small_grey(1 - blobs(5)))
    found = near_copies(np.concatenate([photos, 0.8 * photos[:4]]))
    assert found.pairs.tolist() == [[0, 30], [1, 31], [2, 32], [3, 33]] and not found.centred


def test_the_centre_of_the_ink_is_in_the_middle():
    picture = np.zeros((1, 5, 7), np.float32)
    picture[0, 0, 1] = 1
    assert np.argwhere(ink_centred(picture)[0]).tolist() == [[2, 3]]
    assert not ink_centred(np.zeros((1, 5, 7), np.float32)).any()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_pictures(count):
    pictures = blobs(count)
    found = near_copies(pictures, pictures)
    assert found.pairs.tolist() == [[n, n] for n in range(count)]
    assert not len(near_copies(pictures).pairs)
