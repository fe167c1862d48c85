"""What looks much the same in a class: by loops, planted with noise and with JPEG, and where nothing is planted."""

import cv2
import numpy as np
import pytest

from featurelens.interpret.shortcuts.candidates import candidates
from featurelens.interpret.shortcuts.pixels.likeness import MOST_ALIKE, _rows_of_classes, much_the_same

LABELS = np.repeat(np.arange(3), 40)


def pixels(noise, seed=0, plain=False):
    """Pictures of noise at a place of 4 x 5 pixels in two colours; 36 of 40 of class 1 share a pattern, with noise."""
    random = np.random.default_rng(seed)
    made = random.random((120, 20, 2), dtype=np.float32)
    pattern = np.full((20, 2), 0.4, np.float32) if plain else random.random((20, 2), dtype=np.float32)
    made[40:76] = np.clip(pattern + noise * random.standard_normal((36, 20, 2)), 0, 1)
    return made.astype(np.float32)


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.15])
def test_the_ratio_is_that_of_loops(noise):
    made = pixels(noise)
    rows = made.reshape(120, -1).astype(np.float64)
    apart = np.array([[np.sqrt(np.mean((one - other) ** 2)) for other in rows] for one in rows])
    expected = []
    for label in range(3):
        own = np.flatnonzero(label == LABELS)
        reach = [np.sort(apart[each, own])[27] for each in own]  # 28 of 40: 70 %
        centre = own[np.argmin(reach)]
        near = np.sort(apart[centre, label != LABELS])[8]  # a tenth of 80 are nearer
        if min(reach) <= MOST_ALIKE * near:
            expected.append(apart[centre] <= np.sqrt(min(reach) * near))
    found = much_the_same(made, LABELS, may_be_plain=False)
    np.testing.assert_array_equal(np.array(found), np.array(expected))
    assert len(found) == (noise < 0.1)


def test_neither_what_repeats_exactly_nor_what_differs_is_alike_and_a_ground_only_where_it_may():
    assert much_the_same(pixels(0.0), LABELS, may_be_plain=False) == []  # other candidates are for that
    assert much_the_same(pixels(1.0), LABELS, may_be_plain=True) == []
    assert much_the_same(pixels(0.01, plain=True), LABELS, may_be_plain=False) == []
    assert len(much_the_same(pixels(0.01, plain=True), LABELS, may_be_plain=True)) == 1
    assert much_the_same(pixels(0.02), np.zeros(120, int), may_be_plain=False) == []


def photographs(planted):
    """Smooth pictures in colour, a chequered mark in red and green on class 2, all of them kept as JPEG."""
    random = np.random.default_rng(3)
    board = (np.indices((8, 8)).sum(axis=0) // 2 % 2).astype(np.float32)
    made = []
    for label in LABELS:
        image = cv2.resize(random.random((6, 6, 3), dtype=np.float32), (32, 32), interpolation=cv2.INTER_CUBIC)
        image = np.clip(image, 0, 1)
        if planted and label == 2:
            image[2:10, 2:10] = np.stack([board, 1 - board, 0 * board], axis=-1)
        written = cv2.imencode(".jpg", np.rint(255 * image).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
        made.append(cv2.imdecode(written, cv2.IMREAD_COLOR).astype(np.float32) / 255)
    return np.array(made)


def test_a_mark_in_pictures_kept_as_jpeg_is_a_candidate_with_its_pixels():
    made, expected = photographs(planted=True), np.zeros((32, 32), bool)
    expected[2:10, 2:10] = True
    found = candidates(made, np.arange(120), made, LABELS)
    best = max(
        (way.mask for each in found for way in each.ways if way.mask is not None),
        key=lambda mask: (mask & expected).sum() / (mask | expected).sum(),
    )
    assert (best & expected).sum() >= 0.9 * (best | expected).sum()
    assert any((each.members == (LABELS == 2)).mean() > 0.95 for each in found)


def test_pictures_kept_as_jpeg_without_a_mark_have_no_candidate():
    made = photographs(planted=False)
    assert candidates(made, np.arange(120), made, LABELS) == []


def test_rows_of_classes_go_from_the_first_to_the_last_and_small_classes_are_left_out():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 2, 3, 7], [100, 7, 20, 40]))
    own = [np.flatnonzero(labels == label).tolist() for label in (0, 3, 7)]
    expected = [[rows[each * len(rows) // 40] for each in range(40)] for rows in own]
    assert _rows_of_classes(labels).tolist() == expected
