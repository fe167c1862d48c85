"""Layer-wise relevance propagation: by hand, as loops, conservation and other laws, null and planted, refusals.

tf-keras-vis has no such method, so there is nothing to agree with.
"""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import InputXGradient, LayerwiseRelevance

pytestmark = pytest.mark.numeric

RULES = ["composite", "epsilon", "z_plus", "gamma"]


def dense_model(*layers, head=None):
    """Flatten and dense layers with ReLU between, of [(weights [in,out], bias [out]), ...], on a 1x1 image."""
    import keras

    model = keras.Sequential([keras.Input((1, 1, len(layers[0][0]))), keras.layers.Flatten()])
    for number, (weights, _) in enumerate(layers):
        last = number == len(layers) - 1
        model.add(keras.layers.Dense(np.shape(weights)[1], activation=head if last else "relu"))
    model.set_weights([np.asarray(each, np.float32) for layer in layers for each in layer])
    return model


def pixels(*values):
    return np.array(values, np.float32).reshape(1, 1, 1, -1)


# ---- by hand: one dense layer has one rule; 'composite' takes epsilon for it. The map sums over channels, so each input is
# given a channel of a picture of its own place through a 1x1 convolution of weight 1.


def places(weights, bias, head=None):
    """logits = weights.T @ x + bias for an image 1xN of one channel: dense after flatten."""
    import keras

    weights = np.asarray(weights, np.float32)
    model = keras.Sequential(
        [
            keras.Input((1, len(weights), 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(weights.shape[1], activation=head),
        ]
    )
    model.set_weights([weights, np.asarray(bias, np.float32)])
    return model


# x = (3, 1), weights (1, -2), bias b: contributions (3, -2)
#   epsilon  z = 1 + b          map = (3, -2) / z * (1 + b) = (3, -2); the bias keeps b
#   z_plus   contributions (3, 0), bias b+: at b = 1: z = 4, score 2: map = (3/4 * 2, 0) = (1.5, 0); the bias keeps 0.5
#   gamma=1  contributions (3 + 3, -2), bias 1 + 1: z = 6, score 2: map = (2, -2/3); the bias keeps 2/3
@pytest.mark.parametrize(
    ("rule", "bias", "expected"),
    [
        ("epsilon", 0, [3, -2]),
        ("epsilon", 1, [3, -2]),
        ("composite", 1, [3, -2]),
        ("z_plus", 0, [1, 0]),
        ("z_plus", 1, [1.5, 0]),
        ("gamma", 1, [2, -2 / 3]),
    ],
)
def test_by_hand(rule, bias, expected):
    explain = LayerwiseRelevance(places([[1], [-2]], [bias]), rule, gamma=1.0)
    record = explain.with_gap(np.array([3, 1], np.float32).reshape(1, 1, 2, 1), 0)
    np.testing.assert_allclose(record.maps[0, 0], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(record.expected, [1 + bias], rtol=1e-6)
    np.testing.assert_allclose(record.gap, [1 + bias - np.sum(expected)], rtol=1e-5, atol=1e-5)


# x = (1, 1), weights (5, -6), score -1: an answer below 0 is shared out among what made it so (the generalised form)
#   z_plus        contributions below 0: (0, -6), z = -6: map = (0, -6 / -6 * -1) = (0, -1)
#   gamma = 1/4   contributions (5, -6) and a quarter of (0, -6): (5, -7.5), z = -2.5, -1 / -2.5 = 0.4: map = (2, -3)
#   with bias -2  score -3. gamma: (5, -7.5), bias -2 - 0.5: z = -5, -3 / -5 = 0.6: map = (3, -4.5), the bias keeps -1.5
#   with bias  3  score 2, above 0. gamma: (5 + 1.25, -6), bias 3 + 0.75: z = 4, 2 / 4 = 0.5: map = (3.125, -3)
@pytest.mark.parametrize(
    ("rule", "bias", "expected"),
    [
        ("epsilon", 0, [5, -6]),
        ("z_plus", 0, [0, -1]),
        ("gamma", 0, [2, -3]),
        ("gamma", -2, [3, -4.5]),
        ("gamma", 3, [3.125, -3]),
    ],
)
def test_a_score_below_zero_by_hand(rule, bias, expected):
    record = LayerwiseRelevance(places([[5], [-6]], [bias]), rule).with_gap(np.ones((1, 1, 2, 1), np.float32), 0)
    np.testing.assert_allclose(record.maps[0, 0], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(record.gap, [bias - 1 - np.sum(expected)], rtol=1e-5, atol=1e-5)


def test_positive_speaks_for_the_class_by_every_rule_whatever_the_scores_sign():
    # the first pixel raises the score and the second lowers it, for each score from far below 0 to far above
    for bias in (-8, -2, 0.5, 6):
        for rule in RULES:
            (raises, lowers) = LayerwiseRelevance(places([[5], [-6]], [bias]), rule)(np.ones((1, 1, 2, 1)), 0)[0, 0]
            assert raises >= 0 >= lowers and raises > lowers, (rule, bias)


def test_negative_inputs_by_hand():
    # z_plus, x = (3, -1), weights (1, -2): contributions 3 and (-1)(-2) = 2 both support: map (3, 2), the score 5
    maps = LayerwiseRelevance(places([[1], [-2]], [0]), "z_plus")(np.array([[[[3.0], [-1.0]]]], np.float32), 0)
    np.testing.assert_allclose(maps[0, 0], [3, 2], rtol=1e-5)


def test_epsilon_absorbs_by_hand():
    # x = (3, 1), weights (1, -2), z = 1, epsilon = 1: each share is halved
    maps = LayerwiseRelevance(places([[1], [-2]], [0]), "epsilon", epsilon=1.0)(np.array([[[[3.0], [1.0]]]]), 0)
    np.testing.assert_allclose(maps[0, 0], [1.5, -1], rtol=1e-5)


def test_epsilon_absorbs_nothing_at_pooling_and_addition_by_hand():
    # logit = mean of (x + 2 x) over two pixels (1, 3), by convolutions of weight 1 and 2: 1.5 * (1 + 3) = 6, map (1.5, 4.5).
    # epsilon = 1 absorbs at the two convolutions and the dense layer: at the dense 6 / 7 stay; the pooled 6 comes from sums
    # 3 and 9; of 3, the branches gave 1 and 2, of which 1/2 and 2/3 stay: 1/2 + 4/3 = 11/6; of 9, 3 and 6: 9/4 + 36/7
    import keras

    image = keras.Input((1, 2, 1))
    ways = [keras.layers.Conv2D(1, 1, use_bias=False, kernel_initializer=w)(image) for w in _weights(1.0, 2.0)]
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()(ways))
    model = keras.Model(image, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(pooled))
    record = LayerwiseRelevance(model, "epsilon", epsilon=1.0).with_gap(np.array([[[[1.0], [3.0]]]], np.float32), 0)
    np.testing.assert_allclose(record.expected, [6], rtol=1e-6)
    expected = 6 / 7 / 2 * np.array([1 / 2 + 4 / 3, 9 / 4 + 36 / 7])  # the mean hands on half of each sum
    np.testing.assert_allclose(record.maps[0, 0], expected, rtol=1e-5)


def _weights(*values):
    import keras

    return [keras.initializers.Constant(value) for value in values]


@pytest.mark.parametrize("rule", RULES)
def test_a_grouped_convolution_is_one_whose_other_weights_are_zero(rule):
    # the same convolution without groups: its kernel has zeros between the groups
    import keras

    def model_of(*kernel, groups):
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((5, 5, 4)),
                layers.Conv2D(6, 3, groups=groups, padding="same"),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Flatten(),
                layers.Dense(2, use_bias=False),
            ]
        )
        model.layers[0].set_weights(kernel)
        model.layers[1].set_weights(normal)
        model.layers[-1].set_weights([dense])
        return model

    draw = np.random.default_rng(7)
    normal = [*draw.uniform(0.5, 2, (2, 6)), draw.normal(size=6), draw.uniform(0.5, 2, 6)]
    kernel, bias, dense = draw.normal(size=(3, 3, 2, 6)), draw.normal(size=6), draw.normal(size=(150, 2))
    whole = np.zeros((3, 3, 4, 6))
    whole[:, :, :2, :3], whole[:, :, 2:, 3:] = kernel[..., :3], kernel[..., 3:]
    images = draw.normal(size=(2, 5, 5, 4)).astype(np.float32)
    expected = LayerwiseRelevance(model_of(whole, bias, groups=1), rule)(images, 0)
    assert np.abs(expected).max() > 0.1
    found = LayerwiseRelevance(model_of(kernel, bias, groups=2), rule)(images, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


# ---- as loops


def _rule(x, weights, bias, relevance, plain, positive):
    out = np.zeros(len(x))
    for j in range(weights.shape[1]):
        gives = []
        sign = 1 if sum(x[i] * weights[i, j] for i in range(len(x))) + bias[j] >= 0 else -1
        for i in range(len(x)):
            c = x[i] * weights[i, j]
            gives.append(plain * c + positive * (c if sign * c > 0 else 0.0))
        z = sum(gives) + plain * bias[j] + positive * (bias[j] if sign * bias[j] > 0 else 0.0)
        z += 1e-6 if z >= 0 else -1e-6
        for i in range(len(x)):
            out[i] += gives[i] / z * relevance[j]
    return out


@pytest.mark.parametrize(("rule", "plain", "positive"), [("epsilon", 1, 0), ("z_plus", 0, 1), ("gamma", 1, 0.25)])
def test_dense_layers_as_loops(rule, plain, positive):
    draw = np.random.default_rng(0)
    layers = [(draw.normal(size=(4, 5)), draw.normal(size=5)), (draw.normal(size=(5, 3)), draw.normal(size=3))]
    x = draw.normal(size=4)
    hidden = np.maximum(x @ layers[0][0] + layers[0][1], 0)
    logits = hidden @ layers[1][0] + layers[1][1]
    relevance = np.array([0, logits[1], 0])
    relevance = _rule(hidden, *layers[1], relevance, plain, positive)
    relevance = _rule(x, *layers[0], relevance, plain, positive)
    maps = LayerwiseRelevance(dense_model(*layers, head="softmax"), rule)(pixels(*x), 1)
    np.testing.assert_allclose(maps[0, 0, 0], relevance.sum(), rtol=1e-3, atol=1e-4)


def test_a_convolution_as_loops_by_the_composite():
    # 'same' 3x3 convolution (z_plus), 2x2 max pooling, dense (epsilon): the convolution as a matrix, pooling as a search
    import keras

    draw = np.random.default_rng(1)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(2, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    model.set_weights([draw.normal(size=weights.shape).astype(np.float32) for weights in model.get_weights()])
    kernel, bias, dense, dense_bias = model.get_weights()
    image = draw.random((4, 4)).astype(np.float32)
    matrix = np.zeros((16, 32))
    for i, j, a, b, k in np.ndindex(4, 4, 3, 3, 2):
        row, column = i + a - 1, j + b - 1
        if 0 <= row < 4 and 0 <= column < 4:
            matrix[row * 4 + column, (i * 4 + j) * 2 + k] = kernel[a, b, 0, k]
    hidden = np.maximum(image.ravel() @ matrix + np.tile(bias, 16), 0).reshape(4, 4, 2)
    best = {}
    for i, j, k in np.ndindex(2, 2, 2):
        cells = [(2 * i + a, 2 * j + b, k) for a in (0, 1) for b in (0, 1)]
        best[i, j, k] = max(cells, key=lambda cell: hidden[cell])
    pooled = np.array([hidden[best[key]] for key in np.ndindex(2, 2, 2)])
    logit = pooled @ dense + dense_bias
    shares = _rule(pooled, dense, dense_bias, np.array([logit[0], 0]), 1, 0)
    relevance = np.zeros((4, 4, 2))
    for share, key in zip(shares, np.ndindex(2, 2, 2), strict=True):
        relevance[best[key]] += share
    expected = _rule(image.ravel(), matrix, np.tile(bias, 16), relevance.ravel(), 0, 1).reshape(4, 4)
    maps = LayerwiseRelevance(model)(image[np.newaxis, :, :, np.newaxis], 0)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(maps[0], expected, rtol=1e-3, atol=1e-4)


# ---- laws


def every_kind(*, bias):
    """All layer kinds that have a rule, in a Functional model with a residual connection and a nested part."""
    import keras

    make = keras.layers
    inner = keras.Sequential(
        [keras.Input((8, 8, 4)), make.DepthwiseConv2D(3, padding="same", use_bias=bias), make.ReLU()]
    )
    image = keras.Input((8, 8, 2))
    x = make.Conv2D(4, 3, use_bias=bias, activation="relu")(make.ZeroPadding2D(1)(image))
    y = make.Conv2D(4, 3, padding="same", dilation_rate=2, use_bias=bias)(inner(x))
    x = make.ReLU(max_value=6.0)(make.Add()([x, make.ReLU()(make.BatchNormalization(center=bias)(y))]))
    x = make.Dropout(0.5)(make.AveragePooling2D(2)(x))
    x = make.SeparableConv2D(6, 3, padding="same", activation="relu", use_bias=bias)(x)
    x = make.MaxPooling2D(2)(x)
    x = make.Concatenate()([make.GlobalAveragePooling2D()(x), make.Flatten()(x)])
    x = make.Dense(5, activation="relu", use_bias=bias)(x)
    model = keras.Model(image, make.Dense(3, activation="softmax", use_bias=bias)(x))
    draw = np.random.default_rng(2)
    for layer in model._flatten_layers():
        if layer.weights and not isinstance(layer, keras.Model):
            layer.set_weights([draw.normal(0, 0.7, weights.shape) for weights in layer.get_weights()])
        if "BatchNormalization" in type(layer).__name__:
            layer.gamma.assign(draw.uniform(0.5, 2, 4))
            layer.moving_variance.assign(draw.uniform(0.5, 2, 4))
            layer.moving_mean.assign(draw.normal(size=4) if bias else np.zeros(4))
    return model


@pytest.mark.parametrize("rule", RULES)
def test_relevance_is_conserved_without_biases(rule):
    model, images = every_kind(bias=False), random_images(2, 3, size=8)
    record = LayerwiseRelevance(model, rule, epsilon=1e-9).with_gap(images, [0, 1, 2])
    assert np.abs(record.expected).min() > 0.1 and np.abs(record.maps).max() > 0.1
    np.testing.assert_allclose(record.gap, 0, atol=1e-3 * np.abs(record.expected).max())


def test_the_gap_is_what_the_biases_keep():
    # epsilon on one layer: the bias keeps b[class] of the score
    draw = np.random.default_rng(3)
    weights, bias = draw.normal(size=(4, 3)), draw.normal(size=3)
    record = LayerwiseRelevance(places(weights, bias), "epsilon").with_gap(
        draw.random((2, 1, 4, 1), dtype=np.float32), [0, 2]
    )
    np.testing.assert_allclose(record.gap, bias[[0, 2]], rtol=1e-3, atol=1e-4)


def test_epsilon_is_input_times_gradient_without_biases():
    # Ancona et al. 2018 (arXiv:1711.06104), proposition 1: with ReLU and a small epsilon the two are one
    model, images = random_cnn(4, bias=False), random_images(4, 3)
    expected = InputXGradient(model)(images, 1)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(LayerwiseRelevance(model, "epsilon")(images, 1), expected, rtol=1e-3, atol=1e-4)


def test_batch_normalisation_is_merged_into_the_convolution_before_it():
    import keras

    draw = np.random.default_rng(5)
    gamma, beta, mean, variance = draw.uniform(0.5, 2, (4, 3))
    gamma *= [1, -1, 1]
    kernel, dense = draw.normal(size=(3, 3, 2, 3)), draw.normal(size=(36 * 3, 2))
    bias = draw.normal(size=3)

    def model_of(kernel, bias, *between):
        model = keras.Sequential(
            [
                keras.Input((6, 6, 2)),
                keras.layers.Conv2D(3, 3, padding="same"),
                *between,
                keras.layers.ReLU(),
                keras.layers.Flatten(),
                keras.layers.Dense(2, use_bias=False),
            ]
        )
        model.layers[0].set_weights([kernel, bias])
        model.layers[-1].set_weights([dense])
        return model

    normal = keras.layers.BatchNormalization()
    apart = model_of(kernel, bias, normal)
    normal.set_weights([gamma, beta, mean, variance])
    scale = gamma / np.sqrt(variance + normal.epsilon)
    merged = model_of(kernel * scale, (bias - mean) * scale + beta)
    images = random_images(5, 2)
    for rule in ("z_plus", "gamma"):
        expected = LayerwiseRelevance(merged, rule)(images, 0)
        np.testing.assert_allclose(LayerwiseRelevance(apart, rule)(images, 0), expected, rtol=2e-3, atol=1e-3)


def test_a_batch_is_its_images_one_by_one_and_classes_differ_by_their_difference():
    explain, images = LayerwiseRelevance(random_cnn(6), "gamma"), random_images(6, 3)
    maps = explain(images, 1, versus=0)
    assert maps.shape == (3, 6, 6) and maps.dtype == np.float32
    singles = np.concatenate([explain(image[np.newaxis], 1, versus=0) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(maps, explain(images, 1, versus=0, batch_size=2), rtol=1e-3, atol=1e-4)
    difference = explain(images, 1) - explain(images, 0)  # each rule is linear in the relevance of the logits
    np.testing.assert_allclose(maps, difference, rtol=1e-3, atol=1e-3)


def test_every_rule_and_setting_counts():
    model, images = random_cnn(6), random_images(6, 2)
    maps = [LayerwiseRelevance(model, rule)(images, 1) for rule in RULES]
    maps += [
        LayerwiseRelevance(model, "gamma", gamma=2.0)(images, 1),
        LayerwiseRelevance(model, epsilon=0.5)(images, 1),
    ]
    for first in range(len(maps)):
        for second in range(first):
            assert np.abs(maps[first] - maps[second]).max() > 1e-3


def test_one_sigmoid_unit_and_a_subclassed_model():
    import keras

    class Wrapped(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, x):
            return keras.ops.sigmoid(self.inner(x))

    inner, images = random_cnn(7, classes=1, head=None), random_images(7, 2)
    expected = LayerwiseRelevance(inner)(images, 0)
    wrapped = LayerwiseRelevance(Wrapped(inner))
    np.testing.assert_allclose(wrapped(images, 1), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(wrapped(images, 0), -expected, rtol=1e-4, atol=1e-5)


# ---- null and planted


@pytest.mark.parametrize("rule", RULES)
def test_null_and_planted(rule):
    weights = np.zeros((3, 3, 1, 2))
    weights[1, 2, 0, 0] = 4  # only this pixel counts, and only for class 0
    explain = LayerwiseRelevance(linear_cam_model([[1.0]], weights, "relu", "softmax"), rule)
    images = random_images(8, 1, size=3, channels=1)
    maps = explain(images, 0)
    np.testing.assert_allclose(maps[0, 1, 2], 4 * images[0, 1, 2, 0], rtol=1e-5)
    assert np.count_nonzero(maps) == 1
    np.testing.assert_array_equal(explain(images, 1), 0)


# ---- refusals


def test_refuses_kinds_without_a_rule_by_name():
    import keras

    def model_with(layer):
        image = keras.Input((4, 4, 1))
        hidden = keras.layers.Conv2D(2, 3, name="first")(image)
        return keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(layer(hidden))))

    for layer in (
        keras.layers.Activation("gelu", name="curved"),
        keras.layers.LayerNormalization(name="curved"),
        keras.layers.UpSampling2D(name="curved"),
    ):
        kind = type(layer).__name__
        with pytest.raises(ValueError, match=rf"layer 'curved' \({kind}\).*Use IntegratedGradients"):
            LayerwiseRelevance(model_with(layer))
    gate = keras.layers.Multiply(name="gate")
    with pytest.raises(ValueError, match=r"layer 'gate' \(Multiply\)"):
        LayerwiseRelevance(model_with(lambda x: gate([x, keras.layers.ReLU()(x)])))


def test_refuses_settings():
    with pytest.raises(ValueError, match="Use one of these names"):
        LayerwiseRelevance(random_cnn(9), "zplus")
    with pytest.raises(ValueError, match="a small number such as"):
        LayerwiseRelevance(random_cnn(9), epsilon=0)
    with pytest.raises(ValueError, match="a number such as"):
        LayerwiseRelevance(random_cnn(9), gamma=-1)
