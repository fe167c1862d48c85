"""The shipped model as anybody would put it behind HTTP: its logits, and HiResCAM of conv2, as functions of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np


def started(threads: int = 1) -> tuple[Any, Any]:
    """TensorFlow, and the shipped model with its convolution and its logits as outputs."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras

    from featurelens.models import load_model

    model = load_model("zero_padded_dropout")
    inputs = value = keras.Input(model.input_shape[1:])
    conv = None
    for layer in model.layers[:-1]:
        value = layer(value)
        conv = value if layer.name == "conv2" else conv
    head = keras.layers.Dense(10)
    logits = head(value)
    head.set_weights(model.layers[-1].get_weights())
    return tf, keras.Model(inputs, [conv, logits])


def functions(tf: Any, both: Any) -> tuple[Any, Any]:
    """Predict and explain of a batch, each a tf.function."""
    shape = tf.TensorSpec((None, 28, 28, 1), tf.float32)

    @tf.function(input_signature=[shape])
    def predict(images: Any) -> Any:
        return both(images, training=False)[1]

    @tf.function(input_signature=[shape])
    def explain(images: Any) -> Any:
        with tf.GradientTape() as tape:
            conv, logits = both(images, training=False)
            score = tf.reduce_max(logits, axis=1)
        return logits, tf.reduce_sum(conv * tape.gradient(score, conv), axis=-1)

    return predict, explain


def pixels(raw: bytes) -> np.ndarray:
    """From a PNG to the model\'s input."""
    import cv2

    found = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert found is not None  # of the benchmark's own picture
    return (found.astype(np.float32) / 255)[..., np.newaxis]


def told(logits: np.ndarray, maps: np.ndarray | None = None) -> dict[str, Any]:
    """The answer."""
    told = {"class": int(logits.argmax()), "logits": logits.tolist()}
    return told if maps is None else {**told, "map": maps.tolist()}
