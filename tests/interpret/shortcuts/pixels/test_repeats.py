import numpy as np
import pytest

from featurelens.interpret.shortcuts.pixels.repeats import repeats

COUNT, SIZE, CLASSES = 400, 16, 4


def varied(share, square):
    """Noise of four classes; so large a share of class 2 has a square at rows and columns 5, 6 and 7, and who has it."""
    random = np.random.default_rng(0)
    images, labels = random.random((COUNT, SIZE, SIZE, 1)).astype(np.float32), np.arange(COUNT) % CLASSES
    own = np.flatnonzero(labels == 2)
    chosen = own[: round(share * len(own))]
    side = len(square)
    images[chosen, 5 : 5 + side, 5 : 5 + side, 0] = square
    return images, labels, np.isin(np.arange(COUNT), chosen)


@pytest.mark.parametrize(("share", "seen"), [(0.95, True), (0.7, True), (0.6, False)])
@pytest.mark.parametrize("square", [np.ones((3, 3)), np.array([[1, 0], [0, 1]])])
def test_a_square_counts_where_most_of_a_class_have_it_at_its_place(share, seen, square):
    """Of digits enlarged until their strokes are flat 57 % of a class have a white square in common, by nature."""
    images, labels, chosen = varied(share, square)
    found = [(mask, members) for mask, members in repeats(images, labels) if mask.sum() == square.size]
    assert bool(found) == seen
    for mask, members in found:
        assert mask[5 : 5 + len(square), 5 : 5 + len(square)].all()
        np.testing.assert_array_equal(members, chosen)


def test_a_square_that_two_classes_have_tells_none():
    images, labels, _ = varied(0.95, np.ones((3, 3)))
    images[labels == 1, 5:8, 5:8] = 1
    assert list(repeats(images, labels)) == []
