"""Activation maximisation: by hand, as loops, repeatable, every setting counts, any model, null and planted, refusals."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn

from featurelens.interpret import activation_maximization
from featurelens.interpret.dissection.visualization import _shift


def template_model():
    """One 3x3 convolution without padding on a 3x3 image: channel 0 likes a cross, channel 1 its opposite, 2 nothing."""
    import keras

    cross = np.array([[-1, 1, -1], [1, 1, 1], [-1, 1, -1]], np.float32)
    model = keras.Sequential(
        [
            keras.Input((3, 3, 1)),
            keras.layers.Conv2D(3, 3, use_bias=False, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", use_bias=False, name="dense"),
        ]
    )
    dense = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    model.set_weights([np.stack([cross, -cross, 0 * cross], axis=-1)[:, :, np.newaxis], dense])
    return model, cross


def test_by_hand_the_image_is_the_template_and_its_value_known():
    # a linear channel is largest in [0, 1] where positive weights see 1 and negative ones 0: 5 * 1 + 4 * 0 = 5;
    # the opposite channel: 4 * 1 = 4
    model, cross = template_model()
    found = activation_maximization(model, "conv", [0, 1], steps=40, smoothness=0, jitter=0)
    np.testing.assert_allclose(found.images[0, :, :, 0], cross > 0, atol=1e-6)
    np.testing.assert_allclose(found.images[1, :, :, 0], cross < 0, atol=1e-6)
    np.testing.assert_allclose(found.activations, [5, 4], rtol=1e-5)
    np.testing.assert_array_equal(found.channels, [0, 1])
    np.testing.assert_allclose(found.start, [found.start[0], -found.start[0]], rtol=1e-5)


def test_as_loops_three_steps_of_adam_on_a_constant_slope():
    # with a constant slope Adam's step is its rate, 0.05, towards the slope's sign, whatever the slope's size
    model, cross = template_model()
    one = activation_maximization(model, "conv", 0, steps=1, smoothness=0, jitter=0).images[0, :, :, 0]
    three = activation_maximization(model, "conv", 0, steps=3, smoothness=0, jitter=0).images[0, :, :, 0]
    expected = one.copy()
    for _ in range(2):
        for place in np.ndindex(3, 3):
            expected[place] = np.clip(expected[place] + 0.05 * np.sign(cross[place]), 0, 1)
    np.testing.assert_allclose(three, expected, atol=1e-4)


def test_logits_are_reached_behind_the_softmax():
    model, cross = template_model()
    found = activation_maximization(model, None, 0, steps=40, smoothness=0, jitter=0)
    np.testing.assert_allclose(found.images[0, :, :, 0], cross > 0, atol=1e-6)
    np.testing.assert_allclose(found.activations, [5], rtol=1e-5)  # the logit: the probability would be 1


def test_the_same_seed_gives_the_same_images_and_leaves_the_global_state_alone():
    model = random_cnn(1)
    np.random.seed(3)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    usual = activation_maximization(model, "conv2", [0, 3], steps=8)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    again = activation_maximization(model, "conv2", [0, 3], steps=8)
    np.testing.assert_array_equal(again.images, usual.images)
    alone = activation_maximization(model, "conv2", 3, steps=8)
    np.testing.assert_allclose(alone.images[0], usual.images[1], rtol=1e-4, atol=1e-4)
    for setting in ({"seed": 1}, {"steps": 9}, {"smoothness": 5.0}, {"jitter": 0}, {"pixel_range": (-1.0, 1.0)}):
        changed = activation_maximization(model, "conv2", [0, 3], **{"steps": 8, **setting})
        assert np.abs(changed.images - usual.images).max() > 1e-3
    assert usual.images.min() >= 0 and usual.images.max() <= 1 and usual.images.dtype == np.float32


def test_smoothness_smooths():
    def roughness(smoothness):
        images = activation_maximization(random_cnn(2), "conv2", [0, 1, 2], steps=30, smoothness=smoothness).images
        return np.abs(np.diff(images, axis=1)).mean() + np.abs(np.diff(images, axis=2)).mean()

    assert roughness(3.0) < 0.6 * roughness(0.0)


def test_the_ascent_climbs_on_small_grey_images():
    found = activation_maximization(random_cnn(3, size=28, channels=1), "conv2", [0, 1, 2, 3, 4], steps=40)
    alive = found.start > 0
    assert alive.sum() >= 2 and (found.activations[alive] > 1.2 * found.start[alive]).all()


def test_subclassed_models_give_what_their_layers_give():
    import keras

    class Wrapped(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, x):
            return self.inner(x)

    inner = random_cnn(4)
    expected = activation_maximization(inner, "conv2", 1, steps=6)
    found = activation_maximization(Wrapped(inner), "conv2", 1, steps=6, image_shape=(6, 6, 2))
    np.testing.assert_allclose(found.images, expected.images, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="Give image_shape="):
        activation_maximization(Wrapped(inner), "conv2", 1)


def test_null_and_planted():
    model, _ = template_model()
    nothing = activation_maximization(model, "conv", 2, steps=5, smoothness=0, jitter=0)
    np.testing.assert_array_equal(nothing.activations, 0)
    low, high = nothing.images.min(), nothing.images.max()
    assert low > 0 and high < 1  # no slope, so the noise stays what it was
    weights = np.zeros((3, 3, 1, 1))
    weights[1, 2] = 2  # only this pixel counts
    found = activation_maximization(linear_cam_model([[1.0]], weights), None, 0, steps=30, smoothness=0, jitter=0)
    assert found.images[0, 1, 2, 0] == 1
    rest = np.delete(found.images[0].ravel(), 5)
    assert rest.min() > 0 and rest.max() < 1


def test_refusals():
    import keras

    model = random_cnn(5)
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        activation_maximization(model, "cnov2", 0)
    with pytest.raises(ValueError, match=r"Received .0.5.. Write channels=1"):
        activation_maximization(model, "conv2", [0.5])
    for channels in (5, -1, []):
        with pytest.raises(ValueError, match="Give one number, or a list of such"):
            activation_maximization(model, "conv2", channels)
    with pytest.raises(ValueError, match="Give steps=1 or more"):
        activation_maximization(model, "conv2", 0, steps=0)
    with pytest.raises(ValueError, match="a number such as"):
        activation_maximization(model, "conv2", 0, smoothness=-1)
    with pytest.raises(ValueError, match="Give the range of the images"):
        activation_maximization(model, "conv2", 0, pixel_range=(1.0, 0.0))
    one, two = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    both = keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.Add()([one, two])))
    with pytest.raises(ValueError, match="Give the part of it that sees the image"):
        activation_maximization(keras.Model([one, two], both), None, 0)


def test_before_each_step_the_image_is_put_back_into_range_and_moved():
    images = np.array([-1.0, 0.25, 0.5, 2.0], np.float32).reshape(1, 2, 2, 1)
    still = _shift(np.random.default_rng(0), 0, (0.0, 1.0))(images).numpy().ravel()
    np.testing.assert_array_equal(still, [0, 0.25, 0.5, 1])
    move = _shift(np.random.default_rng(0), 1, (0.0, 1.0))
    seen = {tuple(move(images).numpy().ravel()) for _ in range(30)}
    assert len(seen) == 4 and all(sorted(each) == [0, 0.25, 0.5, 1] for each in seen)
