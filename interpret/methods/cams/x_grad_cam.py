"""XGrad-CAM: Grad-CAM whose weights follow from two axioms.

Fu, Hu, Dong, Guo, Gao, Li, "Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs", BMVC 2020,
arXiv:2008.02312. With A[i,j,k] the layer's activations, y the score and g[i,j,k] = dy / dA[i,j,k]:

    w[k] = sum over i,j of A[i,j,k] / (sum over a,b of A[a,b,k]) * g[i,j,k]       (eq. 8)
    map[i,j] = ReLU( sum over k of w[k] * A[i,j,k] )

A channel then adds to the map's sum what its gradients times its activations say, so that before the cut the map sums to what
`HiResCAM` sums to: to the score, where linear layers without biases follow. A channel whose activations sum to 0 gets no weight.
"""

from __future__ import annotations

from typing import Any

from ...given import Layer, takes_given
from ..attribution import SumOverChannels
from ..class_activation import at_layer, parts_at, places, weighted


class XGradCAM(SumOverChannels):
    """XGrad-CAM: channels of a layer weighted by the mean of their gradients where they are active.

    Args and call as for `GradCAM`. Meant for a layer after its ReLU, where the activations are at least 0.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0.

    Example:
        The model of `GradCAM` with slopes (2, -1) on A = (3, 1): w = (3 * 2 - 1 * 1) / 4 = 1.25, the map is 1.25 * (3, 1), and
        sums to the score, 5.

        >>> XGradCAM(model)(data).shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        super().__init__(model, at_layer(layer, x_grad_cam), parts_at(layer, _weights), output=output, wrt=wrt)


def x_grad_cam(activations: Any, slope: Any) -> Any:
    """Equation 8 and the cut; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    maps = tf.cast(activations, tf.float32)
    weights = tf.squeeze(_weights(maps, slope), axis=places(maps))
    return tf.nn.relu(weighted(maps, weights))


def _weights(maps: Any, slope: Any) -> Any:
    """Equation 8: [B,1,1,C], inside of a graph."""
    import tensorflow as tf

    gain, total = (tf.reduce_sum(each, axis=places(maps), keepdims=True) for each in (maps * slope, maps))
    return tf.math.divide_no_nan(gain, total)
