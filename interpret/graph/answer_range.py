"""Between which limits must an answer lie, whatever the image? By interval arithmetic through the traced graph.

A softmax lies in 0..1, so does the mean of several, a clipped or a smoothed one, a pooled map of sigmoids; a matrix
product lies anywhere. An answer that must lie within 0..1 is a probability already, and no logit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .function_calls import inlined, is_function_call

if TYPE_CHECKING:
    import tensorflow as tf

Range = tuple[float, float]

ANYTHING: Range = (-math.inf, math.inf)
SLACK = 1e-4  # of float16 softmaxes that add up
_OUTPUT_OF: dict[str, Range] = {
    "Softmax": (0, 1),
    "Sigmoid": (0, 1),
    "Tanh": (-1, 1),
    "Relu6": (0, 6),
    "Softplus": (0, math.inf),
    "Exp": (0, math.inf),
    "Abs": (0, math.inf),
    "Square": (0, math.inf),
    "Sqrt": (0, math.inf),
    "LogSoftmax": (-math.inf, 0),
}
_KEPT = {  # operations that move, choose or average values
    "Identity IdentityN Cast Reshape Squeeze ExpandDims EnsureShape StopGradient PreventGradient Transpose Slice "
    "StridedSlice GatherV2 Mean Max Min MaxPool AvgPool Tile BroadcastTo ResizeBilinear ResizeNearestNeighbor ReverseV2"
}
_MOVED = frozenset(" ".join(_KEPT).split())
_STEPS = 200  # operations that are looked at before giving up


def range_of(tensor: tf.Tensor) -> Range:
    """(lowest, highest) value that the tensor can take."""
    return _Ranges().of(tensor)


def is_within_0_and_1(limits: Range) -> bool:
    """Whether these are limits of probabilities."""
    return limits[0] >= -SLACK and limits[1] <= 1 + SLACK


class _Ranges:
    """The ranges of the tensors of one graph, each found once."""

    def __init__(self) -> None:
        self._known: dict[int, Range] = {}
        self._kept: list[Any] = []  # so that no id is given twice
        self._left = _STEPS

    def of(self, tensor: tf.Tensor) -> Range:
        if id(tensor) not in self._known:
            self._left -= 1
            self._kept.append(tensor)
            self._known[id(tensor)] = ANYTHING if self._left < 0 else self._found(tensor)
        return self._known[id(tensor)]

    def _found(self, tensor: tf.Tensor) -> Range:
        constant = constant_value(tensor)
        if constant is not None:
            return (float(constant.min()), float(constant.max())) if constant.size else ANYTHING
        if is_function_call(tensor):
            return self.of(inlined(tensor))
        op = tensor.op
        if op.type in _OUTPUT_OF:
            return _OUTPUT_OF[op.type]
        if op.type in _MOVED and op.inputs:
            return self.of(op.inputs[tensor.value_index if op.type == "IdentityN" else 0])
        if op.type == "RealDiv" and _is_share(op):
            return (0, 1) if self.of(op.inputs[0])[0] >= 0 else ANYTHING
        rule = _RULES.get(op.type)
        return rule([self.of(given) for given in _operands(op)]) if rule else ANYTHING


def constant_value(tensor: tf.Tensor) -> np.ndarray | None:
    """The values of a tensor that is a constant of the graph; None for one that is computed."""
    import tensorflow as tf

    for outside, inside in getattr(tensor.graph, "captures", ()):
        if inside is tensor and hasattr(outside, "numpy") and outside.dtype != tf.resource:
            return np.asarray(outside.numpy())
    value = tf.get_static_value(tensor)
    return None if value is None or np.asarray(value).dtype.kind not in "fiu" else np.asarray(value)


def _operands(op: tf.Operation) -> list[tf.Tensor]:
    inputs = list(op.inputs)
    return inputs[:-1] if op.type == "ConcatV2" else inputs


def _is_share(op: tf.Operation) -> bool:
    """Whether it is x / sum(x): a share of the whole."""
    part, whole = op.inputs
    while whole.op.type in ("Identity", "Reshape", "AddV2", "Maximum") and whole.op.inputs:
        whole = whole.op.inputs[0]
    return whole.op.type == "Sum" and whole.op.inputs[0] is part


def _added(ranges: list[Range]) -> Range:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def _subtracted(ranges: list[Range]) -> Range:
    (low, high), (less, most) = ranges
    return low - most, high - less


def _multiplied(ranges: list[Range]) -> Range:
    products = [_product(a, b) for a in ranges[0] for b in ranges[1]]
    return min(products), max(products)


def _divided(ranges: list[Range]) -> Range:
    low, high = ranges[1]
    if low <= 0 <= high:
        return ANYTHING
    return _multiplied([ranges[0], (1 / high if math.isfinite(high) else 0.0, 1 / low if math.isfinite(low) else 0.0)])


def _product(a: float, b: float) -> float:
    return 0.0 if 0 in (a, b) else a * b


def _joined(ranges: list[Range]) -> Range:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


_RULES: dict[str, Any] = {
    "Add": _added,
    "AddV2": _added,
    "AddN": _added,
    "Sub": _subtracted,
    "Mul": _multiplied,
    "RealDiv": _divided,
    "Neg": lambda ranges: (-ranges[0][1], -ranges[0][0]),
    "Relu": lambda ranges: (max(ranges[0][0], 0.0), max(ranges[0][1], 0.0)),
    "Minimum": lambda ranges: (min(ranges[0][0], ranges[1][0]), min(ranges[0][1], ranges[1][1])),
    "Maximum": lambda ranges: (max(ranges[0][0], ranges[1][0]), max(ranges[0][1], ranges[1][1])),
    "ClipByValue": lambda ranges: (
        min(max(ranges[0][0], ranges[1][0]), ranges[2][1]),
        max(min(ranges[0][1], ranges[2][1]), ranges[1][0]),
    ),
    "ConcatV2": _joined,
    "Pack": _joined,
    "SelectV2": lambda ranges: _joined(ranges[1:]),
}
