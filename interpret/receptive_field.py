"""Which part of the picture a unit of a layer can see.

Computed exactly from the traced operations, after Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019, doi:10.23915/distill.00021. Per axis, a kernel of effective size
k = dilation * (taps - 1) + 1, stride s and left padding p turns (size r, stride j, centre c of the first unit) into

    r' = r + (k - 1) * j        j' = j * s        c' = c + ((k - 1) / 2 - p) * j        (eqs. 2, 3, 4 read forwards)

Where paths meet (a residual connection), the largest field counts. The field is what a unit can see, not what it uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .function_calls import body_of, is_function_call

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Axis:
    """The field along one axis, in input pixels."""

    size: float  # pixels seen by one unit
    stride: float  # pixels from one unit to the next
    centre: float  # pixel position of the first unit's centre; 0 is the middle of the first pixel


@dataclass(frozen=True)
class ReceptiveField:
    """What one unit of a layer can see."""

    rows: Axis
    columns: Axis
    whole: bool = False  # sees the whole picture: past a flatten, a dense layer or a global pooling

    def box(self, row: int, column: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The pixels that unit (row, column) sees of a height x width picture: top, left, bottom, right (exclusive)."""
        if self.whole:
            return 0, 0, height, width
        top, bottom = _span(self.rows, row, height)
        left, right = _span(self.columns, column, width)
        return top, left, bottom, right


PIXEL = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0))
WHOLE = ReceptiveField(Axis(1, 1, 0), Axis(1, 1, 0), whole=True)


def receptive_fields(image: tf.Tensor) -> dict[int, ReceptiveField]:
    """The field of every tensor that follows from the image, {id(tensor): field}; reads the graph under construction.

    A tensor behind an operation that is not known here is left out.
    """
    fields = {id(image): PIXEL}
    _follow(image.graph, fields, [image])
    return fields


def _follow(graph: Any, fields: dict[int, ReceptiveField], kept: list[tf.Tensor]) -> None:
    """Add the field of every tensor of the graph that follows from those known."""
    for operation in graph.get_operations():
        tracked = [tensor for tensor in operation.inputs if id(tensor) in fields]
        if not tracked:
            continue
        for output in operation.outputs:
            before = [fields[id(tensor)] for tensor in tracked]
            called = is_function_call(output)
            field = _called(output, fields) if called else _field(operation, before, tracked[0], output)
            if field is not None:
                fields[id(output)] = field
                kept.append(output)  # `id` is only an identity while the tensor lives


def _called(output: tf.Tensor, fields: dict[int, ReceptiveField]) -> ReceptiveField | None:
    """The field of what a function put out, by looking into it (Keras calls one for a grouped convolution)."""
    body = body_of(output.op)
    pairs = list(zip(body.inputs, output.op.inputs, strict=True))
    inside = {id(inner): fields[id(outer)] for inner, outer in pairs if id(outer) in fields}
    _follow(body, inside, list(body.inputs))
    return inside.get(id(body.outputs[output.value_index]))


