"""The tail of a model alone: its logits are the whole model's, other ways round the layer stay, nothing before it runs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import conv, dense, images, sequential

from featurelens.interpret.tracing.downstream import UNCHANGED, TailProgram
from featurelens.interpret.tracing.traced_model import TracedModel

pytestmark = pytest.mark.numeric

layers = keras.layers


def scaled(output, variants):
    """The output times 2 ** (variant + 1): once for `UNCHANGED`, twice for variant 0."""
    factors = 2.0 ** tf.cast(variants + 1, tf.float32)
    return output[:, tf.newaxis] * tf.reshape(factors, [1, -1, *([1] * (output.shape.rank - 1))])


def run(model, layer, given, variants, change=scaled, batch_size=256):
    """float32[B,V,K] and the logits before, from the stream of blocks."""
    tail = TailProgram(TracedModel(model), layer, change)
    first = given[0] if isinstance(given, list) else given
    before, after = {}, {}
    for block in tail.stream(given, np.asarray(variants), batch_size=batch_size):
        for image in range(block.rows.start, block.rows.stop):
            before[image] = block.before[image - block.rows.start]
            for place in range(block.variants.start, block.variants.stop):
                assert (image, place) not in after, "no pair twice"
                after[image, place] = block.after[image - block.rows.start, place - block.variants.start]
    pairs = [[after[image, place] for place in range(len(variants))] for image in range(len(first))]
    return np.array(pairs), np.array([before[image] for image in range(len(first))])


def residual(kernel=3.0):
    """logits = (1, -1) * mean(conv(x) + x) with a 1x1 convolution of weight `kernel`: (1, -1) * (kernel + 1) * mean(x)."""
    inputs = keras.Input((2, 2, 1))
    maps = layers.Conv2D(1, 1, use_bias=False, name="conv")(inputs)
    pooled = layers.GlobalAveragePooling2D()(layers.Add(name="add")([maps, inputs]))
    model = keras.Model(inputs, layers.Dense(2, use_bias=False, name="dense")(pooled))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), kernel)])
    model.get_layer("dense").set_weights([np.array([[1.0, -1.0]])])
    return model


def called_twice():
    """conv2 is called twice: the second call is 'conv2:1'."""
    inputs = keras.Input((8, 8, 3))
    twice = layers.Conv2D(3, 3, padding="same", activation="relu", name="conv2")
    maps = layers.Add()([twice(twice(inputs)), inputs])
    return keras.Model(inputs, dense()(layers.Flatten()(maps)))


def nested():
    base = keras.Sequential([keras.Input((8, 8, 3)), conv("conv1", 4, 1), conv("conv2", 5, 2)], name="base")
    return keras.Sequential([keras.Input((8, 8, 3)), base, layers.Flatten(), dense()])


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (sequential, "conv1"),
        (sequential, "conv2"),
        (sequential, "flatten"),
        (nested, "base/conv2"),
        (nested, "base"),
        (called_twice, "conv2"),
        (called_twice, "conv2:1"),
    ],
)
def test_on_its_own_output_the_tail_gives_the_models_logits(make, layer):
    after, before = run(make(), layer, images(count=5), [UNCHANGED, 0])
    assert np.abs(before).max() > 0.1
    np.testing.assert_allclose(after[:, 0], before, rtol=1e-5, atol=1e-5)
    assert np.abs(after[:, 1] - before).max() > 0.01, "the change does something"


def test_the_way_round_the_layer_stays():
    # logits (1, -1) * (3 f + 1) * mean(x) where the convolution's output is multiplied by f; mean(x) = 2.5
    picture = np.arange(1, 5, dtype=np.float32).reshape(1, 2, 2, 1)
    after, before = run(residual(), "conv", picture, [UNCHANGED, 0, 1])
    np.testing.assert_allclose(before[0], [10.0, -10.0], rtol=1e-6)
    np.testing.assert_allclose(after[0], [[10.0, -10.0], [17.5, -17.5], [32.5, -32.5]], rtol=1e-6)


def test_only_the_call_that_is_named_is_replaced():
    model, given = called_twice(), images(count=2)
    kernel, bias = model.get_layer("conv2").get_weights()
    twice = [tf.nn.relu(tf.nn.conv2d(given, kernel, 1, "SAME") + bias)]
    twice.append(tf.nn.relu(tf.nn.conv2d(twice[0], kernel, 1, "SAME") + bias))
    again = tf.nn.relu(tf.nn.conv2d(2 * twice[0], kernel, 1, "SAME") + bias)
    weights, offset = model.layers[-1].get_weights()
    for name, maps in (("conv2", again), ("conv2:1", 2 * twice[1])):
        expected = tf.reshape(maps + given, [2, -1]) @ weights + offset
        np.testing.assert_allclose(run(model, name, given, [0])[0][:, 0], expected, rtol=1e-4, atol=1e-4)


def test_nothing_before_the_layer_runs_again():
    runs = []

    @keras.saving.register_keras_serializable("tests")
    class Counting(layers.Layer):
        def call(self, inputs):
            seen = tf.numpy_function(lambda x: (runs.append(len(x)), x)[1], [inputs], tf.float32, stateful=False)
            return tf.ensure_shape(seen, inputs.shape)

        def compute_output_shape(self, input_shape):
            return input_shape

    model = keras.Sequential([keras.Input((8, 8, 3)), Counting(), conv("conv1", 4, 1), layers.Flatten(), dense()])
    tail = TailProgram(TracedModel(model), "conv1", scaled)
    tail.front.prepare(images(count=6))
    runs.clear()
    assert sum(block.after.shape[1] for block in tail.stream(images(count=6), np.arange(4), batch_size=6)) > 0
    assert runs == [6], "once for the layer's output, never for the variants"


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_every_image_meets_every_variant_whatever_the_batches(batch_size):
    given, variants = images(count=5), [0, UNCHANGED, 1, 0]
    expected, before = run(sequential(), "conv2", given, variants)
    found, same = run(sequential(), "conv2", given, variants, batch_size=batch_size)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(same, before, rtol=1e-5, atol=1e-5)


def test_the_model_is_left_as_it_was():
    model, given = sequential(), images()
    before, calls = model(given).numpy(), [layer.call for layer in model.layers]
    run(model, "conv2", given, [0])
    assert [layer.call for layer in model.layers] == calls
    np.testing.assert_array_equal(model(given).numpy(), before)


def test_a_layer_without_channels_is_refused_with_those_that_have_them():
    inputs = keras.Input((4, 4, 1))
    rows = layers.Reshape((16, 1), name="rows")(layers.Conv2D(2, 1, name="conv")(inputs)[..., :1])
    model = keras.Model(inputs, dense()(layers.Flatten(name="flatten")(rows)))
    with pytest.raises(ValueError, match=r"'rows' puts out \('B', 16, 1\).*Choose one of: .*conv, .*flatten, dense"):
        TailProgram(TracedModel(model), "rows", scaled)
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        TailProgram(TracedModel(model), "cnov", scaled)


def test_a_change_that_does_not_keep_the_output_is_refused():
    def broken(output, variants):
        return output[:, tf.newaxis] * tf.cast(variants + 3, tf.float32)[:, None, None, None]

    with pytest.raises(ValueError, match=r"tail after layer 'conv2' to give the model's logits.*differ by"):
        run(sequential(), "conv2", images(), [0], change=broken)
