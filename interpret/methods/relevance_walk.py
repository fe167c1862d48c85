"""Walk a traced graph from the logits back to the image, and hand relevance on at each operation; rules in `relevance`.

The walk goes over operations, not layers: so it is the same for Sequential, Functional, nested and subclassed models, for
a ReLU that is fused and for one that is a layer.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ..graph.function_calls import body_of, inlined, is_function_call
from ..tracing.layer_hooks import TappedLayer
from ..tracing.traced_model import Taps
from .relevance_rules import LINEAR, Linear, proportional, taken_back
from .rules.composites import Rules, refuse_layers_without_a_share

if TYPE_CHECKING:
    import tensorflow as tf

_KEPT = {"Relu", "Relu6", "Identity", "Cast", "Neg", "StopGradient", "PreventGradient", "EnsureShape"}
_MOVED = {"Reshape", "Squeeze", "ExpandDims", "Transpose", "Pad", "PadV2", "MirrorPad", "ConcatV2", "MaxPool", "Max"}
_MOVED |= {"SpaceToBatchND", "BatchToSpaceND"}
_SHARED = {"AvgPool", "Mean", "Sum", "AddV2", "Add", "AddN"}
_SCALED = {"BiasAdd", "AddV2", "Add", "Sub", "Mul", "RealDiv", "FusedBatchNormV3"}  # of one tensor and constants
_CARRYING = {"Placeholder", "ReadVariableOp", "Identity", "NoOp"}  # what stands in a function beside its work
_NOT_VALUES = {"Shape", "ShapeN", "Size", "Rank"}


def relevance_of(taps: Taps, start: tf.Tensor, rules: Rules) -> tf.Tensor:
    """The relevance of the image, float32[B,H,W,C], given that of the logits [B,K]; inside of the graph.

    Raises:
        ValueError: There is no rule for an operation on the way; the message names its layer. Or a layer that was given a
            rule has no share to take.
    """
    graph: Any = taps.logits.graph
    operations = list(graph.get_operations())
    asked = rules.named_in(taps)
    walk = _Walk(taps, operations, rules)
    walk.add(taps.logits, start)
    for operation in reversed(operations):
        walk.hand_on(operation)
    found = walk.relevance.get(taps.image.name)
    if found is None:
        raise ValueError(
            "Expected the logits to depend on the image. No way leads there. Choose another input (wrt=) or output."
        )
    refuse_layers_without_a_share(taps, asked, walk.used)
    return found


class _Walk:
    """Relevance so far, by tensor name."""

    def __init__(self, taps: Taps, operations: list[Any], rules: Rules) -> None:
        self.relevance: dict[str, Any] = {}
        self.used: set[str] = set()  # paths of the layers that had a rule of their own
        self._taps, self._rules = taps, rules
        self._values = {taps.image.name}  # tensors that follow from the image
        self._behind: set[str] = set()  # tensors that a convolution or dense layer lies before
        self._readers: dict[str, int] = {}  # how many operations read such a tensor
        for operation in operations:
            read = self._sources(operation) if operation.type not in _NOT_VALUES else []
            made = [output.name for output in operation.outputs if read]
            self._values.update(made)
            if _is_linear(operation) or any(source.name in self._behind for source in read):
                self._behind.update(made)
            for source in read:
                self._readers[source.name] = self._readers.get(source.name, 0) + 1

    def add(self, tensor: Any, relevance: Any) -> None:
        """Relevance of a tensor from one of its readers."""
        before = self.relevance.get(tensor.name)
        self.relevance[tensor.name] = relevance if before is None else before + relevance

    def hand_on(self, operation: Any) -> None:
        """Give what an operation's output has to its inputs."""
        given = self.relevance.get(operation.outputs[0].name) if operation.outputs else None
        if given is None or operation.outputs[0] is self._taps.image:
            return
        linear, moved = self._merged(operation, given)
        if linear is not None:
            is_first = linear.source.name not in self._behind
            layer = partial(_layer_of, self._taps, linear.operation)
            shared, own = self._rules.share(self._taps, linear, moved, is_first, layer)
            self.used |= {own} if own is not None else set()
            self.add(linear.source, shared)
            return
        for source in self._sources(operation):
            self.add(source, self._share(operation, source, given))

    def _share(self, operation: Any, source: Any, given: Any) -> Any:
        output, sources = operation.outputs[0], self._sources(operation)
        if operation.type in _KEPT or (operation.type in _SCALED and len(sources) == 1 and _same_shape(source, output)):
            return given
        if operation.type in _MOVED:
            return taken_back(operation, source, given)
        if operation.type in _SHARED:
            return proportional(operation, source, given)
        raise ValueError(_no_rule(self._taps, operation))

    def _sources(self, operation: Any) -> list[Any]:
        """The inputs that follow from the image, each once."""
        return list({each.name: each for each in operation.inputs if each.name in self._values}.values())

    def _merged(self, operation: Any, given: Any) -> tuple[Linear | None, Any]:
        """The linear step that ends in this operation, and its relevance; None where there is none."""
        import tensorflow as tf

        scale: Any = 1.0
        shift: Any = 0.0
        while operation.type not in LINEAR:
            if operation.type in _SCALED and (factors := _scale_and_shift(operation, self._sources(operation))):
                scale, shift = scale * factors[0], scale * factors[1] + shift
            elif operation.type == "BatchToSpaceND":
                given = taken_back(operation, operation.inputs[0], given)
            elif (convolution := _called_convolution(operation)) is not None:
                operation = convolution
                continue
            elif operation.type not in ("Identity", "Cast"):
                return None, given
            (source,) = self._sources(operation)
            if self._readers[source.name] > 1 or source.name == self._taps.image.name:
                return None, given
            operation = source.op
        constant = [each.name for each in self._sources(operation)] == [operation.inputs[0].name]
        turned = operation.type == "MatMul" and (operation.get_attr("transpose_a") or operation.get_attr("transpose_b"))
        if not constant or turned:
            raise ValueError(_no_rule(self._taps, operation))
        return Linear(operation, scale, tf.cast(shift, tf.float32)), given


