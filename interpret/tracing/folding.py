"""Batch normalisation folded into the convolution before it, for runs of which no map is drawn.

At prediction a batch normalisation multiplies each channel by a number and adds another; so does the convolution before it,
whose kernel and bias can do both at once (Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, section 3.2). With s = gamma / sqrt(variance + epsilon):

    s * (kernel * x + bias - mean) + beta  =  (s kernel) * x + s (bias - mean) + beta

It happens in the traced graph alone: the product s * kernel is made anew from the variables at every run, so the model is
left as it is, and weights that change are seen. While the model is traced, a batch normalisation whose input is what a
convolution just put out puts out the right-hand side; TensorFlow prunes the convolution that nobody reads any more. Where
another layer reads it too, it stays, and the answer is the same.

What a folded convolution puts out has no part in the logits: name in `unless` the layers that a gradient is asked of.

Folded are `Conv2D` and `DepthwiseConv2D` of Keras 3, channels last, in float32, without an activation of their own. All else
is left as it is: subclasses of these layers, a normalisation over another axis or in training mode, dense layers (one more
pass over their kernel costs more than it saves), mixed precision, tf_keras.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Folding:
    """What was folded of a model, and how far its logits are from the model's own."""

    layers: int  # batch normalisations folded into the convolution before them
    error: float  # largest |folded logit - logit|, as a share of the largest |logit|
    images: int  # on so many images


def folding_of(folded: np.ndarray, own: np.ndarray, layers: int) -> Folding:
    """The record of a folding: logits float32[B,K] of the folded and of the plain graph on the same images.

    Example:
        >>> folding_of(np.array([[4.0, 2.0]]), np.array([[4.0, 1.0]]), 3)
        Folding(layers=3, error=0.25, images=1)
    """
    error = float(np.abs(folded - own).max() / max(float(np.abs(own).max()), np.finfo(np.float32).tiny))
    return Folding(layers, error, len(own))


@dataclass(frozen=True, eq=False)
class _Convolved:
    """One call of a convolution."""

    layer: Any
    given: Any  # its input
    output: Any


class Folder:
    """Sees every layer's call of one trace, and replaces what a foldable batch normalisation puts out.

    Args:
        unless: Names or paths of layers that are not folded, since a gradient is asked of them.
    """

    def __init__(self, unless: Collection[str] = ()) -> None:
        self._unless = tuple(name.partition(":")[0] for name in unless)
        self._convolved: dict[int, _Convolved] = {}
        self.folded: list[str] = []  # paths of the batch normalisations that were folded

    def put_out(self, layer: Any, path: str, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
        """What this call puts out: `outputs`, or the same made by the convolution before it."""
        if len(args) != 1:
            return outputs
        if _is_foldable(layer) and not any(path == name or path.endswith(f"/{name}") for name in self._unless):
            self._convolved[id(outputs)] = _Convolved(layer, args[0], outputs)
            return outputs
        before = self._convolved.get(id(args[0]))
        if before is None or not _is_plain_normalisation(layer, kwargs):
            return outputs
        made = _convolved_and_normalised(before, layer)
        made.set_shape(outputs.shape)
        self.folded.append(path)
        return made


def _is_foldable(layer: Any) -> bool:
    import keras

    return (
        type(layer) in (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
        and layer.activation is keras.activations.linear
        and layer.data_format == "channels_last"
        and layer.dtype_policy.name == "float32"
    )


def _is_plain_normalisation(layer: Any, kwargs: dict[str, Any]) -> bool:
    """Whether this call multiplies and adds per channel: moving statistics, the last axis, no mask."""
    import keras

    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.axis in (-1, 3)
        and layer.dtype_policy.name == "float32"
        and not kwargs.get("training")
        and kwargs.get("mask") is None
    )


def _convolved_and_normalised(before: _Convolved, normalisation: Any) -> Any:
    import keras
    import tensorflow as tf

    layer = before.layer
    scale = tf.math.rsqrt(_value(normalisation.moving_variance) + normalisation.epsilon)
    if normalisation.scale:
        scale *= _value(normalisation.gamma)
    shift = -_value(normalisation.moving_mean) * scale
    if layer.use_bias:
        shift += _value(layer.bias) * scale
    if normalisation.center:
        shift += _value(normalisation.beta)
    kernel = _value(layer.kernel)
    convolved: Any
    if type(layer) is keras.layers.Conv2D:
        convolved = layer.convolution_op(before.given, kernel * scale)
        return tf.nn.bias_add(convolved, shift)
    kernel *= tf.reshape(scale, kernel.shape[-2:])  # [h,w,C,multiplier]: the channels put out, in this order
    convolved = keras.ops.depthwise_conv(
        before.given,
        kernel,
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        data_format=layer.data_format,
    )
    return tf.nn.bias_add(convolved, shift)


def _value(variable: Any) -> Any:
    import tensorflow as tf

    return tf.convert_to_tensor(variable)
