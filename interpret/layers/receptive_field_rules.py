"""Receptive fields of a traced graph: what each TensorFlow operation does to the field of its input.

An operation that is not known leaves the field unknown; it is never guessed. Tensors are [B,H,W,C] of pictures, [B,L,C] of
series, which TensorFlow's convolution turns into pictures of one row [B,1,L,C] and back, [B,D,H,W,C] of volumes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..graph.function_calls import body_of, is_function_call
from .receptive_field import PIXEL, WHOLE, Axis, PlacesField, ReceptiveField

if TYPE_CHECKING:
    import tensorflow as tf

_UNKNOWN = ReceptiveField(Axis(math.nan, math.nan, math.nan), Axis(math.nan, math.nan, math.nan))
_MOVES_PLACES = {"Transpose", "ReverseV2", "Roll", "Cumsum", "FFT2D", "RFFT2D", "ImageProjectiveTransformV3"}
_PRODUCTS = {"MatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"}

Field = ReceptiveField | PlacesField
Fields = dict[int, Field]


def receptive_fields(image: tf.Tensor) -> Fields:
    """The field of every tensor that follows from the image, {id(tensor): field}; reads the graph under construction.

    A tensor behind an operation that is not known is left out.
    """
    axes = image.shape.rank - 2
    fields: Fields = {id(image): PIXEL if axes == 2 else PlacesField((Axis(1, 1, 0),) * axes)}
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


def _called(output: tf.Tensor, fields: Fields) -> Field:
    """The field of what a function put out, by looking into it (Keras calls one for a grouped convolution)."""
    body = body_of(output.op)
    pairs = list(zip(body.inputs, output.op.inputs, strict=True))
    inside = {id(inner): fields[id(outer)] for inner, outer in pairs if id(outer) in fields}
    _follow(body, inside, list(body.inputs))
    return inside.get(id(body.outputs[output.value_index]), _UNKNOWN)


def _field(output: tf.Tensor, sources: list[tf.Tensor], fields: Fields) -> Field:
    before = [fields[id(tensor)] for tensor in sources]
    if any(field.whole for field in before):
        return WHOLE
    bare = _without_channel(output, sources, before[0])
    if bare is not None:
        return bare
    if output.shape.rank <= 2:
        return WHOLE
    if output.op.type in _PRODUCTS and len(sources) > 1:  # attention: every place is weighed with every other
        return WHOLE
    if any(field is _UNKNOWN for field in before) or output.op.type in _MOVES_PLACES:
        return _UNKNOWN
    field: Field = functools.reduce(lambda one, two: one.joined(two), before)  # type: ignore[arg-type]
    if output.op.type in _RULES:
        return _RULES[output.op.type](output.op, field, sources[0], output) or _UNKNOWN
    return _place_by_place(field, sources, output)


def _place_by_place(field: Field, sources: list[tf.Tensor], output: tf.Tensor) -> Field:
    """For an operation without a rule: the same field if it keeps the places."""
    places = tuple(output.shape)[1:-1]
    if _rows_before(output, field) is None or all(source.shape.rank != output.shape.rank for source in sources):
        return _UNKNOWN
    if all(size == 1 for size in places):
        return WHOLE
    return field if any(tuple(source.shape)[1:-1] == places for source in sources) else _UNKNOWN


def _rows_before(tensor: Any, field: Field) -> int | None:
    """How many axes stand between the batch and those of the field: none, or the one row of a series; None: other ones."""
    more = tensor.shape.rank - 2 - len(field.axes)
    if more == 1 and len(field.axes) == 1 and tensor.shape[1] == 1:
        return 1
    return 0 if more == 0 else None


def _each(field: Field, source: Any, change: Callable[[int, Axis], Axis]) -> Field | None:
    """The field with each axis of the source changed; `change` is told its number: of a picture 0 for rows, 1 for columns."""
    before = _rows_before(source, field)
    if before is None:
        return None
    return field.of([change(place, axis) for place, axis in enumerate(field.axes, start=before)])


def _without_channel(output: Any, sources: list[Any], field: Field) -> Field | None:
    """The field where a series or a volume loses its one channel [B,L,1], gets one, or has none; None where it has one."""
    source, bare = sources[0], len(field.axes) + 1
    if not isinstance(field, PlacesField) or len(sources) > 1:
        return None
    ranks, one, other = (source.shape.rank, output.shape.rank), tuple(source.shape)[1:], tuple(output.shape)[1:]
    if ranks in ((bare + 1, bare), (bare, bare + 1)) and (one == (*other, 1) or other == (*one, 1)):
        return field
    if source.shape.rank != bare or output.op.type in _PRODUCTS:
        return None
    return field if one == other and output.op.type not in _MOVES_PLACES else _UNKNOWN


def _window(operation: Any, field: Field, source: Any, taps: list[int]) -> Field | None:
    strides = operation.get_attr("strides")[1:-1]
    dilations = operation.get_attr("dilations")[1:-1] if "dilations" in operation.node_def.attr else [1] * len(strides)

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


def _convolution(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    taps = _taps(operation)
    return None if taps is None else _window(operation, field, source, taps)


def _pooling(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    return _window(operation, field, source, operation.get_attr("ksize")[1:-1])


def _transposed(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    taps, strides = _taps(operation), operation.get_attr("strides")[1:-1]
    if taps is None:
        return None

    def change(index: int, axis: Axis) -> Axis:
        padding = _padding(operation, output.shape[1 + index], index, taps[index], strides[index], 1)
        return axis.transposed(taps[index], strides[index], padding)

    return _each(field, source, change)


def _padded(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    amounts = _constant(operation.inputs[1])
    if amounts is None:
        return None
    return _each(field, source, lambda index, axis: axis.shifted(-float(amounts[1 + index][0])))


def _sliced(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
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


def _space_to_batch(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    block, paddings = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    if block is None or paddings is None:
        return None
    return _each(
        field, source, lambda index, axis: axis.shifted(-float(paddings[index][0])).strided(float(block[index]))
    )


def _batch_to_space(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    block, crops = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    if block is None or crops is None:
        return None
    return _each(
        field, source, lambda index, axis: axis.strided(1 / float(block[index])).shifted(float(crops[index][0]))
    )


def _resized(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    if None in (*source.shape[1:3], *output.shape[1:3]):
        return None
    neighbours = {"ResizeNearestNeighbor": 1, "ResizeBilinear": 2, "ResizeBicubic": 4}[operation.type]
    return _each(
        field, source, lambda index, axis: axis.resized(output.shape[1 + index] / source.shape[1 + index], neighbours)
    )


def _repeated(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    """Repeating rows or columns is: a new axis (rank 5), tiled, then folded into the axis before it."""
    if not isinstance(field, ReceptiveField):
        return field if _turns_a_series(source, output) and len(field.axes) == 1 else None
    if operation.type in ("ExpandDims", "Tile"):
        return field if output.shape.rank == 5 else None
    if operation.type == "Squeeze":
        return None
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


def _reduced(operation: Any, field: Field, source: Any, output: Any) -> Field | None:
    axes = _constant(operation.inputs[1])
    rank, before = source.shape.rank, _rows_before(source, field)
    if before is None or axes is None:
        return None
    over = {int(axis) % rank for axis in axes.reshape(-1)}
    return WHOLE if over & set(range(1 + before, rank - 1)) else field


_RULES: dict[str, Callable[[Any, Field, Any, Any], Field | None]] = {
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