def _is_linear(operation: Any) -> bool:
    """Whether the operation is a convolution or a matrix product, or calls one."""
    return operation.type in LINEAR or bool(operation.outputs and is_function_call(operation.outputs[0]))


def _called_convolution(call: Any) -> Any:
    """The convolution that a function consists of, as an operation of the graph itself: Keras calls grouped ones so."""
    if not is_function_call(call.outputs[0]):
        return None
    working = [each for each in body_of(call).get_operations() if each.type not in _CARRYING]
    if [each.type for each in working] != ["Conv2D"] or working[0].get_attr("data_format") != b"NHWC":
        return None
    operation = inlined(call.outputs[0]).op
    while operation.type == "Identity":
        operation = operation.inputs[0].op
    return operation


def _scale_and_shift(operation: Any, sources: list[Any]) -> tuple[Any, Any] | None:
    """What an operation on one tensor and constants multiplies by and adds, per channel; None if it is another kind."""
    import tensorflow as tf

    if len(sources) != 1:
        return None
    first = operation.inputs[0].name == sources[0].name
    if operation.type == "FusedBatchNormV3":
        gamma, beta, mean, variance = operation.inputs[1:5]
        scale = gamma * tf.math.rsqrt(variance + operation.get_attr("epsilon"))
        return scale, beta - mean * scale
    constant = operation.inputs[1] if first else operation.inputs[0]
    if constant.shape.num_elements() not in (1, sources[0].shape[-1]):
        return None
    factor = tf.cast(tf.reshape(constant, [-1]), tf.float32)
    if operation.type == "Mul":
        return factor, 0.0
    if operation.type == "RealDiv":
        return (1.0 / factor, 0.0) if first else None
    if operation.type == "Sub":
        return (1.0, -factor) if first else (-1.0, factor)
    return 1.0, factor


def _same_shape(source: Any, output: Any) -> bool:
    return source.shape.rank is not None and source.shape.as_list() == output.shape.as_list()


def _no_rule(taps: Taps, operation: Any) -> str:
    layer = _layer_of(taps, operation)
    where = f"layer {layer.name!r} ({type(layer.layer).__name__})" if layer else "a part outside of any layer"
    return (
        f"Expected convolution, dense, pooling, padding, flatten, dropout, batch normalisation, ReLU and add. Received "
        f"{where}, whose operation {operation.type!r} has no relevance rule. Use IntegratedGradients for this model."
    )


def _layer_of(taps: Taps, operation: Any) -> TappedLayer | None:
    """The layer that an operation belongs to: the first to end after it, of those whose scope it lies in."""
    at = {each.name: number for number, each in enumerate(operation.graph.get_operations())}
    scopes = {re.sub(r"_\d+$", "", scope) for scope in operation.name.split("/")} | {*operation.name.split("/")}
    ended = [
        each for each in taps.layers if each.layer.name in scopes and at[each.tensor.op.name] >= at[operation.name]
    ]
    return min(ended, key=lambda each: at[each.tensor.op.name], default=None)
