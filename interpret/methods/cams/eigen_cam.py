"""Eigen-CAM: the first principal component of a layer's activations.

Muhammad, Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", IJCNN 2020, arXiv:2008.00299. With A the
activations of one image as a matrix [places, channels]:

    A = U S V'                       (eq. 3)
    map = A v, v the first column of V

It asks for no class and no gradient: it shows what the layer holds, and is the same for every class. Departure: a singular vector
has no sign of its own; here it is the one that makes the map's sum positive, so that a layer after its ReLU has a map of at
least 0. The activations are not centred, as in the paper.
"""

from __future__ import annotations

from typing import Any

from ...given import Layer, takes_given
from ...tracing.batched_graph import Compute
from ...tracing.layer_choice import spatial_layer
from ...tracing.traced_model import Taps
from ..attribution import Attribution

_ROUNDING = 1e-6  # of the largest value: what is nearer to 0 is 0


class EigenCAM(Attribution):
    """Eigen-CAM: the activations along their first principal component; `classes` and `versus` change nothing.

    Args:
        model: A Keras model.
        layer: Name of a layer with a map of places; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, in units of the activation.

    Example:
        Two channels that are x and 2 * x: v = (1, 2) / sqrt(5), and the map is sqrt(5) * x.

        >>> EigenCAM(model)(data).shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        super().__init__(model, eigen_at(layer), output=output, wrt=wrt)


def eigen_at(layer: str | None) -> Compute:
    """The map of a layer, as what a program computes."""
    return lambda taps, _: {"map": first_component(_activations(taps, layer))}


def first_component(activations: Any) -> Any:
    """Activations [B, places..., C] along their first principal component: float32[B, places...], inside of a graph."""
    import tensorflow as tf

    shape = tf.shape(activations)
    places = activations.shape[1:-1].num_elements()  # None for an open size
    matrix: Any = tf.reshape(tf.cast(activations, tf.float32), [shape[0], places or -1, activations.shape[-1]])
    largest: Any = tf.reduce_max(tf.abs(matrix), axis=(1, 2), keepdims=True)
    scaled = tf.math.divide_no_nan(matrix, largest)  # its squares neither overflow nor vanish
    few = (
        matrix.shape[1] is not None and matrix.shape[1] < matrix.shape[2]
    )  # the smaller product has the same component
    squares = tf.matmul(scaled, scaled, transpose_a=not few, transpose_b=few)
    found: Any = tf.linalg.eigh(squares)  # in ascending order
    values, vectors = found
    length = largest[..., 0] * tf.sqrt(tf.nn.relu(values[..., -1:]))
    found = length * vectors[..., -1] if few else tf.linalg.matvec(matrix, vectors[..., -1])
    found *= tf.where(tf.reduce_sum(found, axis=1, keepdims=True) < 0, -1.0, 1.0)
    is_rounding = tf.abs(found) < _ROUNDING * tf.reduce_max(tf.abs(found), axis=1, keepdims=True)
    return tf.reshape(tf.where(is_rounding, 0.0, found), shape[:-1])


def _activations(taps: Taps, layer: str | None) -> Any:
    return spatial_layer(taps, layer).maps
