"""Batch normalisation folded: the logits and slopes of the plain graph, the model untouched, and what cannot be is not."""

from __future__ import annotations

import hashlib

import keras
import numpy as np
import pytest
from small_models import SHAPE, dense, images, seeded, sequential

from featurelens.interpret.methods.class_activation import at_layer, hi_res_cam
from featurelens.interpret.methods.gradients import at_image
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.folding import folding_of
from featurelens.interpret.tracing.traced_model import TracedModel

layers = keras.layers
FEW_ROUNDINGS = 30 * np.finfo(np.float32).eps  # of the largest logit: sums of up to 36 products, in another order


def norm(name="norm", **settings):
    return layers.BatchNormalization(name=name, **settings)


def plain(filters=4, name="conv", **settings):
    return layers.Conv2D(filters, 3, name=name, **{**seeded(1), **settings})


def closed(image, tensor):
    return with_statistics(keras.Model(image, dense()(layers.Flatten()(layers.ReLU()(tensor)))))


def with_statistics(model):
    """Moving statistics, scales and shifts of their own in every batch normalisation."""
    draw = np.random.default_rng(5)
    for layer in model._flatten_layers():
        for weight in layer.weights if isinstance(layer, layers.BatchNormalization) else ():
            weight.assign(
                draw.uniform(0.3, 1.7, weight.shape)
                * (1 if "variance" in weight.name else draw.choice([-1, 1], weight.shape))
            )
    return model


def straight(*parts):
    def build():
        image = keras.Input(SHAPE)
        tensor = image
        for part in parts:
            tensor = part()(tensor)
        return closed(image, tensor)

    return build


def twice():
    """One convolution and one normalisation, each called twice, in a crosswise way."""
    image, conv, one, other = keras.Input(SHAPE), plain(padding="same"), norm("one"), norm("other")
    return closed(image, layers.Add()([one(conv(image)), other(conv(layers.ReLU()(image - 0.5)))]))


def shared_normalisation():
    image, same = keras.Input(SHAPE), norm()
    return closed(image, layers.Add()([same(plain(name="a")(image)), same(plain(name="b", **seeded(4))(image))]))


def read_twice():
    """The convolution is read by the normalisation and by another layer."""
    image = keras.Input(SHAPE)
    maps = plain()(image)
    return closed(image, layers.Add()([norm()(maps), maps]))


def nested():
    inner = keras.Input(SHAPE)
    part = keras.Model(inner, layers.ReLU()(norm()(plain()(inner))), name="part")
    image = keras.Input(SHAPE)
    return closed(image, norm("outer")(plain(name="last")(part(image))))


def frozen():
    model = straight(plain, norm)()
    model.trainable = False
    return model


FOLDED = {
    "with a bias": (straight(plain, norm), 1),
    "without a bias": (straight(lambda: plain(use_bias=False), norm), 1),
    "no scale": (straight(plain, lambda: norm(scale=False)), 1),
    "no shift": (straight(plain, lambda: norm(center=False)), 1),
    "strided, same": (straight(lambda: plain(strides=2, padding="same"), norm), 1),
    "dilated": (straight(lambda: plain(dilation_rate=2), norm), 1),
    "in groups": (straight(lambda: plain(6, groups=3), norm), 1),
    "depthwise": (
        straight(lambda: layers.DepthwiseConv2D(3, strides=2, padding="same", **seeded(4, "depthwise")), norm),
        1,
    ),
    "depthwise, two maps of each": (
        straight(lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False), norm),
        1,
    ),
    "a convolution called twice": (twice, 2),
    "a normalisation called twice": (shared_normalisation, 2),
    "read by another layer too": (read_twice, 1),
    "nested": (nested, 2),
    "frozen": (frozen, 1),
    "two in a row": (straight(plain, norm, lambda: norm("again")), 1),
}


class OwnConvolution(layers.Conv2D):
    """A convolution that does something else besides."""

    def call(self, inputs):
        return super().call(inputs) * inputs[:, 2:, 2:, :1]


