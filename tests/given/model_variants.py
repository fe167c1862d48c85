"""Every head, input and layer that a model may have, each with the same model by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from oracle import Case
from small_models import (
    SHAPE,
    chained,
    conv,
    dense,
    flat,
    images,
    linear,
    plain_forward,
    plain_layers,
    relu_conv,
    seeded,
    sequential,
)

layers = keras.layers


def ending(*last: Any) -> Case:
    model = keras.Sequential([sequential(head=dense(activation=None)), *last])
    flattened = keras.Sequential([keras.Input(SHAPE), *model.layers[0].layers, *last])
    return Case(flattened, images(), plain_forward, "conv2")


def ops_softmax() -> Case:
    image = keras.Input(SHAPE)
    logits = chained(image, plain_layers(dense(activation=None)))
    return Case(keras.Model(image, keras.ops.softmax(logits)), images(), plain_forward, "conv2")


def headed(units: int, activation: str | None, kind: str) -> Case:
    return Case(sequential(head=dense(units, activation)), images(), plain_forward, "conv2", head=kind)


def rescaling() -> Case:
    model = sequential(layers.Rescaling(1 / 127.5, offset=-1))
    return Case(model, images() * 255, partial(plain_forward, before=lambda x: x / 127.5 - 1), "conv2")


def normalization() -> Case:
    mean, variance = np.float32([0.3, 0.5, 0.7]), np.float32([0.04, 0.09, 0.16])
    model = sequential(layers.Normalization(mean=mean, variance=variance))
    return Case(model, images(), partial(plain_forward, before=lambda x: (x - mean) / np.sqrt(variance)), "conv2")


def augmentation() -> Case:
    model = sequential(layers.RandomFlip(), layers.RandomRotation(0.3), layers.GaussianNoise(0.5))
    return Case(model, images(), plain_forward, "conv2")


def regularised() -> Case:
    """Dropout off; batch normalisation with its moving statistics, which differ from those of the batch."""

    def forward(weights, inputs):
        gamma, beta, mean, variance = weights("norm")
        conv1 = relu_conv(inputs[0], *weights("conv1"))
        normed = (conv1 - mean) / tf.sqrt(variance + 1e-3) * gamma + beta
        return {"conv1": conv1, "norm": normed}, linear(flat(normed), *weights("dense"))

    parts = [conv("conv1", 4, 1), layers.BatchNormalization(name="norm"), layers.Dropout(0.5), layers.Flatten()]
    model = keras.Sequential([keras.Input(SHAPE), *parts, dense()])
    model.get_layer("norm").set_weights([np.float32([1, 2, -1, 0.5]) * k for k in (1, 0.1, 0.2)] + [np.full(4, 0.3)])
    return Case(model, images(), forward, "conv1")


def frozen() -> Case:
    model = sequential()
    model.trainable = False
    return Case(model, images(), plain_forward, "conv2")


def mixed(policy: str) -> Case:
    """In float32 by hand, with the weights rounded to what the layers compute with; nothing else is rounded."""

    def rounded(tensor):
        return tf.cast(tf.cast(tensor, policy.removeprefix("mixed_")), tf.float32)

    def smooth_conv(tensor, kernel, bias):
        return tf.nn.softplus(tf.nn.conv2d(tensor, rounded(kernel), 1, "SAME") + rounded(bias))

    def forward(weights, inputs):
        conv1 = smooth_conv(inputs[0], *weights("conv1"))
        pool = tf.nn.avg_pool2d(conv1, 2, 2, "VALID")
        conv2 = smooth_conv(pool, *weights("conv2"))
        return {"conv1": conv1, "pool": pool, "conv2": conv2}, linear(flat(conv2), *map(rounded, weights("dense")))

    def conv(name: str, filters: int, seed: int) -> Any:
        return layers.Conv2D(filters, 3, padding="same", activation="softplus", name=name, **seeded(seed))

    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        parts = [conv("conv1", 4, 1), layers.AveragePooling2D(2, name="pool"), conv("conv2", 5, 2)]
        model = keras.Sequential([keras.Input(SHAPE), *parts, layers.Flatten(), dense()])
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    return Case(model, images(), forward, "conv2")


def dict_inputs() -> Case:
    def forward(weights, inputs):
        conv1 = relu_conv(inputs[0], *weights("conv1"))
        return {"conv1": conv1}, linear(tf.concat([flat(conv1), inputs[1]], 1), *weights("dense"))

    picture, age = keras.Input(SHAPE, name="picture"), keras.Input((2,), name="age")
    joined = layers.Concatenate()([layers.Flatten()(conv("conv1", 4, 1)(picture)), age])
    model = keras.Model({"picture": picture, "age": age}, dense()(joined))
    return Case(model, {"picture": images(), "age": images((2,))}, forward, "conv1")


def two_images(wrt: str) -> Case:
    def forward(weights, inputs):
        left, right = (relu_conv(image, *weights("conv1")) for image in inputs)
        return {"conv1": left, "conv1:1": right}, linear(flat(left * right), *weights("dense"))

    left, right, twin = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right"), conv("conv1", 4, 1)
    model = keras.Model([left, right], dense()(layers.Flatten()(layers.Multiply()([twin(left), twin(right)]))))
    branch = ["left", "right"].index(wrt)  # the last convolution that this image reaches
    return Case(model, [images(), images(seed=9)], forward, ["conv1", "conv1:1"][branch], wrt=wrt, image=branch)


def two_outputs() -> Case:
    image = keras.Input(SHAPE)
    shared = chained(image, plain_layers()[:4])
    model = keras.Model(image, [dense(2, "sigmoid", "size")(shared), dense()(shared)])
    return Case(model, images(), plain_forward, "conv2", output="dense")


def open_sizes() -> Case:
    def forward(weights, inputs):
        conv1 = relu_conv(inputs[0], *weights("conv1"))
        return {"conv1": conv1}, linear(tf.reduce_mean(conv1, (1, 2)), *weights("dense"))

    model = keras.Sequential(
        [keras.Input((None, None, 3)), conv("conv1", 4, 1), layers.GlobalAveragePooling2D(), dense()]
    )
    return Case(model, images((9, 7, 3)), forward, "conv1")


def channels(count: int) -> Case:
    return Case(sequential(shape=(8, 8, count)), images((8, 8, count)), plain_forward, "conv2")


def one_layer(layer: Any, by_hand: Any) -> Case:
    def forward(weights, inputs):
        out = by_hand(inputs[0], *weights(layer.name))
        return {layer.name: out}, linear(flat(out), *weights("dense"))

    return Case(keras.Sequential([keras.Input(SHAPE), layer, layers.Flatten(), dense()]), images(), forward, layer.name)


def separable() -> Case:
    start = {"pointwise_initializer": seeded(5)["kernel_initializer"], **seeded(4, "depthwise")}
    layer = layers.SeparableConv2D(4, 3, depth_multiplier=2, name="separable", **start)
    return one_layer(
        layer, lambda x, deep, point, bias: tf.nn.separable_conv2d(x, deep, point, [1, 1, 1, 1], "VALID") + bias
    )


def depthwise() -> Case:
    layer = layers.DepthwiseConv2D(3, name="depthwise", **seeded(4, "depthwise"))
    return one_layer(layer, lambda x, kernel, bias: tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "VALID") + bias)


def transposed() -> Case:
    layer = layers.Conv2DTranspose(4, 3, 2, "same", name="transposed", **seeded(4))
    return one_layer(
        layer, lambda x, kernel, bias: tf.nn.conv2d_transpose(x, kernel, [len(x), 16, 16, 4], 2, "SAME") + bias
    )


def dilated() -> Case:
    def by_hand(image, kernel, bias):
        spread = tf.scatter_nd(  # a 5x5 kernel with zeros between the taps
            [[row, column] for row in (0, 2, 4) for column in (0, 2, 4)], tf.reshape(kernel, [9, 3, 4]), [5, 5, 3, 4]
        )
        return relu_conv(image, spread, bias, padding="VALID")

    return one_layer(layers.Conv2D(4, 3, dilation_rate=2, activation="relu", name="dilated", **seeded(4)), by_hand)


def strided() -> Case:
    layer = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="strided", **seeded(4))
    return one_layer(layer, partial(relu_conv, stride=2))


VARIANTS = {
    "Softmax layer": lambda: ending(layers.Softmax()),
    "Activation layer": lambda: ending(layers.Activation("softmax")),
    "softmax by keras.ops": ops_softmax,
    "logits": partial(headed, 3, None, "linear"),
    "one sigmoid unit": partial(headed, 1, "sigmoid", "sigmoid"),
    "several sigmoid units": partial(headed, 3, "sigmoid", "sigmoid"),
    "Rescaling inside": rescaling,
    "Normalization inside": normalization,
    "augmentation inside": augmentation,
    "dropout and batch normalisation": regularised,
    "frozen": frozen,
    "mixed_float16": partial(mixed, "mixed_float16"),
    "mixed_bfloat16": partial(mixed, "mixed_bfloat16"),
    "inputs as a dict": dict_inputs,
    "inputs as a list, of the first": partial(two_images, "left"),
    "inputs as a list, of the second": partial(two_images, "right"),
    "several outputs": two_outputs,
    "open sizes": open_sizes,
    "1 channel": partial(channels, 1),
    "4 channels": partial(channels, 4),
    "SeparableConv2D": separable,
    "DepthwiseConv2D": depthwise,
    "Conv2DTranspose": transposed,
    "dilated convolution": dilated,
    "strided convolution": strided,
}
