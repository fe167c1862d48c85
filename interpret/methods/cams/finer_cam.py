"""Finer-CAM: what sets the class apart from the classes that are like it.

Zhang, Gu, Chowdhury, Mai, Carlyn, Berger-Wolf, Su, Chao, "Finer-CAM: Spotting the Difference Reveals Finer Details for Visual
Explanation", CVPR 2025, arXiv:2501.11309. With y[c] the logit of the class, d_1..d_T the classes whose logits are nearest to it
and gamma the strength of the comparison, it is Grad-CAM of the score

    y[c] - gamma * mean over t of y[d_t]

With `versus` named, the one class that it is compared with is that one: y[c] - gamma * y[versus], which for gamma = 1 is what
every method explains for `versus`.
"""

from __future__ import annotations

from typing import Any

from ...arguments import at_least
from ...given import Layer, takes_given
from ...tracing.batched_graph import Compute
from ...tracing.layer_choice import spatial_layer
from ...tracing.traced_model import Taps, gradients
from ..attribution import Attribution
from ..class_activation import class_activation, grad_cam

_LIKE = 3  # classes compared with


class FinerCAM(Attribution):
    """Finer-CAM: Grad-CAM of the class's logit less those of the classes nearest to it.

    Args:
        model: A Keras model of at least two classes.
        layer: Name of a layer with a map of places; None for the last convolution.
        gamma: Strength of the comparison, from 0 (Grad-CAM) to 1.
        like: How many classes to compare with, at least 1; all others where there are fewer.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0.

    Raises:
        ValueError: The model answers one number, so that no other class is there to compare with.

    Example:
        >>> FinerCAM(model, like=1)(data, classes="Shirt").shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layer: Layer | None = None,
        gamma: float = 1.0,
        like: int = _LIKE,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        if not 0 <= gamma <= 1:
            raise ValueError(f"Expected gamma from 0 to 1. Received {gamma!r}. Give 1 for the full comparison.")
        self.gamma, self.like = gamma, at_least("like", like, 1)
        super().__init__(model, finer_at(layer, gamma, self.like), output=output, wrt=wrt)


def finer_at(layer: str | None, gamma: float = 1.0, like: int = _LIKE) -> Compute:
    """The map of a layer, as what a program computes."""

    def compute(taps: Taps, scores: Any) -> dict[str, Any]:
        chosen = spatial_layer(taps, layer)
        compared = _compared(taps.logits, scores, gamma, like)
        (slope,) = gradients(compared, {f"layer {chosen.name!r}": chosen.tensor})
        return {"map": class_activation(chosen, slope, grad_cam)}

    return compute


def _compared(logits: Any, scores: Any, gamma: float, like: int) -> Any:
    """float32[B]: the class's logit less gamma times the mean of those that it is compared with."""
    import tensorflow as tf

    classes = logits.shape[-1]
    if classes < 2:
        raise ValueError(
            "Expected a model of two classes or more to compare. Received one that answers one number. Use GradCAM."
        )
    (asked,) = gradients(scores, {"the logits": logits})  # 1 at the class, -1 at the one named by versus
    own, named = tf.nn.relu(asked), tf.nn.relu(-asked)
    logit = tf.reduce_sum(own * logits, axis=-1, keepdims=True)
    nearness = tf.where(own > 0, -float("inf"), -tf.abs(logits - logit))
    _, nearest = tf.math.top_k(tf.stop_gradient(nearness), k=min(like, classes - 1))
    alike = tf.reduce_mean(tf.one_hot(nearest, classes), axis=1)
    is_named = tf.reduce_any(named > 0, axis=-1, keepdims=True)
    weights = tf.stop_gradient(own - gamma * tf.where(is_named, named, alike))
    return tf.reduce_sum(weights * logits, axis=-1)
