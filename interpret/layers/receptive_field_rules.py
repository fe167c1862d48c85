"""Receptive fields of a traced graph: what each TensorFlow operation does to the field of its input.

An operation that is not known leaves the field unknown; it is never guessed. Tensors are [B,H,W,C] of pictures, [B,L,C] of
series, which a convolution turns into pictures of one row and back, or [B,D,H,W,C] of volumes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..graph.function_calls import body_of, is_function_call
from .receptive_field import PIXEL, VOXEL, WHOLE, Axis, ReceptiveField

if TYPE_CHECKING:
    import tensorflow as tf

_UNKNOWN = ReceptiveField(Axis(math.nan, math.nan, math.nan), Axis(math.nan, math.nan, math.nan))
_MOVES_PLACES = {"Transpose", "ReverseV2", "Roll", "Cumsum", "FFT2D", "RFFT2D", "ImageProjectiveTransformV3"}
_PRODUCTS = {"MatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"}

Fields = dict[int, ReceptiveField]


def receptive_fields(image: tf.Tensor) -> Fields:
    """The field of every tensor that follows from the image, {id(tensor): field}; reads the graph under construction.

    A tensor behind an operation that is not known is left out.
    """
    fields = {id(image): VOXEL if image.shape.rank == 5 else PIXEL}
    _follow(image.graph, fields, [image])
    return {key: field for key, field in fields.items() if field is not _UNKNOWN}


def _follow(graph: Any, fields: Fields, kept: list[tf.Tensor]) -> None:
    """Add the field of every tensor of the graph that follows from those known."""
    for operation in graph.get_operations():
        sources = [tensor for tensor in operation.inputs if id(tensor) in fields]
        if not sources:
            continue
        for output in operation.outputs:
            if output.dtype.is_floating and output.shape.rank is not None:
                called = is_function_call(output)
                fields[id(output)] = _called(output, fields) if called else _field(output, sources, fields)
                kept.append(output)  # `id` is only an identity while the tensor lives


def _called(output: tf.Tensor, fields: Fields) -> ReceptiveField:
    """The field of what a function put out, by looking into it (Keras calls one for a grouped convolution)."""
    body = body_of(output.op)
    pairs = list(zip(body.inputs, output.op.inputs, strict=True))
    inside = {id(inner): fields[id(outer)] for inner, outer in pairs if id(outer) in fields}
    _follow(body, inside, list(body.inputs))
    return inside.get(id(body.outputs[output.value_index]), _UNKNOWN)


def _field(output: tf.Tensor, sources: list[tf.Tensor], fields: Fields) -> ReceptiveField:
    before = [fields[id(tensor)] for tensor in sources]
    if output.shape.rank <= 2 or any(field.whole for field in before):
        return WHOLE
    if output.op.type in _PRODUCTS and len(sources) > 1:  # attention: every place is weighed with every other
        return WHOLE
    if any(field is _UNKNOWN for field in before) or output.op.type in _MOVES_PLACES:
        return _UNKNOWN
    field = functools.reduce(ReceptiveField.joined, before)
    if output.op.type in _RULES:
        return _RULES[output.op.type](output.op, field, sources[0], output) or _UNKNOWN
    return _place_by_place(field, sources, output)


def _place_by_place(field: ReceptiveField, sources: list[tf.Tensor], output: tf.Tensor) -> ReceptiveField:
    """For an operation without a rule: the same field if it keeps the places."""
    rank = output.shape.rank
    if not 3 <= rank <= 5 or all(source.shape.rank != rank for source in sources):
        return _UNKNOWN
    places = tuple(output.shape)[1:-1]
    if all(size == 1 for size in places):
        return WHOLE
    return field if any(tuple(source.shape)[1:-1] == places for source in sources) else _UNKNOWN


def _each(field: ReceptiveField, source: Any, change: Callable[[int, Axis], Axis]) -> ReceptiveField:
    """The field with each axis of the source changed; `change` is told which, from 0 on: of a picture rows, columns."""
    if source.shape.rank == 3:
        return ReceptiveField(field.rows, change(0, field.columns))
    depth = None if field.depth is None else change(0, field.depth)
    first = 0 if depth is None else 1
    return ReceptiveField(change(first, field.rows), change(first + 1, field.columns), depth=depth)


def _window(operation: Any, field: ReceptiveField, source: Any, taps: list[int]) -> ReceptiveField:
    strides = operation.get_attr("strides")[1:-1]
    dilations = operation.get_attr("dilations")[1:-1] if "dilations" in operation.node_def.attr else [1, 1, 1]

    def change(index: int, axis: Axis) -> Axis:
        kernel = taps[index], strides[index], dilations[index]
        return axis.windowed(*kernel, _padding(operation, source.shape[1 + index], index, *kernel))

    return _each(field, source, change)


def _padding(operation: Any, length: int | None, index: int, taps: int, stride: int, dilation: int) -> float:
    """Places of padding at the start."""
    kind = operation.get_attr("padding").decode()
    if kind == "VALID":
        return 0
    if kind == "EXPLICIT":
        return operation.get_attr("explicit_paddings")[2 * (1 + index)]
    reach = dilation * (taps - 1) + 1
    if length is None:  # a size left open: as for one that the stride divides
        return max(reach - stride, 0) // 2
    return max((math.ceil(length / stride) - 1) * stride + reach - length, 0) // 2


def _taps(operation: Any) -> list[int] | None:
    """The sizes of a convolution's kernel, such as height and width, where they are known."""
    shape = operation.inputs[1].shape
    return None if shape.rank is None or None in shape.as_list()[:-2] else shape.as_list()[:-2]


