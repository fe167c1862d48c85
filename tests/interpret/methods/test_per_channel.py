"""What each channel adds: by hand, and their sum is the map."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import (
    GradCAM,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    LayerwiseRelevance,
    XGradCAM,
)

pytestmark = pytest.mark.numeric

# A = (x, 2 x) on a 1x2 image (3, 1): (3, 1) and (6, 2); slopes of class 0: (2, -1) and (0.5, 0.5)
IMAGE = np.array([[[[3.0], [1.0]]]], np.float32)
WEIGHTS = np.array([[[[2.0, 0.0], [0.5, 0.0]], [[-1.0, 0.0], [0.5, 0.0]]]])
BY_HAND = {  # [channel][place]
    GradCAM: [[1.5, 0.5], [3, 1]],  # times the mean slopes, 0.5 and 0.5
    HiResCAM: [[6, -1], [3, 1]],
    LayerCAM: [[6, 0], [3, 1]],
    XGradCAM: [[3.75, 1.25], [3, 1]],  # times (3 * 2 - 1) / 4 and (6 + 2) / 2 / 8
}


@pytest.mark.parametrize("method", BY_HAND)
def test_by_hand_at_a_layer(method):
    cam = method(linear_cam_model([[1.0, 2.0]], WEIGHTS), "conv")
    parts = cam.per_channel(IMAGE, 0)
    np.testing.assert_allclose(parts[0, 0].T, BY_HAND[method], rtol=1e-6)


@pytest.mark.parametrize("method", BY_HAND)
def test_their_sum_is_the_map_at_a_layer(method):
    model, images = random_cnn(2), random_images(2, 3)
    cam = method(model, "conv2")
    parts, maps = cam.per_channel(images, 1, versus=0, batch_size=2), cam(images, 1, versus=0)
    assert parts.shape == (3, 3, 3, 5) and np.abs(parts).max() > 1e-3
    total = parts.sum(axis=-1)
    np.testing.assert_allclose(total if method is HiResCAM else np.maximum(total, 0), maps, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [InputXGradient, IntegratedGradients, LayerwiseRelevance])
def test_their_sum_is_the_map_at_the_image(method):
    model, images = random_cnn(2), random_images(2, 3)
    explain = method(model)
    parts = explain.per_channel(images, 1)
    assert parts.shape == images.shape and (np.ptp(parts, axis=-1) > 0).any()
    np.testing.assert_allclose(parts.sum(axis=-1), explain(images, 1), rtol=1e-4, atol=1e-5)


def test_by_hand_at_the_image():
    # logit = 2 x0 - 5 x1 at (3, 1), two channels of one place
    model = linear_cam_model(np.eye(2), np.array([[[[2.0], [-5.0]]]]))
    image = np.array([[[[3.0, 1.0]]]], np.float32)
    for method in (InputXGradient, IntegratedGradients):
        np.testing.assert_allclose(method(model).per_channel(image, 0)[0, 0, 0], [6, -5], rtol=1e-5)
