"""Models of 16 bits: explained in float32 with the weights that they compute with, held against float64 by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import dense, images, plain_forward, sequential

from featurelens.interpret import (
    ActivationExtractor,
    Explainer,
    GradCAM,
    IntegratedGradients,
    LayerwiseRelevance,
    Occlusion,
    Saliency,
    ScoreCAM,
    inspect_model,
)

pytestmark = pytest.mark.numeric

POLICIES = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16", "bfloat16": "bfloat16", "float16": "float16"}
EXACT = 2e-6  # of the largest value: sums in float32 beside float64


def under(policy: str, build: Any) -> Any:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return build()
    finally:
        keras.config.set_dtype_policy(before)


def smooth_pictures() -> np.ndarray:
    """Neighbours that 16 bits cannot tell apart, so that several of a pool are its largest."""
    ramp = np.linspace(0.5, 0.51, 8 * 8 * 3, dtype=np.float32).reshape(8, 8, 3)
    return np.stack([ramp, ramp[::-1], 1 - ramp])


def in_float64(model: Any, half: str, given: np.ndarray, classes: Any = 1) -> tuple[np.ndarray, np.ndarray]:
    """The plain network's logits and the slope at the image, with the weights rounded."""

    def weights(path: str) -> list[tf.Tensor]:
        return [tf.cast(tf.cast(each, half), tf.float64) for each in model.get_layer(path).get_weights()]

    image = tf.constant(given, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(image)
        _, logits = plain_forward(weights, [image], dtype="float64")
        score = tf.gather(logits, [classes] * len(given), batch_dims=1)
    return logits.numpy(), tape.gradient(score, image).numpy()


def close(found: np.ndarray, expected: np.ndarray, share: float = EXACT) -> bool:
    assert np.abs(expected).max() > 0, "the case is trivial"
    return bool(np.abs(found - expected).max() <= share * np.abs(expected).max())


@pytest.mark.parametrize("policy", POLICIES)
def test_a_map_of_16_bits_is_that_of_float64_with_the_same_weights(policy: str) -> None:
    model, given = under(policy, sequential), smooth_pictures()
    logits, slope = in_float64(model, POLICIES[policy], given)
    found = Explainer(model)(given, 1)
    assert close(found.logits, logits)
    assert close(found.saliency, np.abs(slope).max(axis=-1))


def test_a_slope_under_what_float16_can_write_is_no_zero() -> None:
    model, given = under("mixed_float16", sequential), images()
    for layer in (model.layers[0], model.layers[2]):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * 1e-4, bias])
    _, slope = in_float64(model, "float16", given)
    assert 0 < np.abs(slope).max() < 6e-8  # else float16 can write it
    assert close(Saliency(model)(given, 1), np.abs(slope).max(axis=-1), 1e-5)


@pytest.mark.parametrize("method", [IntegratedGradients, ScoreCAM, LayerwiseRelevance])
def test_every_method_gives_the_maps_of_a_twin_in_float32(method: Any) -> None:
    model, twin, given = under("mixed_bfloat16", sequential), sequential(), smooth_pictures()
    twin.set_weights([tf.cast(tf.cast(each, "bfloat16"), "float32").numpy() for each in model.get_weights()])
    assert close(method(model)(given, 1), method(twin)(given, 1))


def test_methods_that_run_forward_alone_see_what_16_bits_round_away() -> None:
    model, given = under("mixed_bfloat16", sequential), images()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + 100])  # bfloat16 writes 100, 100.5, 101
    found = Occlusion(model, patch=2, stride=2)(given, 1)
    model.layers[-1].set_weights([kernel, bias])
    assert close(found, Occlusion(model, patch=2, stride=2)(given, 1), 1e-3)


class Around(keras.layers.Layer):
    """A layer of 16 bits around one of float32."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.exact = keras.layers.Dense(2, dtype="float32", name="exact")

    def build(self, shape) -> None:
        self.scale = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.2345), name="scale")
        self.exact.build(shape)

    def call(self, inputs):
        return keras.ops.multiply(self.exact(inputs), self.scale)


def test_each_layer_rounds_its_own_weights_alone() -> None:
    around = Around(dtype="mixed_bfloat16", name="around")
    model, given = keras.Sequential([keras.Input((3,)), around]), images((3,))
    found = ActivationExtractor(model, ["exact", "around"])(given)
    expected = given @ around.exact.get_weights()[0]
    assert close(found["exact"], expected)
    assert close(found["around"], expected * float(tf.cast(tf.cast(1.2345, "bfloat16"), "float64")))


def test_the_policies_are_put_back_after_an_error_too() -> None:
    class Failing(keras.layers.Layer):
        def call(self, inputs):
            if self.compute_dtype != "float16":
                raise RuntimeError("on purpose")
            return inputs

    model = under("mixed_float16", lambda: sequential(Failing()))
    before = [layer.dtype_policy for layer in model.layers]
    with pytest.raises(RuntimeError, match="on purpose"):
        GradCAM(model)
    assert all(layer.dtype_policy is policy for layer, policy in zip(model.layers, before, strict=True))
    assert model.compute_dtype == "float16"


def test_explaining_leaves_the_answers_of_16_bits_as_they_are() -> None:
    model, given = under("mixed_bfloat16", sequential), images()
    before = np.asarray(model(given))
    Explainer(model)(given)
    np.testing.assert_array_equal(np.asarray(model(given)), before)


def test_it_is_said_with_how_far_the_own_answers_are() -> None:
    model, given = under("mixed_bfloat16", sequential), images()
    found = inspect_model(model, given)
    assert 1e-5 < found.logit_error < 4e-2  # bfloat16 has 8 digits, and processors round in places of their own
    assert "computes in bfloat16" in (found.warning or "")
    assert f"{found.logit_error:.1g} at most" in (found.warning or "")


def test_a_plain_model_says_nothing_of_precision() -> None:
    assert inspect_model(sequential()).warning is None


def test_what_stays_in_16_bits_is_said() -> None:
    class Coarse(keras.layers.Layer):
        def call(self, inputs):
            return tf.cast(tf.cast(inputs * 2, tf.bfloat16), tf.float32)

    found = inspect_model(sequential(Coarse()))
    assert "stay in bfloat16" in (found.warning or "")


def test_an_image_of_16_bits_is_said_to_stay_so() -> None:
    image = keras.Input((8, 8, 3), dtype="float16")
    model = keras.Model(image, dense()(keras.layers.Flatten()(image)))
    assert "stay in float16" in (inspect_model(model, images()).warning or "")


def test_answers_beyond_float16_are_refused_by_their_cause() -> None:
    model = under("mixed_float16", lambda: sequential(head=dense(activation="linear")))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 1e6, bias])
    with pytest.raises(ValueError, match=r"NaN or infinity.*ends at 65,504.*range of the images"):
        Explainer(model)(images())


def test_float64_is_explained_as_it_computes() -> None:
    model, given = under("float64", sequential), images()
    logits, slope = in_float64(model, "float64", given)
    found = Explainer(model)(given, 1)
    assert close(found.logits, logits)
    assert close(found.saliency, np.abs(slope).max(axis=-1))
