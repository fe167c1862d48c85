"""Class activation maps: where in a layer's map the evidence for a class lies.

Grad-CAM: Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization", ICCV 2017, arXiv:1610.02391. With A[i,j,k] the layer's activations and y the score:

    alpha[k] = mean over i,j of dy / dA[i,j,k]               (eq. 1)
    map[i,j] = ReLU( sum over k of alpha[k] * A[i,j,k] )     (eq. 2)

The map stays at the layer's own resolution and is not normalised: its unit is that of the score.
"""

from __future__ import annotations

from typing import Any

from .attribution import Attribution, gradients
from .spatial import spatial_layer
from .tracing import Taps


class GradCAM(Attribution):
    """Grad-CAM: channels of a layer weighted by their mean gradient, summed, negative evidence cut off.

    Args:
        model: A Keras model.
        layer: Name of a layer with a map of places; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0; all zero where nothing speaks for the class.

    Example:
        A model whose logit is 3 * mean(x), with a 1x1 convolution of weight 1 on a 2x2 image: dy/dA is 3/4
        everywhere, so the map is 0.75 * x.
    """

    def __init__(
        self, model: Any, layer: str | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            chosen = spatial_layer(taps, layer)
            (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
            return {"map": grad_cam(chosen.tensor, slope)}

        super().__init__(model, compute, output=output, wrt=wrt)


def grad_cam(activations: Any, slope: Any) -> Any:
    """Equations 1 and 2; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    weights = tf.reduce_mean(slope, axis=(1, 2))  # eq. 1
    evidence = tf.linalg.matvec(tf.cast(activations, tf.float32), weights[:, tf.newaxis, :])
    return tf.nn.relu(evidence)  # eq. 2
