"""The rules of layer-wise relevance propagation for one linear step; equations in `relevance`.

A step's shares follow from gradients (Montavon et al. 2019, section 10.3.2): with z linear in what each input gives, the
relevance of the inputs is x * d(sum of z * s)/dx for s = R / (z + epsilon sign z) held constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

_STABILISER = 1e-9  # of sums and means, whose shares are no matter of the rule: it keeps the division from 0, no more


@dataclass(frozen=True, eq=False)
class Linear:
    """A convolution or dense layer with everything of scale and shift that follows it merged in."""

    operation: tf.Operation
    scale: tf.Tensor | float  # [C] or one number
    shift: tf.Tensor | float  # [C] or one number

    @property
    def source(self) -> tf.Tensor:
        """What goes in, [B, ...]."""
        return self.operation.inputs[0]

    def weights(self) -> tf.Tensor:
        """The merged weights."""
        import tensorflow as tf

        kernel = tf.cast(self.operation.inputs[1], tf.float32)
        if self.operation.type != "DepthwiseConv2dNative":
            return kernel * self.scale
        return tf.reshape(tf.reshape(kernel, [*kernel.shape[:2], -1]) * self.scale, kernel.shape)

    def apply(self, source: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """The linear operation itself on other inputs and weights."""
        return _APPLIED[self.operation.type](self.operation, source, weights)


def linear_relevance(linear: Linear, relevance: tf.Tensor, plain: float, positive: float, epsilon: float) -> tf.Tensor:
    """The relevance of a linear step's inputs, given that of its outputs; float32, in their shapes.

    Args:
        linear: The step.
        relevance: Of its outputs.
        plain: How much all contributions count.
        positive: How much, once more, those of the answer's sign count.
        epsilon: What keeps the division from 0.
    """
    import tensorflow as tf

    source = tf.stop_gradient(tf.cast(linear.source, tf.float32))
    answer = linear.apply(source, linear.weights()) + tf.convert_to_tensor(linear.shift, tf.float32)
    z = plain * answer
    if positive:
        up, down = raised_and_lowered(linear, source)
        z += positive * tf.where(answer >= 0, up, down)
    (slope,) = tf.gradients(z, source, grad_ys=relevance / stabilised(z, epsilon))
    return source * slope


def raised_and_lowered(linear: Linear, source: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What the inputs and the bias of a linear step give upwards, and what downwards."""
    import tensorflow as tf

    weights, shift = linear.weights(), tf.convert_to_tensor(linear.shift, tf.float32)
    above, below = tf.nn.relu(source), -tf.nn.relu(-source)
    raising, lowering = tf.nn.relu(weights), -tf.nn.relu(-weights)
    up = linear.apply(above, raising) + linear.apply(below, lowering) + tf.nn.relu(shift)
    down = linear.apply(above, lowering) + linear.apply(below, raising) - tf.nn.relu(-shift)
    return up, down


def proportional(operation: tf.Operation, source: tf.Tensor, relevance: tf.Tensor) -> tf.Tensor:
    """Relevance of one input of a sum or mean: in proportion to what it gave."""
    import tensorflow as tf

    values = tf.cast(operation.outputs[0], tf.float32)
    return tf.cast(source, tf.float32) * taken_back(operation, source, relevance / stabilised(values, _STABILISER))


def taken_back(operation: tf.Operation, source: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """`values` of the output's shape, along one operation's gradient to one of its inputs; float32.

    The operation's inputs may depend on each other (a residual connection): what lies before them is not gone through.
    """
    import tensorflow as tf

    output = operation.outputs[0]
    given = tf.cast(values, output.dtype)
    (taken,) = tf.gradients(output, source, grad_ys=given, stop_gradients=list(operation.inputs))
    return tf.cast(taken, tf.float32)


def stabilised(z: tf.Tensor, epsilon: float) -> tf.Tensor:
    """z + epsilon * sign(z), with sign(0) = 1: never 0."""
    import tensorflow as tf

    return z + tf.where(z < 0, -epsilon, epsilon)


def _convolved(operation: tf.Operation, source: Any, weights: Any) -> tf.Tensor:
    """The convolution, a group of channels at a time: not every processor has a kernel for grouped ones."""
    import tensorflow as tf

    groups, settings = source.shape[-1] // weights.shape[-2], _settings(operation)
    parts = zip(tf.split(source, groups, axis=-1), tf.split(weights, groups, axis=-1), strict=True)
    convolved = [tf.raw_ops.Conv2D(input=part, filter=kernel, **settings) for part, kernel in parts]  # pyright: ignore
    return tf.concat(convolved, axis=-1) if groups > 1 else convolved[0]


def _depthwise(operation: tf.Operation, source: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.raw_ops.DepthwiseConv2dNative(input=source, filter=weights, **_settings(operation))  # pyright: ignore


def _settings(operation: tf.Operation) -> dict[str, Any]:
    return {
        "strides": operation.get_attr("strides"),
        "padding": operation.get_attr("padding").decode(),
        "explicit_paddings": operation.get_attr("explicit_paddings"),
        "dilations": operation.get_attr("dilations"),
    }


def _multiplied(_: tf.Operation, source: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.linalg.matmul(source, weights)


_APPLIED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "Conv2D": _convolved,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": _multiplied,
}
LINEAR = tuple(_APPLIED)
