"""Saliency and input times gradient: by hand, as loops, laws, null and planted, refusals, and tf-keras-vis."""

import warnings

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import InputXGradient, Saliency

pytestmark = pytest.mark.numeric

METHODS = [Saliency, InputXGradient]


@pytest.mark.parametrize("method", METHODS)
def test_by_hand(method):
    # one 1x2 image of two channels, kernel = identity, logit 0 = 2*x00 - 5*x01 + 1*x10 + 0*x11, logit 1 = 0
    # slopes (2, -5) and (1, 0): the largest sizes are 5 and 1; x = (1, 1), (3, 4): the sums are 2 - 5 and 3
    weights = np.zeros((1, 2, 2, 2))
    weights[0, :, :, 0] = [[2, -5], [1, 0]]
    model = linear_cam_model(np.eye(2), weights)
    image = np.array([[[[1, 1], [3, 4]]]], np.float32)
    expected = {Saliency: [5, 1], InputXGradient: [-3, 3]}[method]
    explain = method(model)
    np.testing.assert_allclose(explain(image, 0)[0, 0], expected, rtol=1e-6)
    rather = {Saliency: [5, 1], InputXGradient: [3, -3]}[method]
    np.testing.assert_allclose(explain(image, 1, versus=0)[0, 0], rather, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_as_loops_of_small_differences(method):
    model, images = random_cnn(0, head=None), random_images(0, 1)
    step, moved = 1e-2, np.repeat(images, 144, axis=0)
    for number, place in enumerate(np.ndindex(6, 6, 2)):
        moved[number][place] += step
        moved[72 + number][place] -= step
    up, down = np.split(np.asarray(model(moved))[:, 1], 2)
    slope = ((up - down) / (2 * step)).reshape(6, 6, 2)
    whole = {Saliency: np.abs(slope).max(axis=-1), InputXGradient: (images[0] * slope).sum(axis=-1)}[method]
    error = np.abs(method(model)(images, 1)[0] - whole)
    assert np.abs(whole).max() > 0.5
    assert np.median(error) < 1e-3  # the model has kinks: a few differences straddle one
    assert (error < 1e-2).mean() > 0.8


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_images_one_by_one(method):
    model, images = random_cnn(1), random_images(1, 5)
    explain = method(model)
    maps = explain(images)
    assert maps.shape == (5, 6, 6) and maps.dtype == np.float32
    singles = np.concatenate([explain(image[np.newaxis]) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps, explain(images, batch_size=2), rtol=1e-5, atol=1e-6)


def test_input_times_gradient_sums_to_the_logit_of_a_model_without_biases():
    model, images = random_cnn(2, bias=False, head=None), random_images(2, 4)
    sums = InputXGradient(model)(images, 0).sum(axis=(1, 2))
    np.testing.assert_allclose(sums, np.asarray(model(images))[:, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_null_and_planted(method):
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4  # only this pixel counts, and only for class 0
    model, images = linear_cam_model([[1.0]], weights, head="softmax"), random_images(3, 2, size=3, channels=1)
    explain = method(model)
    maps = explain(images, 0)
    assert (maps[:, 1, 2] > 0).all() and np.count_nonzero(maps) == 2
    np.testing.assert_array_equal(explain(images, 1), 0)


@pytest.mark.parametrize("method", METHODS)
def test_refusals(method):
    explain = method(random_cnn(4))
    with pytest.raises(ValueError, match="Resize them, or change their channels"):
        explain(random_images(4, 1, size=5))
    with pytest.raises(ValueError, match="Remove or mend these images"):
        explain(random_images(4, 1) * np.nan)
    with pytest.raises(ValueError, match="use one of their numbers"):
        explain(random_images(4, 1), versus=7)


def test_saliency_agrees_with_tf_keras_vis():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.saliency import Saliency as Oracle
        from tf_keras_vis.utils.scores import CategoricalScore

        model, images = random_cnn(5, head=None), random_images(5, 3)
        expected = Oracle(model)(CategoricalScore([2, 0, 1]), images, normalize_map=False)
    np.testing.assert_allclose(Saliency(model)(images, [2, 0, 1]), expected, rtol=1e-4, atol=1e-6)
