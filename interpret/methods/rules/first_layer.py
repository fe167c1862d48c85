"""Relevance at the pixels: rules for the first layer, where a pixel of value 0 is a colour and not "nothing".

With x the pixels, l and h the lowest and the highest value that a pixel may have, w the weights, v+ = max(v, 0), v- = min(v, 0):

    box        c[i,j] = x[i] w[i,j] - l[i] w[i,j]+ - h[i] w[i,j]-        (z^B: Montavon, Lapuschkin, Binder, Samek, Müller,
    w_square   c[i,j] = w[i,j]^2                                          "Explaining NonLinear Classification Decisions with
                                                                          Deep Taylor Decomposition", 2017, arXiv:1512.02479)
    flat       c[i,j] = 1                                                (Lapuschkin et al., "Unmasking Clever Hans
                                                                          Predictors", 2019, doi:10.1038/s41467-019-08987-4)

    R[i] = sum over j of c[i,j] / (sum over i of c[i,j]) * R[j]

Biases get nothing, so the sum is kept. A place that padding made, by a layer of its own too, is no pixel and gets nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...graph.ways import leads_to
from ..relevance_rules import Linear, stabilised

if TYPE_CHECKING:
    import tensorflow as tf

_ALIKE = ("Identity", "Cast", "EnsureShape", "StopGradient", "PreventGradient")
_PLACED = (*_ALIKE, "Pad", "PadV2", "SpaceToBatchND", "Reshape", "Squeeze", "ExpandDims", "Transpose")
_AFFINE = ("Mul", "AddV2", "Add", "Sub", "RealDiv", "BiasAdd")


def flat_relevance(linear: Linear, relevance: tf.Tensor, epsilon: float, image: tf.Tensor) -> tf.Tensor:
    """Each input that leads to an output gets the same share."""
    import tensorflow as tf

    return _by_weights(linear, tf.ones_like(linear.weights()), relevance, epsilon, image)


def w_square_relevance(linear: Linear, relevance: tf.Tensor, epsilon: float, image: tf.Tensor) -> tf.Tensor:
    """Each input gets a share by the square of its weight, whatever its value."""
    import tensorflow as tf

    return _by_weights(linear, tf.square(linear.weights()), relevance, epsilon, image)


def box_relevance(
    linear: Linear, relevance: tf.Tensor, epsilon: float, image: tf.Tensor, limits: tuple[float | None, float | None]
) -> tf.Tensor:
    """Each input gets a share by how far it is from the end of the box that would give nothing.

    Args:
        linear: The first layer.
        relevance: Of its outputs.
        epsilon: What keeps the division from 0.
        image: What the model was given, [B, ...].
        limits: Lowest and highest value of a pixel of it; None for that of the image itself.

    Raises:
        ValueError: Between image and layer is something other than a scale, a shift or padding: the box has no ends there.
    """
    import tensorflow as tf

    weights, there = linear.weights(), _present(linear.source, image)
    source = tf.stop_gradient(tf.cast(linear.source, tf.float32))
    first, second = [_carried(linear.source, image, end) * there for end in _ends(image, limits)]
    low, high = tf.minimum(first, second), tf.maximum(first, second)  # a scale below 0 turns them round
    parts = (source, low, high)
    raising, lowering = tf.nn.relu(weights), -tf.nn.relu(-weights)
    z = linear.apply(source, weights) - linear.apply(low, raising) - linear.apply(high, lowering)
    slopes = tf.gradients(z, parts, grad_ys=relevance / stabilised(z, epsilon))
    return tf.add_n([part * slope for part, slope in zip(parts, slopes, strict=True)])


def _by_weights(
    linear: Linear, weights: tf.Tensor, relevance: tf.Tensor, epsilon: float, image: tf.Tensor
) -> tf.Tensor:
    import tensorflow as tf

    there = _present(linear.source, image)
    z = linear.apply(there, weights)
    (slope,) = tf.gradients(z, there, grad_ys=relevance / stabilised(z, epsilon))
    return there * slope


def _present(tensor: Any, image: Any) -> tf.Tensor:
    """1 where a tensor holds a value of what lies before its padding, 0 where padding made it; float32."""
    import tensorflow as tf

    if tensor.name == image.name:
        return tf.ones_like(tensor, tf.float32)
    operation = tensor.op
    if operation.type in (*_AFFINE, *_PLACED):
        source = next((each for each in operation.inputs if image.op in leads_to([each])), operation.inputs[0])
        there = _present(source, image)
        return _placed(operation, there) if operation.type in _PLACED else there
    return tf.ones_like(tensor, tf.float32)


def _ends(image: tf.Tensor, limits: tuple[float | None, float | None]) -> list[tf.Tensor]:
    """Two images: every pixel at its lowest, and at its highest value."""
    import tensorflow as tf

    values = tf.cast(image, tf.float32)
    axes = list(range(1, values.shape.rank))
    own = tf.reduce_min(values, axis=axes, keepdims=True), tf.reduce_max(values, axis=axes, keepdims=True)
    return [tf.zeros_like(values) + (end if limit is None else limit) for end, limit in zip(own, limits, strict=True)]


def _carried(tensor: Any, image: Any, value: tf.Tensor) -> tf.Tensor:
    """What `tensor` would be if `image` were `value`: the scale, shift and padding before the first layer, done again."""

    if tensor.name == image.name:
        return value
    operation = tensor.op
    if operation.type in _PLACED:
        return _placed(operation, _carried(operation.inputs[0], image, value))
    if operation.type in _AFFINE:
        first, second = (_carried_or_constant(each, image, value) for each in operation.inputs)
        return _again(operation.type)(first, second)
    raise ValueError(
        f"Expected a scale, a shift, padding or nothing between the image and the first layer, for the rule 'box'. "
        f"Received the operation {operation.type!r}. Use the rule 'flat' or 'w_square' there."
    )


def _carried_or_constant(tensor: Any, image: Any, value: tf.Tensor) -> tf.Tensor:
    """A constant as it is; what follows from the image, carried."""
    import tensorflow as tf

    return _carried(tensor, image, value) if image.op in leads_to([tensor]) else tf.cast(tensor, tf.float32)


def _again(kind: str) -> Any:
    import tensorflow as tf

    return {"Mul": tf.multiply, "Sub": tf.subtract, "RealDiv": tf.divide}.get(kind, tf.add)


def _placed(operation: Any, value: tf.Tensor) -> tf.Tensor:
    """What an operation that pads, moves or renames values makes of others; padding is 0."""
    import tensorflow as tf

    if operation.type in _ALIKE:
        return value
    if operation.type == "Squeeze":
        return tf.squeeze(value, operation.get_attr("squeeze_dims"))
    made = {
        "Pad": tf.pad,
        "PadV2": tf.pad,
        "SpaceToBatchND": tf.space_to_batch,
        "Reshape": tf.reshape,
        "ExpandDims": tf.expand_dims,
        "Transpose": tf.transpose,
    }[operation.type]
    settings = operation.inputs[1:2] if operation.type == "PadV2" else operation.inputs[1:]
    return made(value, *settings)
