"""DeepLIFT by the Rescale rule: by hand, in NumPy, its sum, laws, null and planted, refusals."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import DeepLIFT, InputXGradient, IntegratedGradients

pytestmark = pytest.mark.numeric


def dense_model(*layers, activation="relu"):
    """Flatten and dense layers with an activation between, of [(weights [in,out], bias [out]), ...], on a 1xN image."""
    import keras

    model = keras.Sequential([keras.Input((1, len(layers[0][0]), 1)), keras.layers.Flatten()])
    for number, (weights, _) in enumerate(layers):
        last = number == len(layers) - 1
        model.add(keras.layers.Dense(np.shape(weights)[1], activation=None if last else activation))
    model.set_weights([np.asarray(each, np.float32) for layer in layers for each in layer])
    return model


def row(*values):
    return np.array(values, np.float32).reshape(1, 1, -1, 1)


def test_by_hand():
    # ReLU(x0 - 1) + ReLU(x1): the first goes from 0 to 2 while its input goes from -1 to 2: 2/3; the second by 1
    model = dense_model(([[1, 0], [0, 1]], [-1, 0]), ([[1], [1]], [5]))
    record = DeepLIFT(model).with_gap(row(3, 2), 0)
    np.testing.assert_allclose(record.maps[0, 0], [2, 2], rtol=1e-6)
    np.testing.assert_allclose(record.expected, [4], rtol=1e-6)
    np.testing.assert_allclose(InputXGradient(model)(row(3, 2), 0)[0, 0], [3, 2], rtol=1e-6)
    # from (2, 2): both inputs of the first ReLU are above 0: slope 1; the second does not change: 0
    baseline = np.array([2, 2], np.float32).reshape(1, 2, 1)
    np.testing.assert_allclose(DeepLIFT(model, baseline)(row(3, 2), 0)[0, 0], [1, 0], rtol=1e-6)


def test_where_the_gradient_has_vanished_the_difference_has_not():
    # the paper's figure 1: 1 - ReLU(1 - (x0 + x1)) is flat at (1, 1), and yet it rose by 1 from (0, 0)
    model = dense_model(([[-1], [-1]], [1]), ([[-1]], [1]))
    np.testing.assert_array_equal(InputXGradient(model)(row(1, 1), 0), 0)
    np.testing.assert_allclose(DeepLIFT(model)(row(1, 1), 0)[0, 0], [0.5, 0.5], rtol=1e-6)


def test_the_largest_of_several_by_hand():
    # max over (3, 1) from (0, 2): it goes from 2 to 3, by 1. The place of the image's largest brought max(3, 2) - 2 = 1 of it;
    # the reference's largest, (3 - max(3, 2)) = 0: multipliers 1 / 3 and 0, times the changes 3 and -1: (1, 0)
    import keras

    model = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.MaxPooling2D((1, 2)), keras.layers.Flatten()])
    baseline = np.array([0, 2], np.float32).reshape(1, 2, 1)
    record = DeepLIFT(scored_as_number(model), baseline).with_gap(row(3, 1), 0)
    np.testing.assert_allclose(record.maps[0, 0], [1, 0], atol=1e-6)
    # the other way round, from (3, 1) to (0, 2): it falls by 1. Below the peak 3 on the reference: 2 - 3 = -1, at place 0
    record = DeepLIFT(scored_as_number(model), np.array([3, 1], np.float32).reshape(1, 2, 1)).with_gap(row(0, 2), 0)
    np.testing.assert_allclose(record.maps[0, 0], [-1, 0], atol=1e-6)
    np.testing.assert_allclose(record.gap, 0, atol=1e-6)


def scored_as_number(model):
    from featurelens.interpret import declare_task

    declare_task(model, "regression")
    return model


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_in_numpy(activation):
    draw = np.random.default_rng(0)
    layers = [(draw.normal(size=a), draw.normal(size=a[1])) for a in ((5, 6), (6, 4), (4, 3))]
    x, r = draw.normal(size=5), draw.normal(size=5)
    curve = {
        "relu": lambda t: np.maximum(t, 0),
        "tanh": np.tanh,
    }[activation]
    t, t0, ratios = x, r, []
    for weights, bias in layers[:-1]:
        t, t0 = t @ weights + bias, t0 @ weights + bias
        ratios.append((curve(t) - curve(t0)) / (t - t0))
        t, t0 = curve(t), curve(t0)
    multiplier = layers[-1][0][:, 1]
    for (weights, _), ratio in zip(layers[-2::-1], ratios[::-1], strict=True):
        multiplier = weights @ (ratio * multiplier)
    explain = DeepLIFT(dense_model(*layers, activation=activation), r.reshape(1, 5, 1))
    record = explain.with_gap(row(*x), 1)
    np.testing.assert_allclose(record.maps[0, 0], multiplier * (x - r), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(record.expected, (t - t0) @ layers[-1][0][:, 1], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(record.gap, 0, atol=1e-4)


def test_it_sums_to_the_difference_on_every_kind_of_step_and_with_a_second_class():
    import keras

    make = keras.layers
    image = keras.Input((8, 8, 2))
    x = make.Conv2D(4, 3, padding="same", activation="relu")(make.Rescaling(2.0, -1.0)(image))
    y = make.BatchNormalization()(make.DepthwiseConv2D(3, padding="same")(x))
    x = make.MaxPooling2D(2)(make.ReLU()(make.Add()([x, y])))
    x = make.Concatenate()([make.GlobalAveragePooling2D()(x), make.Flatten()(make.AveragePooling2D(2)(x))])
    x = make.Dropout(0.5)(make.LeakyReLU()(make.Dense(5)(x)))
    model = keras.Model(image, make.Dense(3, activation="softmax")(x))
    draw = np.random.default_rng(2)
    model.set_weights([draw.uniform(0.2, 1, w.shape) * draw.choice([-1, 1], w.shape) for w in model.get_weights()])
    next(layer for layer in model.layers if "batch" in layer.name).moving_variance.assign(np.ones(4))
    images = random_images(2, 4, size=8)
    record = DeepLIFT(model, 0.5).with_gap(images, [0, 1, 2, 0], [1, 2, 0, 2])
    assert np.abs(record.expected).min() > 0.05
    np.testing.assert_allclose(record.gap, 0, atol=1e-4 * np.abs(record.maps).sum(axis=(1, 2)).max())
    other = IntegratedGradients(model, baseline=0.5).with_gap(images, [0, 1, 2, 0], [1, 2, 0, 2])
    np.testing.assert_allclose(record.expected, other.expected, rtol=1e-3, atol=1e-3)


def test_a_batch_is_its_images_one_by_one_and_a_linear_model_is_input_times_gradient():
    model, images = random_cnn(6), random_images(6, 3)
    explain = DeepLIFT(model, 0.2)
    singles = np.concatenate([explain(image[np.newaxis], 1) for image in images])
    np.testing.assert_allclose(explain(images, 1), singles, rtol=1e-3, atol=1e-5)
    linear = linear_cam_model(np.eye(2), np.random.default_rng(1).normal(size=(6, 6, 2, 3)))
    np.testing.assert_allclose(DeepLIFT(linear)(images, 2), InputXGradient(linear)(images, 2), rtol=1e-4, atol=1e-6)


def test_null_and_planted():
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4
    model, images = linear_cam_model([[1.0]], weights, "relu", "softmax"), random_images(8, 1, size=3, channels=1)
    maps = DeepLIFT(model)(images, 0)
    np.testing.assert_allclose(maps[0, 1, 2], 4 * images[0, 1, 2, 0], rtol=1e-5)
    assert np.count_nonzero(maps) == 1
    np.testing.assert_array_equal(DeepLIFT(model)(images, 1), 0)
    np.testing.assert_array_equal(DeepLIFT(model, images[0])(images, 0), 0)


def test_refuses_what_has_no_multiplier():
    import keras

    image = keras.Input((4, 4, 1))
    hidden = keras.layers.Conv2D(2, 3)(image)
    for layer in (
        keras.layers.LayerNormalization(),
        keras.layers.Activation("gelu"),
        lambda x: keras.layers.Multiply()([x, x]),
        lambda x: keras.layers.Multiply()([x, keras.layers.ReLU()(x)]),
    ):
        model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(layer(hidden))))
        with pytest.raises(ValueError, match="Use IntegratedGradients"):
            DeepLIFT(model)
    with pytest.raises(ValueError, match="Give one number"):
        DeepLIFT(random_cnn(1), np.zeros((3, 3, 2)))
    with pytest.raises(ValueError, match=r"Give 0\.0"):
        DeepLIFT(random_cnn(1), float("nan"))
