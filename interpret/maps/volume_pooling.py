"""The gradient of max pooling in volumes, the same on every processor.

Where several places of a window share its largest value, as the zeros after a ReLU do, TensorFlow's own gradient of 3-D max
pooling gives each of them all of it: eight times what came, for a window of 2 x 2 x 2. With oneDNN, which not every processor
has, it gives all to the first place, as for pictures. That is what is done here everywhere: pooling a volume is pooling its
slices, then pooling along the depth, and both are pooling of pictures.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_OP, _GRADIENT = "MaxPool3D", "FeaturelensMaxPool3D"


def mend_volume_pooling(graph: Any) -> None:
    """Let the gradients that are taken in a tf.Graph from now on give each window's to the first of its largest places."""
    pooled = [op for op in graph.get_operations() if op.type == _OP and op.get_attr("data_format") == b"NDHWC"]
    if not pooled:
        return
    import tensorflow as tf

    _registered()
    for op in pooled:
        op._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=_GRADIENT.encode()))


@cache
def _registered() -> None:
    """Tell TensorFlow of the gradient, once."""
    import tensorflow as tf

    @tf.RegisterGradient(_GRADIENT)
    def of_pooling(op: Any, slope: Any) -> Any:
        volumes = op.inputs[0]
        again = pooled_by_slices(volumes, op.get_attr("ksize"), op.get_attr("strides"), op.get_attr("padding").decode())
        return tf.gradients(again, [volumes], [slope])[0]

    del of_pooling


def pooled_by_slices(volumes: Any, window: list[int], strides: list[int], padding: str) -> Any:
    """Max pooling of float[B,D,H,W,C] as two poolings of pictures: of each slice, then along the depth; inside of a graph."""
    import tensorflow as tf

    _, depth, height, width, channels = tf.unstack(tf.shape(volumes))
    slices = tf.reshape(volumes, [-1, height, width, channels])
    flat = tf.nn.max_pool2d(slices, window[2:4], strides[2:4], padding)
    rows, columns = tf.shape(flat)[1], tf.shape(flat)[2]
    columns_of_depth = tf.reshape(flat, [-1, depth, rows * columns, channels])
    pooled = tf.nn.max_pool2d(columns_of_depth, [window[1], 1], [strides[1], 1], padding)
    return tf.reshape(pooled, [-1, tf.shape(pooled)[1], rows, columns, channels])
