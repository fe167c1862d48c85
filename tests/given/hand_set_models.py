"""Tiny models whose weights are set by hand, for the tests of the attribution methods."""

import numpy as np

from featurelens.interpret.methods.catalogue import METHODS

OF_TRANSFORMERS = ("Attention Rollout", "Gradient-weighted Rollout", "Token Grad-CAM")
CNN_METHODS = [known for known in METHODS if known.name not in OF_TRANSFORMERS]


def linear_cam_model(kernel, weights, activation=None, head=None):
    """Layer 'conv': a 1x1 convolution; then flatten and a dense layer of the given weights, no biases.

    Args:
        kernel: [C_in, C_out] of the 1x1 convolution.
        weights: [h, w, C_out, K] of the dense layer.
        activation: Of the convolution.
        head: Of the dense layer: None, 'softmax' or 'sigmoid'.
    """
    import keras

    kernel, weights = np.asarray(kernel, np.float32), np.asarray(weights, np.float32)
    height, width, _, units = weights.shape
    model = keras.Sequential(
        [
            keras.Input((height, width, kernel.shape[0])),
            keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False, activation=activation, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(units, use_bias=False, activation=head, name="logits"),
        ]
    )
    model.layers[0].set_weights([kernel[np.newaxis, np.newaxis]])
    model.layers[-1].set_weights([weights.reshape(-1, units)])
    return model


def random_cnn(seed, *, size=6, channels=2, classes=3, bias=True, head="softmax"):
    """Two 3x3 convolutions with ReLU ('conv1', 'conv2'), max pooling between them, one dense layer; seeded weights."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((size, size, channels)),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu", use_bias=bias, name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.Conv2D(5, 3, padding="same", activation="relu", use_bias=bias, name="conv2"),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation=head, use_bias=bias, name="dense"),
        ]
    )
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([draw.normal(0, 0.5, array.shape).astype(np.float32) for array in layer.get_weights()])
    return model


def random_images(seed, count, *, size=6, channels=2):
    """float32[count, size, size, channels] in 0..1."""
    return np.random.default_rng(seed).random((count, size, size, channels), dtype=np.float32)
