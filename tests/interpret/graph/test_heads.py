"""Every ending that a classifier may have: maps of the logit, or of the probability where there is none, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal, weights_of
from small_models import SHAPE, conv, dense, images, linear, relu_conv

from featurelens.interpret import Explainer, GradCAM, Saliency, inspect_model
from featurelens.interpret.graph.head import OF_NUMBERS
from featurelens.interpret.graph.tasks import declare_task

layers, ops = keras.layers, keras.ops
pytestmark = pytest.mark.numeric
CLASSES = np.array([1, 0, 1])


@dataclass(frozen=True, eq=False)
class Ending:
    """What comes after conv1, with the score and the probabilities by hand."""

    layers: Callable[[Any], Any]  # conv1's output as a Keras tensor -> the answer
    score: Callable[[Any, tf.Tensor], tf.Tensor]  # (weights, conv1 [B,8,8,4]) -> float[B,K]
    probabilities: Callable[[tf.Tensor], tf.Tensor]  # of the scores
    head: str
    unit: str = "logit"
    task: str | None = None


def pooled(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(x)


def logits(weights: Any, conv1: Any, name: str = "dense") -> Any:
    return linear(tf.reduce_mean(conv1, (1, 2)), *weights(name))


def convolved(x: Any, kernel: Any, bias: Any, stride: int = 1) -> Any:
    return tf.nn.conv2d(x, kernel, stride, "VALID") + bias


def softmax_of(*names: str) -> Callable[[Any, Any], list[Any]]:
    return lambda weights, conv1: [tf.nn.softmax(logits(weights, conv1, name)) for name in names]


def sharp(units: int, activation: str | None, name: str = "dense") -> Any:
    """A dense layer of large weights, so that the answers are not all alike."""
    start = keras.initializers.RandomNormal(0, 3, seed=sum(map(ord, name)))
    return layers.Dense(units, activation, name=name, kernel_initializer=start)


class Lengths(layers.Layer):
    """Capsules of two numbers each, squashed; the answer is their length."""

    def call(self, inputs):
        capsules = ops.reshape(inputs, (-1, 3, 2))
        squared = ops.sum(ops.square(capsules), axis=-1, keepdims=True)
        squashed = capsules * squared / (1 + squared) / ops.sqrt(squared + 1e-9)
        return ops.sqrt(ops.sum(ops.square(squashed), axis=-1) + 1e-9)


def capsule_lengths(weights: Any, conv1: Any) -> Any:
    squared = tf.reduce_sum(tf.square(tf.reshape(logits(weights, conv1), [-1, 3, 2])), -1)
    return tf.sqrt(tf.square(squared / (1 + squared) / tf.sqrt(squared + 1e-9)) * squared + 1e-9)


class ByHand(layers.Layer):
    """exp(z) / sum of exp(z)."""

    def call(self, inputs):
        powers = tf.exp(inputs)
        return powers / tf.reduce_sum(powers, axis=1, keepdims=True)


def by_hand_stably(z: Any) -> Any:
    """As it is written so that no exponential overflows."""
    powers = ops.exp(z - ops.max(z, axis=-1, keepdims=True))
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def by_hand_twice(z: Any) -> Any:
    """The exponential computed once for the share and once for the whole."""
    return ops.exp(z) / ops.sum(ops.exp(z), axis=-1, keepdims=True)


def two_sides(z: Any) -> Any:
    return tf.concat([1 - z, z], 1)


SAME = tf.identity
ENDINGS = {
    "mean of two softmaxes": Ending(
        lambda x: layers.Average()([sharp(3, "softmax", "a")(pooled(x)), sharp(3, "softmax", "b")(pooled(x))]),
        lambda weights, x: sum(softmax_of("a", "b")(weights, x)) / 2,
        SAME,
        "probability",
        "probability",
    ),
    "clipped": Ending(
        lambda x: ops.clip(sharp(3, "softmax")(pooled(x)), 1e-3, 0.999),
        lambda weights, x: tf.clip_by_value(*softmax_of("dense")(weights, x), 1e-3, 0.999),
        SAME,
        "probability",
        "probability",
    ),
    "smoothed labels": Ending(
        lambda x: 0.9 * sharp(3, "softmax")(pooled(x)) + 0.1 / 3,
        lambda weights, x: 0.9 * softmax_of("dense")(weights, x)[0] + 0.1 / 3,
        SAME,
        "probability",
        "probability",
    ),
    "capsule lengths": Ending(
        lambda x: Lengths()(sharp(6, None)(pooled(x))), capsule_lengths, SAME, "probability", "probability"
    ),
    "flattened after a softmax over axis 1": Ending(
        lambda x: layers.Flatten()(layers.Softmax(axis=1)(layers.Reshape((3, 1))(sharp(3, None)(pooled(x))))),
        logits,
        tf.nn.softmax,
        "softmax",
    ),
    "softmax by hand": Ending(lambda x: ByHand()(sharp(3, None)(pooled(x))), logits, tf.nn.softmax, "softmax"),
    "stable softmax by hand": Ending(
        lambda x: by_hand_stably(sharp(3, None)(pooled(x))), logits, tf.nn.softmax, "softmax"
    ),
    "softmax of shifted logits": Ending(
        lambda x: (lambda z: ops.softmax(z - ops.max(z, axis=-1, keepdims=True)))(sharp(3, None)(pooled(x))),
        logits,
        tf.nn.softmax,
        "softmax",
    ),
    "softmax with two exponentials": Ending(
        lambda x: by_hand_twice(sharp(3, None)(pooled(x))), logits, tf.nn.softmax, "softmax"
    ),
    "the exponential of a log softmax": Ending(
        lambda x: ops.exp(ops.log_softmax(sharp(3, None)(pooled(x)))), logits, tf.nn.softmax, "softmax"
    ),
    "the exponential of logits less their log sum exp": Ending(
        lambda x: (lambda z: ops.exp(z - ops.logsumexp(z, axis=-1, keepdims=True)))(sharp(3, None)(pooled(x))),
        logits,
        tf.nn.softmax,
        "softmax",
    ),
    "log softmax": Ending(
        lambda x: layers.Activation("log_softmax")(sharp(3, None)(pooled(x))), logits, tf.nn.softmax, "log_softmax"
    ),
    "sigmoids of one unit each": Ending(
        lambda x: layers.Concatenate()([sharp(1, "sigmoid", name)(pooled(x)) for name in "abc"]),
        lambda weights, x: tf.concat([logits(weights, x, name) for name in "abc"], 1),
        tf.sigmoid,
        "sigmoid",
    ),
    "a sigmoid map, flattened": Ending(
        lambda x: layers.Flatten()(layers.Conv2D(1, 4, 4, activation="sigmoid", name="map")(x)),
        lambda weights, x: tf.reshape(convolved(x, *weights("map"), stride=4), [-1, 4]),
        tf.sigmoid,
        "sigmoid",
    ),
    "a sigmoid map, pooled": Ending(
        lambda x: pooled(layers.Conv2D(3, 1, activation="sigmoid", name="map")(x)),
        lambda weights, x: tf.reduce_mean(tf.sigmoid(convolved(x, *weights("map"))), (1, 2)),
        SAME,
        "probability",
        "probability",
    ),
    "hard_sigmoid of one unit": Ending(
        lambda x: sharp(1, "hard_sigmoid")(pooled(x)),
        lambda weights, x: two_sides(tf.clip_by_value(logits(weights, x) / 6 + 0.5, 0, 1)),
        SAME,
        "probability",
        "probability",
    ),
    "one unit, declared binary": Ending(
        lambda x: sharp(1, None)(pooled(x)),
        lambda weights, x: tf.concat([-logits(weights, x), logits(weights, x)], 1),
        tf.sigmoid,
        "linear",
        task="binary",
    ),
    "shape (B, K, 1)": Ending(
        lambda x: layers.Reshape((3, 1))(sharp(3, "softmax")(pooled(x))), logits, tf.nn.softmax, "softmax"
    ),
    "shape (B,)": Ending(
        lambda x: ops.squeeze(sharp(1, "sigmoid")(pooled(x)), -1),
        lambda weights, x: tf.concat([-logits(weights, x), logits(weights, x)], 1),
        tf.sigmoid,
        "sigmoid",
    ),
}


@pytest.fixture(params=ENDINGS)
def ended(request: pytest.FixtureRequest) -> tuple[Any, Ending]:
    ending = ENDINGS[request.param]
    image = keras.Input(SHAPE)
    model = keras.Model(image, ending.layers(conv("conv1", 4, 1)(image)))
    if ending.task:
        declare_task(model, ending.task)
    return model, ending


def test_scores_probabilities_and_maps_are_those_by_hand(ended: tuple[Any, Ending]) -> None:
    model, ending = ended
    given = tf.constant(images())
    with tf.GradientTape() as tape:
        tape.watch(given)
        conv1 = relu_conv(given, *weights_of(model)("conv1"))
        scores = ending.score(weights_of(model), conv1)
        score = tf.gather(scores, CLASSES, batch_dims=1)
    at_image, at_layer = tape.gradient(score, [given, conv1])
    found = Explainer(model)(images(), CLASSES)
    assert_equal(found.logits, scores.numpy())
    np.testing.assert_allclose(found.probabilities, ending.probabilities(scores).numpy(), atol=2e-6)
    assert_equal(found.saliency, np.abs(at_image.numpy()).max(axis=-1), share=5e-5, least=1e-5)
    cam = np.maximum(np.einsum("bhwc,bc->bhw", conv1.numpy(), at_layer.numpy().mean(axis=(1, 2))), 0)
    np.testing.assert_allclose(GradCAM(model, "conv1")(images(), CLASSES), cam, atol=5e-5 * np.abs(cam).max() + 1e-8)


def test_inspect_model_says_which_it_is(ended: tuple[Any, Ending]) -> None:
    model, ending = ended
    verdict = inspect_model(model, images())
    assert (verdict.head, verdict.unit) == (ending.head, ending.unit)
    assert ("no logit lies behind" in str(verdict.warning)) == (ending.unit == "probability")


def test_one_unit_without_an_activation_is_not_guessed() -> None:
    model = keras.Sequential([keras.Input(SHAPE), conv("conv1", 4, 1), layers.Flatten(), dense(1, None)])
    verdict = inspect_model(model, images())
    assert (verdict.task, verdict.unit, verdict.classes) == ("binary or regression", "answer", 1)
    assert verdict.warning is not None and "--task binary or --task regression" in verdict.warning
    found = Explainer(model)(images())
    np.testing.assert_allclose(found.logits, model(images()), rtol=1e-5)
    assert np.isnan(found.probabilities).all()


def test_a_regression_has_no_probability() -> None:
    model = keras.Sequential([keras.Input(SHAPE), conv("conv1", 4, 1), layers.Flatten(), dense(2, None)])
    assert np.isfinite(Explainer(model)(images()).probabilities).all()
    declare_task(model, "regression")
    assert np.isnan(Explainer(model)(images()).probabilities).all()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([0 * kernel, 0 * bias + 0.5])  # within 0..1, which says nothing of a number
    verdict = inspect_model(model, images())
    assert (verdict.task, verdict.unit) == ("regression", "answer")
    assert verdict.warning == OF_NUMBERS


def test_a_task_that_the_head_contradicts_is_refused() -> None:
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense(3)])
    declare_task(model, "regression")
    with pytest.raises(ValueError, match=r"without an activation.*answers 3 by softmax. Leave --task out"):
        Saliency(model)
    declare_task(model, None)
    Saliency(model)
    with pytest.raises(ValueError, match=r"Expected the task 'binary', 'regression', 'labels'. Received 'bin'"):
        declare_task(model, "bin")


def test_a_linear_head_that_answers_only_within_0_and_1_is_said() -> None:
    """A dense layer without an activation whose answers stay small: nothing bounds it, so it is a logit, with a remark."""
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense(3, None)])
    model.layers[-1].set_weights([np.full((192, 3), 1e-9), np.float32([0.2, 0.3, 0.5])])
    verdict = inspect_model(model, images())
    assert verdict.head == "linear"
    assert verdict.warning is not None and "only within 0..1" in verdict.warning


def test_a_relu_at_the_end_is_no_probability() -> None:
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense(3, None), layers.ReLU()])
    kernel, bias = model.layers[1].get_weights()
    model.layers[1].set_weights([kernel / 100, bias * 0 + 0.5])
    assert 0 < np.asarray(model(images())).max() < 1, "the case is trivial"
    assert inspect_model(model, images()).head == "linear"


@pytest.mark.parametrize("count", [1, 3])
def test_percentages_are_refused(count: int) -> None:
    image = keras.Input(SHAPE)
    model = keras.Model(image, 100 * dense(3)(layers.Flatten()(image)))
    with pytest.raises(
        ValueError, match=r"sum to 100 for every image, as percentages do. Let the model end in its softmax"
    ):
        Saliency(model)(images(count=count))


def test_quantities_that_do_not_sum_to_one_number_are_taken() -> None:
    image = keras.Input(SHAPE)
    model = keras.Model(image, 100 * dense(3, "sigmoid")(layers.Flatten()(image)))
    assert inspect_model(model, images()).head == "linear"