def _field(
    operation: tf.Operation, before: list[ReceptiveField], source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    if not output.dtype.is_floating or output.shape.rank is None:
        return None
    if any(field.whole for field in before):
        return WHOLE
    largest = max(before, key=lambda field: field.rows.size * field.columns.size)
    if operation.type in _RULES and source.shape.rank == 4:
        return _RULES[operation.type](operation, largest, source, output)
    if source.shape.rank != 4 or output.shape.rank != 4:
        return WHOLE
    same_places = tuple(source.shape)[1:3] == tuple(output.shape)[1:3]
    return largest if same_places or len(before) > 1 else WHOLE if _is_one_place(output) else None


def _is_one_place(output: tf.Tensor) -> bool:
    return tuple(output.shape)[1:3] == (1, 1)


def _span(axis: Axis, index: int, length: int) -> tuple[int, int]:
    middle = axis.centre + index * axis.stride
    first = math.ceil(middle - (axis.size - 1) / 2 - 1e-6)
    last = math.floor(middle + (axis.size - 1) / 2 + 1e-6)
    return max(first, 0), min(last + 1, length)


def _windowed(axis: Axis, taps: int, stride: int, dilation: int, padding: float) -> Axis:
    reach = dilation * (taps - 1)
    return Axis(
        axis.size + reach * axis.stride, axis.stride * stride, axis.centre + (reach / 2 - padding) * axis.stride
    )


def _padding(operation: tf.Operation, length: int | None, index: int, taps: int, stride: int, dilation: int) -> float:
    kind = operation.get_attr("padding").decode()
    if kind == "VALID":
        return 0
    if kind == "EXPLICIT":
        return operation.get_attr("explicit_paddings")[2 * index]
    reach = dilation * (taps - 1) + 1
    if length is None:  # a size left open: as for one that the stride divides
        return max(reach - stride, 0) // 2
    return max((math.ceil(length / stride) - 1) * stride + reach - length, 0) // 2


def _window(operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, taps: list[int]) -> ReceptiveField:
    strides = operation.get_attr("strides")
    dilations = operation.get_attr("dilations") if "dilations" in operation.node_def.attr else [1, 1, 1, 1]
    axes = []
    for index, axis in ((1, field.rows), (2, field.columns)):
        count, stride, dilation = taps[index - 1], strides[index], dilations[index]
        padding = _padding(operation, source.shape[index], index, count, stride, dilation)
        axes.append(_windowed(axis, count, stride, dilation, padding))
    return ReceptiveField(*axes)


def _convolution(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    taps = _taps(operation)
    return None if taps is None else _window(operation, field, source, taps)


def _taps(operation: tf.Operation) -> list[int] | None:
    """Height and width of a convolution's kernel, where they are known."""
    shape: Any = operation.inputs[1].shape
    return None if shape.rank is None or None in shape.as_list()[:2] else shape.as_list()[:2]


def _pooling(operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor) -> ReceptiveField:
    return _window(operation, field, source, operation.get_attr("ksize")[1:3])


def _transposed(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    """Output o sees inputs i with o = i * stride - padding + tap."""
    strides = operation.get_attr("strides")
    taps = _taps(operation)
    if taps is None:
        return None
    axes = []
    for index, axis in ((1, field.rows), (2, field.columns)):
        stride, count = strides[index], taps[index - 1]
        padding = _padding(operation, output.shape[index], index, count, stride, 1)
        size = axis.size + (math.ceil(count / stride) - 1) * axis.stride
        centre = axis.centre + (padding - (count - 1) / 2) / stride * axis.stride
        axes.append(Axis(size, axis.stride / stride, centre))
    return ReceptiveField(*axes)


def _constant(tensor: tf.Tensor) -> Any:
    import tensorflow as tf

    return tf.get_static_value(tensor)


def _padded(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    return _shifted(field, _constant(operation.inputs[1]), 1, -1)


def _space_to_batch(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    block, paddings = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    shifted = _shifted(field, paddings, 0, -1)
    return None if shifted is None or block is None else _strided(shifted, [float(size) for size in block])


def _batch_to_space(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    block, crops = _constant(operation.inputs[1]), _constant(operation.inputs[2])
    if block is None:
        return None
    return _shifted(_strided(field, [1 / float(size) for size in block]), crops, 0, 1)


def _strided(field: ReceptiveField, factors: list[float]) -> ReceptiveField:
    rows, columns = (
        replace(axis, stride=axis.stride * factor)
        for axis, factor in zip((field.rows, field.columns), factors, strict=True)
    )
    return ReceptiveField(rows, columns)


def _shifted(field: ReceptiveField, amounts: Any, first: int, sign: int) -> ReceptiveField | None:
    if amounts is None:
        return None
    rows, columns = (
        replace(axis, centre=axis.centre + sign * float(amounts[first + index][0]) * axis.stride)
        for index, axis in enumerate((field.rows, field.columns))
    )
    return ReceptiveField(rows, columns)


def _resized(
    operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor
) -> ReceptiveField | None:
    axes = []
    for index, axis in ((1, field.rows), (2, field.columns)):
        length, longer = source.shape[index], output.shape[index]
        if length is None or longer is None:
            return None
        stride = axis.stride * length / longer
        reach = 0 if operation.type == "ResizeNearestNeighbor" else axis.stride
        axes.append(Axis(axis.size + reach, stride, axis.centre + (stride - axis.stride) / 2))
    return ReceptiveField(*axes)


def _reduced(operation: tf.Operation, field: ReceptiveField, source: tf.Tensor, output: tf.Tensor) -> ReceptiveField:
    axes = _constant(operation.inputs[1])
    over = {1} if axes is None else {int(axis) % 4 for axis in axes.reshape(-1)}
    return WHOLE if over & {1, 2} else field


_RULES: dict[str, Callable[[Any, ReceptiveField, Any, Any], ReceptiveField | None]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _convolution,
    "Conv2DBackpropInput": _transposed,
    "MaxPool": _pooling,
    "AvgPool": _pooling,
    "Pad": _padded,
    "PadV2": _padded,
    "MirrorPad": _padded,
    "SpaceToBatchND": _space_to_batch,
    "BatchToSpaceND": _batch_to_space,
    "ResizeBilinear": _resized,
    "ResizeBicubic": _resized,
    "ResizeNearestNeighbor": _resized,
    "Mean": _reduced,
    "Sum": _reduced,
    "Max": _reduced,
    "Min": _reduced,
    "Prod": _reduced,
}
