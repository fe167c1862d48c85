"""The gradient of a convolution of grey pictures, in less than half of TensorFlow's time.

The gradient at one channel is a single plane, and TensorFlow's libraries compute eight channels or more at a time. With g[x,c]
the gradient that comes back at place x of channel c, and w[k,c] the weight of tap k, it is

    p[k,x] = sum over c of w[k,c] g[x,c]              one product of matrices, a plane for each tap
    gradient[x] = sum over k of p[k, x - k]           each plane moved by its tap

the same sums as those of the model's own gradient, in another order: equal to rounding.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_OP, _GRADIENT = "Conv2D", "FeaturelensGreyConv2D"
_FEWEST = 16  # channels put out: with fewer there is nothing to win


def mend_grey_convolution(graph: Any) -> None:
    """Let the gradients taken in a tf.Graph from now on be made in this way, at each convolution that it is faster at."""
    narrow = [op for op in graph.get_operations() if op.type == _OP and _is_of_grey_pictures(op)]
    if not narrow:
        return
    import tensorflow as tf

    _registered()
    for op in narrow:
        op._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=_GRADIENT.encode()))


def _is_of_grey_pictures(op: Any) -> bool:
    pictures, weights = op.inputs
    return (
        op.get_attr("data_format") == b"NHWC"
        and op.get_attr("padding") in (b"SAME", b"VALID")
        and list(op.get_attr("strides")) == list(op.get_attr("dilations")) == [1, 1, 1, 1]
        and pictures.dtype.name == "float32"
        and weights.shape.is_fully_defined()
        and weights.shape[2] == 1
        and weights.shape[3] >= _FEWEST
    )


@cache
def _registered() -> None:
    """Tell TensorFlow of the gradient, once."""
    import tensorflow as tf

    @tf.RegisterGradient(_GRADIENT)
    def of_convolution(op: Any, slope: Any) -> list[Any]:
        pictures, weights = op.inputs
        padding = op.get_attr("padding").decode()
        of_weights = tf.raw_ops.Conv2DBackpropFilter(
            input=pictures,
            filter_sizes=tf.shape(weights),
            out_backprop=slope,
            strides=op.get_attr("strides"),
            padding=padding,
        )
        return [at_pictures(slope, weights, tf.shape(pictures), same=padding == "SAME"), of_weights]

    del of_convolution


def at_pictures(slope: Any, weights: Any, shape: Any, *, same: bool) -> Any:
    """The gradient float32[B,H,W,1] at the pictures, inside of a graph.

    Args:
        slope: float32[B,h,w,C], at what the convolution puts out.
        weights: float32[R,S,1,C].
        shape: int32[4], of the pictures.
        same: Whether they were padded to keep their size.
    """
    import tensorflow as tf

    rows, columns, _, channels = weights.shape
    flat = tf.reshape(slope, [-1, channels])
    planes = tf.matmul(tf.reshape(weights, [-1, channels]), flat, transpose_b=True)
    planes = tf.reshape(planes, tf.concat([[rows * columns], tf.shape(slope)[:3]], axis=0))
    taps = [(row, column) for row in range(rows) for column in range(columns)]
    moved = [
        tf.pad(planes[tap], [[0, 0], [row, rows - 1 - row], [column, columns - 1 - column]])
        for tap, (row, column) in enumerate(taps)
    ]
    whole = tf.add_n(moved)  # of the pictures as they were padded
    top, left = ((rows - 1) // 2, (columns - 1) // 2) if same else (0, 0)
    return whole[:, top : top + shape[1], left : left + shape[2], tf.newaxis]