def _constant(tensor: Any) -> Any:
    import tensorflow as tf

    return tf.get_static_value(tensor)


def _convolution(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    taps = _taps(operation)
    return None if taps is None else _window(operation, field, source, taps)


def _pooling(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField:
    return _window(operation, field, source, operation.get_attr("ksize")[1:-1])


def _transposed(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    taps, strides = _taps(operation), operation.get_attr("strides")[1:-1]
    if taps is None:
        return None

    def change(index: int, axis: Axis) -> Axis:
        padding = _padding(operation, output.shape[1 + index], index, taps[index], strides[index], 1)
        return axis.transposed(taps[index], strides[index], padding)

    return _each(field, source, change)


def _padded(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    amounts = _constant(operation.inputs[1])
    if amounts is None:
        return None
    return _each(field, source, lambda index, axis: axis.shifted(-float(amounts[1 + index][0])))


def _sliced(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    begins, _, steps = (_constant(tensor) for tensor in operation.inputs[1:4])
    odd = any(operation.get_attr(name) for name in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"))
    places = range(1, source.shape.rank - 1)
    if begins is None or steps is None or odd or len(begins) <= len(places) or min(steps) < 1:
        return None
    if None in source.shape[1:-1]:
        return None
    masked = operation.get_attr("begin_mask")
    starts = [0 if masked & (1 << axis) else int(begins[axis]) % source.shape[axis] for axis in places]
    return _each(field, source, lambda index, axis: axis.shifted(starts[index]).strided(float(steps[1 + index])))


def _space_to_batch(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    block, paddings = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    if block is None or paddings is None:
        return None
    return _each(
        field, source, lambda index, axis: axis.shifted(-float(paddings[index][0])).strided(float(block[index]))
    )


def _batch_to_space(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    block, crops = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    if block is None or crops is None:
        return None
    return _each(
        field, source, lambda index, axis: axis.strided(1 / float(block[index])).shifted(float(crops[index][0]))
    )


def _resized(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    if None in (*source.shape[1:3], *output.shape[1:3]):
        return None
    neighbours = {"ResizeNearestNeighbor": 1, "ResizeBilinear": 2, "ResizeBicubic": 4}[operation.type]
    return _each(
        field, source, lambda index, axis: axis.resized(output.shape[1 + index] / source.shape[1 + index], neighbours)
    )


def _repeated(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    """Repeating rows or columns is: a new axis (rank 5), tiled, then folded into the axis before it."""
    if _turns_a_series(source, output):
        return field
    if operation.type in ("ExpandDims", "Tile"):
        return field if output.shape.rank == 5 and field.depth is None else None
    if source.shape.rank == output.shape.rank == 4 and tuple(source.shape)[1:3] == tuple(output.shape)[1:3]:
        return field
    if source.op.type != "Tile" or source.shape.rank != 5 or output.shape.rank != 4:
        return None
    before, after, times = source.op.inputs[0].shape, output.shape, source.shape
    if before[2] == 1 and after[1] is not None and times[2] and after[1] == before[1] * times[2]:
        return ReceptiveField(field.rows.resized(times[2], 1), field.columns)
    if before[3] == 1 and after[2] is not None and times[3] and after[2] == before[2] * times[3]:
        return ReceptiveField(field.rows, field.columns.resized(times[3], 1))
    return None


def _turns_a_series(source: Any, output: Any) -> bool:
    """Whether [B,L,C] becomes a picture of one row [B,1,L,C], or such a picture a series again."""
    short, long = sorted((tuple(source.shape), tuple(output.shape)), key=len)
    return len(short) == 3 and len(long) == 4 and long[1] == 1 and long[2:] == short[1:]


def _reduced(operation: Any, field: ReceptiveField, source: Any, output: Any) -> ReceptiveField | None:
    axes = _constant(operation.inputs[1])
    rank = source.shape.rank
    if not 3 <= rank <= 5 or axes is None:
        return None
    over = {int(axis) % rank for axis in axes.reshape(-1)}
    return WHOLE if over & set(range(1, rank - 1)) else field


_RULES: dict[str, Callable[[Any, ReceptiveField, Any, Any], ReceptiveField | None]] = {
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _convolution,
    "Conv2DBackpropInput": _transposed,
    "Conv3DBackpropInputV2": _transposed,
    "MaxPool": _pooling,
    "AvgPool": _pooling,
    "MaxPool3D": _pooling,
    "AvgPool3D": _pooling,
    "Pad": _padded,
    "PadV2": _padded,
    "MirrorPad": _padded,
    "StridedSlice": _sliced,
    "SpaceToBatchND": _space_to_batch,
    "BatchToSpaceND": _batch_to_space,
    "ResizeBilinear": _resized,
    "ResizeBicubic": _resized,
    "ResizeNearestNeighbor": _resized,
    "ExpandDims": _repeated,
    "Squeeze": _repeated,
    "Tile": _repeated,
    "Reshape": _repeated,
    "Mean": _reduced,
    "Sum": _reduced,
    "Max": _reduced,
    "Min": _reduced,
    "Prod": _reduced,
}
