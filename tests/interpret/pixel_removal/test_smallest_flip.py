"""The smallest flipping square: found exactly on a linear model, none on a constant one, and the search again as loops."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret.pixel_removal.smallest_flip import smallest_flips, stride_within, with_square

pytestmark = pytest.mark.numeric
SIZE = 9


def patch_model(row=2, column=3, side=5, lead=20.0):
    """Class 0 by the sum over one square of pixels, class 1 by a constant that only an empty square reaches."""
    weights = np.zeros((SIZE, SIZE, 1, 2))
    weights[row : row + side, column : column + side, 0, 0] = 1
    model = linear_cam_model([[1.0]], weights)
    model.layers[-1].use_bias = False
    border = np.zeros((SIZE, SIZE))
    border[0, 0] = 1  # the pixel that votes for class 1
    weights[0, 0, 0, 1] = lead
    model.layers[-1].set_weights([weights.reshape(-1, 2).astype(np.float32)])
    return model


def test_a_linear_model_on_one_square_is_found_exactly():
    # all pixels 1: class 0 has 25, class 1 has 0.5. Grey 0 on s x s pixels inside leaves 25 - s^2: only 5 x 5 falls below
    found = smallest_flips(patch_model(lead=0.5), np.ones((1, SIZE, SIZE, 1), np.float32), grey=0.0, largest=SIZE)
    assert (found.side[0], found.row[0], found.column[0]) == (5, 2, 3)
    assert (found.before[0], found.after[0]) == (0, 1)
    assert found.passes == sum((SIZE - s + 1) ** 2 for s in range(1, 6)) and found.searched == 5


def test_a_constant_model_has_none():
    model = linear_cam_model([[1.0]], np.zeros((SIZE, SIZE, 1, 2)))
    found = smallest_flips(model, random_images(0, 3, size=SIZE, channels=1))
    assert not found.side.any() and (found.after == -1).all() and (found.row == -1).all()
    assert found.searched == SIZE // 2


def test_the_square_is_that_of_a_loop_and_verified_by_the_model():
    model, images = random_cnn(3, size=6), random_images(5, 12)
    found = smallest_flips(model, images, grey=0.2, largest=5, batch_size=7)
    answers = np.asarray(model(images)).argmax(axis=1)
    for number, image in enumerate(images):
        first = 0
        for side in range(1, 6):
            for row in range(7 - side):
                for column in range(7 - side):
                    changed = image.copy()
                    changed[row : row + side, column : column + side] = 0.2
                    if np.asarray(model(changed[np.newaxis])).argmax() != answers[number]:
                        first = first or side
            if first:
                break
        assert found.side[number] == first
    assert found.side.any()  # the case is not trivial
    changed = with_square(images, found.row, found.column, found.side, found.grey)
    again = np.asarray(model(changed)).argmax(axis=1)
    flipped = found.side > 0
    np.testing.assert_array_equal(again[flipped], found.after[flipped])
    np.testing.assert_array_equal(again[~flipped], answers[~flipped])


def test_the_budget_stops_before_a_side_that_it_does_not_pay_for():
    images = np.ones((2, SIZE, SIZE, 1), np.float32)
    budget = 2 * (81 + 64)
    found = smallest_flips(patch_model(lead=0.5), images, grey=0.0, budget=budget + 97)
    assert found.passes == budget and found.searched == 2 and not found.side.any()


def test_a_stride_tries_the_last_row_too():
    found = smallest_flips(
        patch_model(row=4, column=4, lead=0.5), np.ones((1, SIZE, SIZE, 1), np.float32), grey=0.0, largest=5, stride=3
    )
    assert (found.side[0], found.row[0], found.column[0], found.stride) == (5, 4, 4, 3)


def test_the_grid_is_the_finest_that_the_budget_pays_for():
    model, images = linear_cam_model([[1.0]], np.zeros((SIZE, SIZE, 1, 2))), random_images(0, 3, size=SIZE, channels=1)
    price = {stride: smallest_flips(model, images, stride=stride).passes for stride in (1, 2, 3)}  # none ever flips
    assert price[1] > price[2] > price[3]
    for stride, passes in price.items():
        assert stride_within(passes, 3, SIZE, SIZE) == stride
        assert stride_within(passes - 1, 3, SIZE, SIZE) == (stride + 1 if stride < 3 else None)


def test_without_images():
    with pytest.raises(ValueError, match="stride"):
        smallest_flips(patch_model(), np.ones((1, SIZE, SIZE, 1), np.float32), stride=0)
