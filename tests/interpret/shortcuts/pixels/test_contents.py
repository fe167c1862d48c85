import numpy as np
import pytest

from featurelens.interpret.shortcuts.pixels.contents import Content, background, border, border_values, levels
from featurelens.interpret.shortcuts.pixels.grid import enlarged, small


def test_a_mark_is_pasted_and_nothing_else():
    random = np.random.default_rng(0)
    images, carriers, others = random.random((3, 4, 6, 6, 2)).astype(np.float32)
    mask = np.zeros((6, 6), bool)
    mask[1:3, 4] = True
    with_it, without = Content("mark", mask).both(images, carriers, others)
    for made, donors in ((with_it, carriers), (without, others)):
        for row in range(6):
            for column in range(6):
                expected = donors if mask[row, column] else images
                np.testing.assert_array_equal(made[:, row, column], expected[:, row, column])


@pytest.mark.parametrize(("height", "width", "thick"), [(9, 12, 2), (10, 7, 1), (5, 5, 1)])
def test_without_a_frame_the_inside_is_mirrored_over_the_border_and_the_next_pixel(height, width, thick):
    images, carriers, others = np.random.default_rng(0).random((3, 2, height, width, 2)).astype(np.float32)
    with_it, without = Content("frame", border(height, width, thick), continued=True).both(images, carriers, others)

    def mirrored(place, size):
        first, last = thick + 1, size - thick - 2
        while not first <= place <= last:
            place = first if first == last else 2 * first - place if place < first else 2 * last - place
        return place

    for row in range(height):
        for column in range(width):
            at_border = min(row, column, height - 1 - row, width - 1 - column) < thick
            donor = (carriers if at_border else images)[:, row, column]
            np.testing.assert_array_equal(with_it[:, row, column], donor)
            source = images[:, mirrored(row, height), mirrored(column, width)]
            np.testing.assert_array_equal(without[:, row, column], source)


def test_a_level_brings_the_percentiles_of_the_other_picture():
    random = np.random.default_rng(0)
    images = random.random((5, 20, 20, 1)).astype(np.float32)
    donors = 0.3 + 0.5 * random.random((5, 20, 20, 1)).astype(np.float32)
    made = Content("level").both(images, donors, images)[0]
    np.testing.assert_allclose(levels(made), levels(donors), atol=1e-5)
    np.testing.assert_allclose(Content("level").both(images, donors, images)[1], images, atol=1e-6)


def test_levels_of_photos_are_counted_to_the_same_percentiles():
    photos = np.random.default_rng(1).integers(0, 256, (4, 64, 64, 3)).astype(np.float32)
    photos[1] //= 60  # four values
    photos[2] = 7
    photos[3] += 0.5  # no bytes
    expected = np.percentile(photos.reshape(4, -1), (5, 95), axis=1).T
    np.testing.assert_array_equal(levels(photos), expected.astype(np.float32))


@pytest.mark.parametrize("kind", ["level", "background"])
def test_what_is_pasted_does_not_depend_on_the_other_pictures_of_a_batch(kind):
    random = np.random.default_rng(0)
    images, carriers, others = (
        random.random((3, 4, 9, 9, 2)).astype(np.float32) * np.array([1, 2, 5, 9])[:, None, None, None]
    )
    together = Content(kind).both(images, carriers, others)
    for row in range(4):
        alone = Content(kind).both(*(each[row : row + 1] for each in (images, carriers, others)))
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one[row], other[0])


def test_a_background_is_what_is_connected_to_the_border():
    image = np.zeros((9, 9, 1), np.float32)
    image[2:7, 2:7] = 1
    image[4, 4] = 0  # a hole in the object: of the border's value, not connected to it
    found = background(image, 1.0)
    assert found.sum() == 81 - 25 and not found[4, 4]


def test_a_background_is_pasted_behind_the_object():
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[:, 3:6, 3:6] = 1
    donor = np.full((1, 9, 9, 1), 0.5, np.float32)
    donor[:, 0:9, 4:5] = 0.9  # an object from edge to edge
    made = Content("background").both(image, donor, image)[0]
    assert (made[:, 3:6, 3:6] == 1).all() and (made[0, ~background(image[0], 1.0)] == 1).all()
    assert set(np.unique(made)) == {np.float32(0.5), np.float32(1)}


def test_border_values_are_median_and_spread_of_the_border():
    images = np.random.default_rng(1).random((3, 8, 8, 2)).astype(np.float32)
    edge = [
        [images[n][row, column] for row in range(8) for column in range(8) if {row, column} & {0, 7}] for n in range(3)
    ]
    expected = np.concatenate([np.median(edge, axis=1), np.std(edge, axis=1)], axis=1)
    np.testing.assert_allclose(border_values(images), expected, rtol=1e-5)
    assert border(8, 8, 2).sum() == 64 - 16


def test_small_pictures_are_means_and_their_places_come_back():
    images = np.random.default_rng(2).random((2, 90, 84, 3)).astype(np.float32)
    made = small(images)
    assert made.shape == (2, 30, 28, 3)
    np.testing.assert_allclose(made[1, 4, 5], images[1, 12:15, 15:18].mean(axis=(0, 1)), atol=1e-6)
    mask = np.zeros((30, 28), bool)
    mask[4, 5] = True
    assert np.argwhere(enlarged(mask, 90, 84)).min(axis=0).tolist() == [12, 15] and enlarged(mask, 90, 84).sum() == 9
