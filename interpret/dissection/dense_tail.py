"""A channel taken away where a dense layer reads its map: what the dense layer puts out follows without another run of it.

A dense layer adds what each place of each channel gives. With A the map [P,C] of an image as the dense layer reads it (pooled
perhaps, which leaves a channel of one value at that value) and W the kernel [P,C,D], what stands before its activation
changes without channel c, which has the value f then, by

    z'[d] - z[d] = sum over places p of (f - A[p,c]) * W[p,c,d]

which takes a C-th of the products of the whole layer, and no copy of the map for each channel. Its activation and what
follows run on z' as ever. That the dense layer reads the map, and nothing else does, is read off the traced graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.ways import follows_from, leads_to
from ..tracing.downstream import Change
from ..tracing.traced_model import TappedLayer, Taps

_SAME_VALUES = frozenset({"Identity", "Reshape"})  # in the same order
_POOLED = frozenset({"MaxPool", "MaxPoolV2", "AvgPool"})  # padding is left out of account in these, so a constant stays


@dataclass(frozen=True, eq=False)
class DenseReader:
    """A dense layer that reads a map."""

    layer: TappedLayer
    read: Any  # tf.Tensor [B, ..., C], what it reads of the map: the layer's output, or that pooled


def dense_behind(output: Any, taps: Taps) -> DenseReader | None:
    """The dense layer that alone reads a layer's output [B, ..., C] on the way to the scores; None where there is none.

    Args:
        output: The layer's output, in the traced graph.
        taps: Of the traced model.
    """
    on_the_way = (leads_to([taps.logits]) & follows_from(output)) - {taps.logits.op}
    read = _pooled(output, on_the_way)
    if read.dtype.name != "float32" or None in tuple(read.shape[1:]):
        return None
    product = _only_product(read, on_the_way)
    if product is None:
        return None
    found = next(
        (tap for tap in taps.layers if product in leads_to([tap.tensor])), None
    )  # the layer that it is part of
    if found is None or found.tensor.op not in on_the_way:  # the head itself: its scores may lie before its activation
        return None
    return DenseReader(found, read) if _is_plain(found.layer, int(np.prod(read.shape[1:]))) else None


def set_before_dense(fill: np.ndarray, dense: Any) -> Change:
    """Variant v: what the dense layer puts out where channel v of the map that it reads has the value fill[v] everywhere."""
    import tensorflow as tf

    def change(output: Any, variants: Any) -> Any:
        channels, units = len(fill), int(dense.kernel.shape[-1])
        kernel = tf.convert_to_tensor(dense.kernel)
        whole = tf.matmul(tf.reshape(output, [-1, int(kernel.shape[0])]), kernel)
        whole = whole if dense.bias is None else whole + dense.bias
        chosen = tf.maximum(variants, 0)
        given = tf.gather(tf.reshape(output, [-1, kernel.shape[0] // channels, channels]), chosen, axis=2)  # [B,P,V]
        read = tf.gather(tf.reshape(kernel, [-1, channels, units]), chosen, axis=1)  # [P,V,D]
        lost = tf.matmul(tf.transpose(given, [2, 0, 1]), tf.transpose(read, [1, 0, 2]))  # [V,B,D]
        won = tf.gather(tf.constant(fill), chosen)[:, tf.newaxis] * tf.reduce_sum(read, axis=0)  # [V,D]
        taken = tf.cast(variants >= 0, tf.float32)[tf.newaxis, :, tf.newaxis]  # 0 for `UNCHANGED`
        return dense.activation(whole[:, tf.newaxis] + taken * (won - tf.transpose(lost, [1, 0, 2])))

    return change


def _pooled(output: Any, on_the_way: set[Any]) -> Any:
    """A map [B,H,W,C], pooled as often as that is all that is done with it."""
    read = output
    while output.shape.rank == 4:
        reader = _only_reader(read, on_the_way)
        if reader is None or not (reader.type == "Identity" or _pools_places(reader)):
            break
        read = reader.outputs[0]
    return read


def _pools_places(operation: Any) -> bool:
    return operation.type in _POOLED and operation.get_attr("data_format") == b"NHWC"


def _only_reader(read: Any, on_the_way: set[Any]) -> Any:
    """The operation that alone reads a tensor, as its first input; None where there are several."""
    readers = [operation for operation in read.consumers() if operation in on_the_way]
    first = len(readers) == 1 and [given.name for given in readers[0].inputs].index(read.name) == 0
    return readers[0] if first else None


def _only_product(read: Any, on_the_way: set[Any]) -> Any:
    """The matrix product that alone reads a tensor, its values in their order; None where something else does."""
    while True:
        reader = _only_reader(read, on_the_way)
        if reader is None or reader.type not in _SAME_VALUES:
            break
        read = reader.outputs[0]
    is_plain = reader is not None and reader.type == "MatMul"
    return reader if is_plain and not any(map(reader.get_attr, ("transpose_a", "transpose_b"))) else None


def _is_plain(layer: Any, inputs: int) -> bool:
    """Whether a layer is Keras's own dense one, of real numbers and so many inputs, with its kernel as it is."""
    import keras

    usual = type(layer) is keras.layers.Dense and layer.compute_dtype == "float32"
    return usual and layer.quantization_mode is None and tuple(layer.kernel.shape[:-1]) == (inputs,)
