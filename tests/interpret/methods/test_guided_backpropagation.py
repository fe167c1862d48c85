"""Guided backpropagation: by hand, as loops, laws, null and planted, refusals, and tf-keras-vis."""

import warnings

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import GuidedBackpropagation, Saliency

pytestmark = pytest.mark.numeric


def guided(model):
    with pytest.warns(UserWarning, match="not as evidence for the class"):
        return GuidedBackpropagation(model)


def test_by_hand():
    # logit = ReLU(x) - ReLU(2x) + ReLU(-x): at x = 1 the plain gradient is 1 - 2; guided: 1 (the -1 from above stops)
    # at x = -1 the third fires: plain and guided -1 (from above +1, then the weight -1)
    model = linear_cam_model([[1.0, 2.0, -1.0]], np.array([[[[1.0], [-1.0], [1.0]]]]), "relu")
    explain = guided(model)
    np.testing.assert_allclose(explain(np.ones((1, 1, 1, 1), np.float32), 0), [[[1]]])
    np.testing.assert_allclose(explain(-np.ones((1, 1, 1, 1), np.float32), 0), [[[-1]]])


def _model(relu):
    """Dense 2 -> 3 -> 1 on a 1x1 image of two channels; `relu` makes the layers between."""
    import keras

    image = keras.Input((1, 1, 2))
    hidden = relu(keras.layers.Dense(3, use_bias=False, name="one")(image))
    hidden = relu(keras.layers.Dense(3, use_bias=False, name="two")(hidden))
    return keras.Model(image, keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(hidden)))


def _relus():
    import keras

    return {
        "layer": lambda x: keras.layers.ReLU()(x),
        "activation": lambda x: keras.layers.Activation("relu")(x),
        "function": keras.ops.relu,
        "relu6": lambda x: keras.layers.ReLU(max_value=6.0)(x),
    }


@pytest.mark.parametrize("kind", ["layer", "activation", "function", "relu6"])
def test_as_loops_wherever_the_relu_sits(kind):
    model, draw = _model(_relus()[kind]), np.random.default_rng(4)
    model.set_weights([draw.normal(0, 2, weights.shape) for weights in model.get_weights()])
    images = draw.normal(0, 2, (6, 1, 1, 2)).astype(np.float32)
    one, two, three = (np.asarray(weights, np.float64) for weights in model.get_weights())
    ceiling, expected, plain = (6 if kind == "relu6" else np.inf), [], []
    for x in images[:, 0, 0]:
        f1 = x @ one
        f2 = np.clip(f1, 0, ceiling) @ two
        above = [three[k, 0] * (0 < f2[k] < ceiling) * (three[k, 0] > 0) for k in range(3)]
        back = [sum(two[j, k] * above[k] for k in range(3)) for j in range(3)]
        back = [back[j] * (0 < f1[j] < ceiling) * (back[j] > 0) for j in range(3)]
        expected.append(sum(one[c, j] * back[j] for c in range(2) for j in range(3)))
        plain.append(one @ ((two @ (three[:, 0] * (f2 > 0) * (f2 < ceiling))) * (f1 > 0) * (f1 < ceiling)))
    assert np.abs(np.array(expected) - np.sum(plain, axis=1)).max() > 0.1
    np.testing.assert_allclose(guided(model)(images, 0)[:, 0, 0], expected, rtol=1e-4, atol=1e-4)