class AlwaysTraining(keras.Model):
    """Normalises by the statistics of the batch, also at prediction."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.end = plain(), norm(), [layers.Flatten(), dense()]

    def call(self, inputs, training=False):
        tensor = self.norm(self.conv(inputs), training=True)
        for layer in self.end:
            tensor = layer(tensor)
        return tensor


def halved():
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        return straight(plain, norm)()
    finally:
        keras.mixed_precision.set_dtype_policy(before)


LEFT = {
    "an activation of its own": straight(lambda: plain(activation="relu"), norm),
    "something between": straight(plain, layers.ZeroPadding2D, norm),
    "over the rows": straight(plain, lambda: norm(axis=1)),
    "a class of one's own": straight(lambda: OwnConvolution(4, 3, **seeded(1)), norm),
    "transposed": straight(lambda: layers.Conv2DTranspose(4, 3, **seeded(1)), norm),
    "half precision": halved,
    "units": straight(layers.Flatten, lambda: layers.Dense(7, name="units", **seeded(1)), norm),
}


def slopes(taps, scores):
    return {"slope": at_image(lambda _, slope, axes: slope)(taps, scores)["map"]}


def both(model, compute=slopes, fold=()):
    """What the plain and the folded graph give, and the folded layers."""
    made = [Program(TracedModel(model, fold=each), compute) for each in (None, fold)]
    given = images(count=4)
    return (*(program.run(given) for program in made), made[1].traced.folded)


def same(found, expected):
    for name in set(expected) - {"classes"}:
        np.testing.assert_allclose(
            found[name], expected[name], atol=FEW_ROUNDINGS * np.abs(expected[name]).max(), err_msg=name
        )


@pytest.mark.parametrize("kind", FOLDED)
def test_logits_and_slopes_are_those_of_the_plain_graph(kind):
    build, count = FOLDED[kind]
    expected, found, folded = both(build())
    assert len(folded) == count
    assert np.ptp(expected["logits"]) > 0.1 and np.abs(expected["slope"]).max() > 0.01, "the case is not trivial"
    same(found, expected)


@pytest.mark.parametrize("kind", LEFT)
def test_what_cannot_be_folded_is_left_as_it_is(kind):
    expected, found, folded = both(LEFT[kind]())
    assert folded == ()
    np.testing.assert_array_equal(found["logits"], expected["logits"])


def test_training_mode_is_left_as_it_is():
    model = AlwaysTraining()
    model(images())
    traced = TracedModel(model, fold=())
    form = traced.form_of(images())
    import tensorflow as tf

    tf.function(lambda image: traced.trace(form, [image]).logits).get_concrete_function(tf.TensorSpec((4, *SHAPE)))
    assert traced.folded == ()


def test_a_layer_that_a_gradient_is_asked_of_is_not_folded():
    model = nested()
    with pytest.raises(ValueError, match="No gradient leads there"):
        both(model, at_layer("last", hi_res_cam))
    for name, path in (("last", "last"), ("conv", "part/conv"), ("part/conv", "part/conv"), ("last:0", "last")):
        expected, found, folded = both(model, at_layer(name.partition(":")[0], hi_res_cam), fold=(name,))
        assert len(folded) == 1 and path.replace("last", "outer").replace("conv", "norm") not in folded
        same(found, expected)


def test_what_a_folded_convolution_puts_out_can_still_be_read():
    def maps(taps, _):
        return {"maps": taps.find("conv").tensor, "normed": taps.find("norm").tensor}

    expected, found, _ = both(straight(plain, norm)(), maps)
    same(found, expected)


def test_the_models_weights_are_untouched_and_changed_ones_are_seen():
    def digest(model):
        return hashlib.sha256(b"".join(np.asarray(weight).tobytes() for weight in model.variables)).hexdigest()

    model = nested()
    before = digest(model)
    folded = Program(TracedModel(model, fold=()), slopes)
    first = folded.run(images())["logits"]
    assert digest(model) == before and all("call" not in vars(layer) for layer in model._flatten_layers())
    for layer in model._flatten_layers():
        for weight in layer.weights if isinstance(layer, (layers.Conv2D, layers.BatchNormalization)) else ():
            weight.assign(weight * 1.25)
    found = folded.run(images())
    assert np.abs(found["logits"] - first).max() > 0.1
    same(found, Program(TracedModel(model), slopes).run(images()))


def test_a_model_without_batch_normalisation_is_what_it_was():
    expected, found, folded = both(sequential())
    assert folded == ()
    np.testing.assert_array_equal(found["logits"], expected["logits"])


def test_the_record_tells_the_error_as_a_share_of_the_largest_logit():
    own = np.array([[1.0, -8.0], [2.0, 4.0]], np.float32)
    record = folding_of(own + np.float32([[0, 0.5], [0, 0]]), own, 7)
    assert (record.layers, record.error, record.images) == (7, 0.5 / 8, 2)
