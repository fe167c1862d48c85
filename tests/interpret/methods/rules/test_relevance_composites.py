"""Relevance rules of the first layer, alpha-beta, composites and a rule per layer: by hand, in NumPy, laws, refusals."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import LayerwiseRelevance

pytestmark = pytest.mark.numeric

FIRST = ["box", "w_square", "flat"]


def places(weights, bias, before=()):
    """logits = weights.T @ x + bias for an image 1xN of one channel; layers `before` may pad or scale it."""
    import keras

    weights = np.asarray(weights, np.float32)
    layers = keras.layers
    model = keras.Sequential([keras.Input((1, len(weights), 1)), *before, layers.Flatten()])
    model.add(layers.Dense(weights.shape[1], name="dense"))
    model.layers[-1].set_weights([weights, np.asarray(bias, np.float32)])
    return model


def row(*values):
    return np.array(values, np.float32).reshape(1, 1, -1, 1)


# x = (3, 1), weights (1, -2), bias b = 1, score 2:
#   w_square      (1, 4) / 5 * 2 = (0.4, 1.6)
#   flat          (1, 1) / 2 * 2 = (1, 1)
#   box 0 to 4    c = (3 - 0 * 1, -2 + 2 * 4) = (3, 6), z = 9: (3, 6) / 9 * 2 = (2/3, 4/3)
#   box 1 to 3    its own ends: c = (3 - 1, -2 + 6) = (2, 4): the same shares
#   alpha2_beta1  above: c+ = (3, 0), b+ = 1: 2 * 3 / 4 * 2 = 3; below: c- = (0, -2): -1 * 1 * 2 = -2
@pytest.mark.parametrize(
    ("rule", "limits", "expected"),
    [
        ("w_square", {}, [0.4, 1.6]),
        ("flat", {}, [1, 1]),
        ("box", {"low": 0.0, "high": 4.0}, [2 / 3, 4 / 3]),
        ("box", {}, [2 / 3, 4 / 3]),
        ("alpha2_beta1", {}, [3, -2]),
    ],
)
def test_by_hand(rule, limits, expected):
    explain = LayerwiseRelevance(places([[1], [-2]], [1]), rules={"dense": rule}, **limits)
    record = explain.with_gap(row(3, 1), 0)
    np.testing.assert_allclose(record.maps[0, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(explain(row(3, 1), 0), record.maps)
    np.testing.assert_allclose(record.expected, [2], rtol=1e-6)


def test_alpha_beta_is_the_composites_rule_too():
    model = places([[1], [-2]], [1])
    np.testing.assert_allclose(LayerwiseRelevance(model, "alpha2_beta1")(row(3, 1), 0)[0, 0], [3, -2], rtol=1e-5)
    # epsilon_alpha2_beta1 leaves dense layers to epsilon. At (4, 1) the score is 3: (4, -2), and not (2 * 4 / 5 * 3, -3)
    np.testing.assert_allclose(
        LayerwiseRelevance(model, "epsilon_alpha2_beta1")(row(4, 1), 0)[0, 0], [4, -2], rtol=1e-5
    )


@pytest.mark.parametrize("rule", FIRST)
def test_what_a_padding_layer_made_gets_nothing(rule):
    # a column of 0 on each side: of the four weights, the two outer ones meet padding
    import keras

    outer = places([[7], [1], [-2], [5]], [0], ())
    inner = keras.Sequential(
        [
            keras.Input((1, 2, 1)),
            keras.layers.ZeroPadding2D((0, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(1, name="dense"),
        ]
    )
    inner.layers[-1].set_weights(outer.get_weights())
    explain = LayerwiseRelevance(inner, rules={"dense": rule}, low=0.0, high=4.0)
    found = explain(row(3, 1), 0)[0, 0]
    expected = {"box": [3 / 9, 6 / 9], "w_square": [1 / 5, 4 / 5], "flat": [1 / 2, 1 / 2]}[rule]
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # the score is 1


def matrix_of(kernel, size):
    """A 'same' 3x3 convolution of one channel in and k out as a matrix [size*size, size*size*k]."""
    out = kernel.shape[-1]
    matrix, there = np.zeros((size * size, size * size * out)), np.zeros((size * size, size * size * out))
    for i, j, a, b, k in np.ndindex(size, size, 3, 3, out):
        r, c = i + a - 1, j + b - 1
        if 0 <= r < size and 0 <= c < size:
            matrix[r * size + c, (i * size + j) * out + k] = kernel[a, b, 0, k]
            there[r * size + c, (i * size + j) * out + k] = 1
    return matrix, there


def shared(c, bias, relevance):
    z = c.sum(axis=0) + bias
    return c @ (relevance / (z + np.where(z < 0, -1e-6, 1e-6)))


def by_rule(rule, x, matrix, bias, there, relevance):
    """The relevance of x, with the contributions written out as a matrix."""
    c = x[:, None] * matrix
    plus, minus = np.maximum(matrix, 0), np.minimum(matrix, 0)
    answer = c.sum(axis=0) + bias
    same = np.where(answer >= 0, np.maximum(c, 0), np.minimum(c, 0))
    same_bias = np.where(answer >= 0, np.maximum(bias, 0), np.minimum(bias, 0))
    if rule == "alpha2_beta1":
        up = shared(np.maximum(c, 0), np.maximum(bias, 0), relevance)
        return 2 * up - shared(np.minimum(c, 0), np.minimum(bias, 0), relevance)
    made = {
        "epsilon": (c, bias),
        "z_plus": (same, same_bias),
        "gamma": (c + 0.25 * same, bias + 0.25 * same_bias),
        "flat": (there, 0),
        "w_square": (matrix**2, 0),
        "box": (c - 0 * plus - 1 * minus, 0),
    }[rule]
    return shared(*made, relevance)


@pytest.mark.parametrize(
    ("composite", "own", "first", "convolution", "dense"),
    [
        ("epsilon_plus_flat", {}, "flat", "z_plus", "epsilon"),
        ("epsilon_gamma_box", {}, "box", "gamma", "epsilon"),
        ("epsilon_alpha2_beta1", {}, "alpha2_beta1", "alpha2_beta1", "epsilon"),
        ("alpha2_beta1", {}, "alpha2_beta1", "alpha2_beta1", "alpha2_beta1"),
        ("composite", {"first": "w_square", "dense": "gamma"}, "w_square", "z_plus", "gamma"),
        ("epsilon_gamma_box", {"first": "epsilon", "second": "z_plus"}, "epsilon", "z_plus", "epsilon"),
    ],
)
def test_composites_and_a_rule_per_layer_in_numpy(composite, own, first, convolution, dense):
    import keras

    draw = np.random.default_rng(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(1, 3, padding="same", activation="relu", name="first"),
            layers.Conv2D(2, 3, padding="same", activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(2, name="dense"),
        ]
    )
    model.set_weights([draw.normal(size=weights.shape) for weights in model.get_weights()])
    one, bias1, two, bias2, last, bias3 = (weights.astype(float) for weights in model.get_weights())
    image = draw.random((4, 4)).astype(np.float32)
    (m1, t1), (m2, t2) = matrix_of(one, 4), matrix_of(two, 4)
    x = image.ravel().astype(float)
    h1 = np.maximum(x @ m1 + bias1, 0)
    h2 = np.maximum(h1 @ m2 + np.tile(bias2, 16), 0)
    logits = h2 @ last + bias3
    relevance = by_rule(dense, h2, last, bias3, np.ones_like(last), np.array([logits[0], 0]))
    relevance = by_rule(convolution, h1, m2, np.tile(bias2, 16), t2, relevance)
    expected = by_rule(first, x, m1, np.tile(bias1, 16), t1, relevance).reshape(4, 4)
    explain = LayerwiseRelevance(model, composite, rules=own, low=0.0, high=1.0)
    found = explain(image[np.newaxis, :, :, np.newaxis], 0)[0]
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("rule", ["epsilon_plus_flat", "epsilon_gamma_box"])
def test_relevance_is_conserved_without_biases(rule):
    model, images = random_cnn(4, bias=False), random_images(4, 3)
    record = LayerwiseRelevance(model, rule, epsilon=1e-9).with_gap(images, [0, 1, 2])
    assert np.abs(record.expected).min() > 0.01
    np.testing.assert_allclose(record.gap, 0, atol=2e-3 * np.abs(record.maps).sum(axis=(1, 2)).max())


def test_the_box_is_carried_through_a_rescaling_that_turns_it_round():
    # the model sees 1 - x / 4; a box of 0 to 4 there is one of 1 to 0: low and high change places
    import keras

    scaled = places([[1], [-2]], [0.5], [keras.layers.Rescaling(-0.25, 1.0)])
    plain = places([[1], [-2]], [0.5])
    image = row(3, 2)
    found = LayerwiseRelevance(scaled, rules={"dense": "box"}, low=0.0, high=4.0)(image, 0)
    expected = LayerwiseRelevance(plain, rules={"dense": "box"}, low=0.0, high=1.0)(1 - image / 4, 0)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_batch_is_its_images_one_by_one():
    explain, images = LayerwiseRelevance(random_cnn(6), "epsilon_gamma_box"), random_images(6, 3)
    singles = np.concatenate([explain(image[np.newaxis], 1, versus=0) for image in images])
    np.testing.assert_allclose(explain(images, 1, versus=0), singles, rtol=1e-3, atol=1e-4)


def test_refuses():
    model, images = random_cnn(9), random_images(9, 1)
    with pytest.raises(ValueError, match=r"for layer 'conv1' among .*Use one of these names"):
        LayerwiseRelevance(model, rules={"conv1": "zplus"})
    with pytest.raises(ValueError, match="Did you mean 'conv1'"):
        LayerwiseRelevance(model, rules={"cnov1": "flat"})
    with pytest.raises(ValueError, match=r"Layer 'pool1' shares nothing out.*Leave it out"):
        LayerwiseRelevance(model, rules={"pool1": "flat"})
    with pytest.raises(ValueError, match="'box' at the first layer"):
        LayerwiseRelevance(model, rules={"conv2": "box"})
    with pytest.raises(ValueError, match="Give the range of the images"):
        LayerwiseRelevance(model, "epsilon_gamma_box", low=0.0, high=0.5)(images)
    with pytest.raises(ValueError, match=r"Give 0\.0 and 1\.0"):
        LayerwiseRelevance(model, low=1.0, high=0.0)


def test_null_and_planted():
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4
    model, images = linear_cam_model([[1.0]], weights, "relu"), random_images(8, 1, size=3, channels=1)
    for rule in ("epsilon_plus_flat", "epsilon_alpha2_beta1"):
        explain = LayerwiseRelevance(model, rule)
        assert np.count_nonzero(explain(images, 0)) == 1
        np.testing.assert_array_equal(explain(images, 1), 0)