def test_a_batch_is_its_images_one_by_one_and_the_model_is_left_alone():
    model, images = random_cnn(1), random_images(1, 4)
    before = Saliency(model)(images)
    explain = guided(model)
    maps = explain(images)
    singles = np.concatenate([explain(image[np.newaxis]) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps, explain(images, batch_size=3), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(Saliency(model)(images), before)


def test_null_and_planted():
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4
    explain = guided(linear_cam_model([[1.0]], weights, "relu", "softmax"))
    maps = explain(random_images(2, 1, size=3, channels=1), 0)
    assert maps[0, 1, 2] == 4 and np.count_nonzero(maps) == 1
    np.testing.assert_array_equal(explain(random_images(2, 1, size=3, channels=1), 1), 0)


def test_a_score_against_another_class():
    model, images = random_cnn(3), random_images(3, 2)
    explain = guided(model)
    assert np.abs(explain(images, 0, versus=1) - explain(images, 0)).max() > 1e-3


def test_refuses_a_model_without_relu():
    with (
        pytest.warns(UserWarning, match="edge picture"),
        pytest.raises(ValueError, match="Use Saliency or InputXGradient"),
    ):
        GuidedBackpropagation(linear_cam_model([[1.0]], np.ones((2, 2, 1, 2))))


def test_refuses_relus_inside_of_a_function_call():
    import keras
    import tensorflow as tf

    class Compiled(keras.layers.Layer):
        def call(self, x):
            return _compiled(x)

    @tf.function
    def _compiled(x):
        return tf.nn.relu(x)

    with (
        pytest.warns(UserWarning, match="edge picture"),
        pytest.raises(ValueError, match=r"call at '[^']*compiled.*Use Saliency, or load the model"),
    ):
        GuidedBackpropagation(_model(lambda x: Compiled()(keras.layers.ReLU()(x))))


def test_a_grouped_convolution_is_gone_through():
    # Keras calls a function for it, without a ReLU inside; the oracle convolves each group of channels by itself
    import keras
    import tensorflow as tf

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5, 5, 4)),
            layers.Conv2D(6, 3, groups=2, padding="same", activation="relu"),
            layers.Conv2D(4, 3, groups=2, strides=2),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    draw = np.random.default_rng(3)
    model.set_weights([draw.normal(size=weights.shape).astype(np.float32) for weights in model.get_weights()])
    images = draw.random((2, 5, 5, 4), dtype=np.float32)

    @tf.custom_gradient
    def guided(x):
        return tf.nn.relu(x), lambda above: tf.nn.relu(above) * tf.cast(x > 0, tf.float32)

    def grouped(x, kernel, bias, stride, padding):
        parts = zip(tf.split(x, 2, axis=-1), tf.split(kernel, 2, axis=-1), strict=True)
        return tf.concat([tf.nn.conv2d(part, k, stride, padding) for part, k in parts], axis=-1) + bias

    first, first_bias, second, second_bias, dense, dense_bias = (tf.constant(w) for w in model.get_weights())
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        hidden = guided(grouped(x, first, first_bias, 1, "SAME"))
        hidden = guided(grouped(hidden, second, second_bias, 2, "VALID"))
        score = (tf.reshape(hidden, (2, -1)) @ dense + dense_bias)[:, 1]
    expected = tf.reduce_sum(tape.gradient(score, x), axis=-1).numpy()
    assert np.abs(expected).max() > 0.1
    with pytest.warns(UserWarning, match="edge picture"):
        explain = GuidedBackpropagation(model)
    np.testing.assert_allclose(explain(images, 1), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_agrees_with_tf_keras_vis_where_relu_is_fused_and_differs_where_it_is_a_layer():
    # tf-keras-vis swaps the `activation` of layers that have one; a ReLU layer has none, and its map is the plain gradient
    import keras
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.saliency import Saliency as Oracle
        from tf_keras_vis.utils.model_modifiers import GuidedBackpropagation as Modifier
        from tf_keras_vis.utils.scores import CategoricalScore

    def theirs(model, images):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle = Oracle(model, model_modifier=Modifier())
            return np.asarray(
                oracle(CategoricalScore(0), images, gradient_modifier=None, keepdims=True, normalize_map=False)
            ).sum(axis=-1)

    fused, images = random_cnn(5, head=None), random_images(5, 2)
    np.testing.assert_allclose(guided(fused)(images, 0), theirs(fused, images), rtol=1e-4, atol=1e-5)

    layered = _model(lambda x: keras.layers.ReLU()(x))
    layered.set_weights([np.random.default_rng(4).normal(0, 2, w.shape) for w in layered.get_weights()])
    images = np.random.default_rng(4).normal(0, 2, (6, 1, 1, 2)).astype(np.float32)
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = layered(x)
    np.testing.assert_allclose(theirs(layered, images), tf.reduce_sum(tape.gradient(score, x), axis=-1), rtol=1e-5)
    assert np.abs(theirs(layered, images) - guided(layered)(images, 0)).max() > 0.1
