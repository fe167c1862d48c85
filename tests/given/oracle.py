"""The answers by hand: a forward pass in plain TensorFlow operations, differentiated by GradientTape.

Nothing here goes through Keras's layers: a model only lends its weights. What the engine finds must equal this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

Weights = Callable[[str], list[tf.Tensor]]  # 'outer/inner' -> that layer's weights, in Keras's order
Forward = Callable[[Weights, list[tf.Tensor]], tuple[dict[str, tf.Tensor], tf.Tensor]]  # -> layers, logits

_SUMS = 2e-5  # of the largest value: sums of some hundred float32 numbers in another order


@dataclass(frozen=True, eq=False)
class Case:
    """A model, what it takes, and the same model by hand."""

    model: Any
    images: Any  # as the model takes them: an array, a list or a dict
    forward: Forward
    cam_layer: str  # what `layer=None` must find
    head: str = "softmax"
    output: str | None = None
    wrt: str | None = None
    image: int = 0  # which of the inputs the maps are of


@dataclass(frozen=True, eq=False)
class Answer:
    """What the engine must say."""

    logits: np.ndarray  # float32[B,K]
    layers: dict[str, np.ndarray]  # {layer: float32[B, ...]}
    grad_cam: np.ndarray  # float32[B,h,w]
    saliency: np.ndarray  # float32[B,H,W]


def by_hand(case: Case, classes: np.ndarray, versus: np.ndarray | None = None) -> Answer:
    """Everything that can be asked about these classes, from first principles."""
    given = list(case.images.values()) if isinstance(case.images, dict) else case.images
    inputs = [tf.constant(array) for array in (given if isinstance(given, list) else [given])]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        layers, logits = case.forward(weights_of(case.model), inputs)
        if case.head == "sigmoid" and logits.shape[1] == 1:
            logits = tf.concat([-logits, logits], axis=1)
        score = tf.gather(logits, classes, batch_dims=1)
        if versus is not None:
            score -= tf.gather(logits, versus, batch_dims=1)
    at_layer, at_image = tape.gradient(score, [layers[case.cam_layer], inputs[case.image]])
    return Answer(
        logits=logits.numpy(),
        layers={name: tf.cast(tensor, tf.float32).numpy() for name, tensor in layers.items()},
        grad_cam=cam(tf.cast(layers[case.cam_layer], tf.float32).numpy(), tf.cast(at_layer, tf.float32).numpy()),
        saliency=np.abs(at_image.numpy()).max(axis=-1),
    )


def cam(activations: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Grad-CAM, equations 1 and 2, as loops: the sum over channels of mean slope times activation, cut at zero."""
    maps = np.zeros(activations.shape[:3])
    for image in range(len(maps)):
        for channel in range(activations.shape[3]):
            maps[image] += slope[image, :, :, channel].mean() * activations[image, :, :, channel]
    return np.maximum(maps, 0)


def weights_of(model: Any) -> Weights:
    """The weights of a layer by its path, as tensors."""

    def weights(path: str) -> list[tf.Tensor]:
        layer = model
        for name in path.split("/"):
            (layer,) = [inner for inner in layer.layers if inner.name == name]
        return [tf.constant(array) for array in layer.get_weights()]

    return weights


def assert_equal(actual: np.ndarray, expected: np.ndarray, share: float = _SUMS, least: float = 1e-3) -> None:
    """Equal to `share` of the largest value, for an answer that is not trivial."""
    assert actual.dtype == np.float32
    assert actual.shape == expected.shape
    largest = np.abs(expected).max()
    assert largest > least, "the case is trivial: everything is zero"
    difference = np.abs(actual - expected).max()
    assert difference <= share * largest, f"differs by {difference}, largest value {largest}"
