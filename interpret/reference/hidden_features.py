"""The last hidden layer: what the model makes of an image before it weighs the classes.

It is the last layer of units [B,D] between which and the scores a linear map still lies. Where no layer is of units, the last
one with a map of places is averaged over its places.
"""

from __future__ import annotations

from typing import Any

from ..graph.ways import follows_from, leads_to
from ..tracing.layer_choice import has_channels, has_places, on_the_way
from ..tracing.layer_hooks import TappedLayer
from ..tracing.traced_model import Taps

_LINEAR = ("MatMul", "BatchMatMulV2", "Einsum", "Conv2D", "DepthwiseConv2dNative")


def hidden_layer(taps: Taps) -> TappedLayer | None:
    """The last hidden layer; None where no layer is seen, as of a SavedModel."""
    reached = [layer for layer in on_the_way(taps) if not layer.output and has_channels(layer)]
    hidden = [layer for layer in reached if _is_weighed(layer, taps)]
    units = [layer for layer in hidden if layer.tensor.shape.rank == 2]
    return (units or [layer for layer in hidden if has_places(layer)] or [None])[-1]


def hidden_features(taps: Taps) -> Any:
    """What the last hidden layer puts out, float32[B,D], inside of a graph; None where there is none."""
    import tensorflow as tf

    layer = hidden_layer(taps)
    if layer is None:
        return None
    values = tf.cast(layer.maps, tf.float32)
    return values if values.shape.rank == 2 else tf.reduce_mean(values, axis=[1, 2])


def _is_weighed(layer: TappedLayer, taps: Taps) -> bool:
    """Whether a linear map lies between the layer and the scores."""
    between = (follows_from(layer.tensor) & leads_to(taps.ends)) - {layer.tensor.op}
    return any(op.type in _LINEAR for op in between)
