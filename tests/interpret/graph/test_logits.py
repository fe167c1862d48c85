"""The logits are found behind any head, and only there."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import images, sequential

from featurelens.interpret import Explainer, Saliency
from featurelens.interpret.graph.head import Head
from featurelens.interpret.graph.logits import find_logits

pytestmark = pytest.mark.numeric

Z = np.array([[2.0, -1.0, 0.5], [-3.0, 0.0, 4.0]], np.float32)


def found(head: Any, z: np.ndarray = Z) -> tuple[np.ndarray, Head, str]:
    """What `find_logits` makes of head(z), with the name of the operation that it stopped at."""
    seen: list[Any] = []

    @tf.function(autograph=False)
    def traced(logits: tf.Tensor) -> tf.Tensor:
        values, kind = find_logits(head(logits))
        seen.extend([kind, values])
        return values

    values = traced(tf.constant(z)).numpy()
    return values, seen[0], seen[1].op.type


def head_of(kind: str) -> Head:
    return Head(kind, 3)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (tf.nn.softmax, "softmax"),
        (lambda z: tf.math.log(tf.nn.softmax(z)), "log_softmax"),
        (tf.sigmoid, "sigmoid"),
        (keras.activations.softmax, "softmax"),
        (lambda z: tf.identity(tf.identity(tf.nn.softmax(z))), "softmax"),
        (lambda z: tf.cast(tf.cast(tf.nn.softmax(z), tf.float64), tf.float32), "softmax"),
        (lambda z: tf.reshape(tf.nn.softmax(z), [-1, 1, 1, 3]), "softmax"),
        (lambda z: tf.squeeze(tf.nn.softmax(z[:, tf.newaxis]), 1), "softmax"),
        (tf.function(tf.nn.softmax), "softmax"),
        (lambda z: z, "linear"),
        (tf.nn.relu, "linear"),
    ],
)
def test_finds(head: Any, kind: str) -> None:
    values, found_head, _ = found(head)
    assert (found_head.kind, found_head.units, found_head.classes) == (kind, 3, 3)
    np.testing.assert_allclose(values, np.maximum(Z, 0) if head is tf.nn.relu else Z, rtol=1e-6)


def test_one_sigmoid_unit_is_two_classes() -> None:
    values, head, _ = found(tf.sigmoid, Z[:, :1])
    np.testing.assert_array_equal(values, [[-2, 2], [3, -3]])
    assert (head.is_binary, head.classes, head.units) == (True, 2, 1)
    # sigmoid(2) = 0.880797, sigmoid(-3) = 0.0474259: the unit is the probability of class 1
    np.testing.assert_allclose(head.answer(values)[:, 0], [0.880797, 0.0474259], rtol=1e-5)
    np.testing.assert_allclose(head.probabilities(values), [[0.119203, 0.880797], [0.952574, 0.0474259]], rtol=1e-5)


def test_a_softmax_on_the_way_is_not_the_head() -> None:
    values, head, _ = found(lambda z: tf.nn.softmax(z) * 100)
    assert head.kind == "linear"
    np.testing.assert_allclose(values, 100 * head_of("softmax").answer(Z), rtol=1e-5)


def test_a_softmax_over_other_axes_is_not_the_head() -> None:
    """Three answers gathered out of a softmax over six places are not three logits."""
    _, head, _ = found(lambda z: tf.reshape(tf.nn.softmax(tf.reshape(z, [-1, 6])), [-1, 3]))
    assert head.kind == "probability"


def test_large_logits_stay_finite() -> None:
    huge = np.array([[1e4, -1e4, 0.0]])
    np.testing.assert_array_equal(head_of("softmax").answer(huge), [[1, 0, 0]])
    np.testing.assert_array_equal(head_of("sigmoid").answer(huge), [[1, 0, 0.5]])
    assert np.isfinite(head_of("linear").probabilities(huge)).all()


@pytest.mark.parametrize("shape", [(8, 8, 4), (5, 3)])
def test_what_is_no_classifier_is_refused(shape: tuple[int, ...]) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Identity()])
    with pytest.raises(
        ValueError, match=r"one number per class, shape \(batch, classes\).*name an output that does with"
    ):
        Saliency(model)


def test_saturated_softmax_has_the_maps_of_its_logits() -> None:
    """Logits 200 times as large: the probabilities are 0 and 1, their gradient is 0, and the map is 200 times."""
    model = sequential()
    kernel, bias = model.layers[-1].get_weights()
    before = Explainer(model)(images(), 1)
    model.layers[-1].set_weights([200 * kernel, 200 * bias])
    after = Explainer(model)(images(), 1)
    assert after.probabilities.max() > 0.9999
    np.testing.assert_allclose(after.saliency, 200 * before.saliency, rtol=1e-4, atol=1e-4)


def test_float16_logits_come_as_float32() -> None:
    values, head, _ = found(lambda z: tf.nn.softmax(tf.cast(z, tf.float16)))
    assert (values.dtype, head.kind) == (np.float32, "softmax")
    np.testing.assert_array_equal(values, Z)
