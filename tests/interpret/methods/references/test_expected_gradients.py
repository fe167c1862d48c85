"""Expected gradients: by hand, one reference is integrated gradients, its sum, laws, null and planted, refusals."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import ExpectedGradients, IntegratedGradients
from featurelens.models import Dataset

pytestmark = pytest.mark.numeric


def two_pixels(*rows):
    return np.array(rows, np.float32).reshape(-1, 1, 2, 1)


def test_by_hand():
    # logit 3 x0 - x1 at (2, 1) from (0, 0) and (2, 2): differences (2, 1) and (0, -1), on average (1, 0), times the weights
    model = linear_cam_model([[1.0]], np.reshape([3.0, -1.0], (1, 2, 1, 1)))
    explain = ExpectedGradients(model, two_pixels((0, 0), (2, 2)), samples=4)
    record = explain.with_gap(two_pixels((2, 1)), 0)
    np.testing.assert_allclose(record.maps[0, 0], [3, 0], atol=1e-6)
    np.testing.assert_allclose(record.expected, [5 - (0 + 4) / 2], rtol=1e-6)
    assert explain.remark == "from images given as references"


def test_half_of_the_way_lies_behind_a_kink():
    # ReLU(x0 - 1) at 3 from -1: the input of the ReLU goes from -2 to 2, its slope is 1 on the second half of the way. Of an even
    # number of steps, one draw in each, exactly half: 4 * 1/2 = 2 = the score's difference
    import keras

    model = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "relu")])
    model.add(keras.layers.Dense(2))
    model.set_weights([np.ones((1, 1)), -np.ones(1), np.array([[1.0, 0.0]]), np.zeros(2)])
    explain = ExpectedGradients(model, np.full((1, 1, 1, 1), -1, np.float32), samples=6)
    record = explain.with_gap(np.full((1, 1, 1, 1), 3, np.float32), 0)
    np.testing.assert_allclose(record.maps.ravel(), [2], rtol=1e-6)
    np.testing.assert_allclose(record.gap, [0], atol=1e-6)


def test_one_reference_is_integrated_gradients_from_it():
    model, images = random_cnn(3), random_images(3, 2)
    one = random_images(4, 1)
    ways = IntegratedGradients(model, steps=400, baseline=one[0])(images, 1, 2)
    np.testing.assert_allclose(
        ExpectedGradients(model, one, samples=400)(images, 1, 2), ways, atol=5e-3 * np.abs(ways).max()
    )


def test_several_references_are_the_mean_of_each_and_the_gap_closes_with_samples():
    model, images, references = random_cnn(5), random_images(5, 3), random_images(6, 4)
    each = [IntegratedGradients(model, steps=100, baseline=one)(images, 0) for one in references]
    many = ExpectedGradients(model, references, samples=400, seed=1).with_gap(images, 0)
    size = np.abs(np.mean(each, axis=0)).max()
    np.testing.assert_allclose(many.maps, np.mean(each, axis=0), atol=0.03 * size)
    assert np.abs(many.gap).max() < 0.02 * np.abs(many.expected).min()
    few = ExpectedGradients(model, references, samples=4, seed=1).with_gap(images, 0)
    assert np.abs(few.gap).max() > np.abs(many.gap).max()


def test_seeds_batches_channels_and_forms_of_references():
    model, images, references = random_cnn(6), random_images(6, 3), random_images(7, 5)
    explain = ExpectedGradients(model, references, samples=9, seed=2)
    maps = explain(images, 1)
    singles = np.concatenate([explain(image[np.newaxis], 1, batch_size=4) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(explain.per_channel(images, 1).sum(axis=-1), maps, rtol=1e-4, atol=1e-6)
    as_data = Dataset.from_arrays(references, np.zeros(5, int), ("a", "b", "c"))
    np.testing.assert_array_equal(ExpectedGradients(model, as_data, samples=9, seed=2)(images, 1), maps)
    assert not np.allclose(ExpectedGradients(model, references, samples=9, seed=3)(images, 1), maps)


def test_without_references_it_begins_at_noise_of_the_images_own_range():
    # logit = x0 + 2 x1 of pixels in 4..6: references are drawn evenly from 4 to 6, 5 on average
    model, images = linear_cam_model([[1.0]], np.reshape([1.0, 2.0], (1, 2, 1, 1))), two_pixels((4, 6), (0, 0))
    explain = ExpectedGradients(model, samples=4000)
    maps = explain(images, 0)
    np.testing.assert_allclose(maps[0, 0], [4 - 5, 2 * (6 - 5)], atol=0.1)
    np.testing.assert_array_equal(maps[1], 0)  # an even image has no range: it is its own reference
    assert explain.remark == "from noise"


def test_null_and_planted():
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4
    model, images = linear_cam_model([[1.0]], weights, "relu", "softmax"), random_images(8, 1, size=3, channels=1)
    maps = ExpectedGradients(model, np.zeros_like(images))(images, 0)
    np.testing.assert_allclose(maps[0, 1, 2], 4 * images[0, 1, 2, 0], rtol=1e-5)
    assert np.count_nonzero(maps) == 1
    np.testing.assert_array_equal(ExpectedGradients(model, images)(images, 0), 0)


def test_refuses_references_that_do_not_fit():
    model, images = random_cnn(1), random_images(1, 1)
    with pytest.raises(ValueError, match="Give images as the model takes them"):
        ExpectedGradients(model, np.zeros((2, 3, 3, 2), np.float32))(images)
    with pytest.raises(ValueError, match=r"such as data\[:100\]"):
        ExpectedGradients(model, images[:0])
    with pytest.raises(ValueError, match="Leave those images out"):
        ExpectedGradients(model, np.full_like(images, np.nan))
    with pytest.raises(ValueError, match="Give samples=1"):
        ExpectedGradients(model, samples=0)
