"""Which logit lies behind an answer that was squashed number by number, and then moved about?

A sigmoid acts on each number alone, so it may be moved past a reshape, a transposition or a concatenation: the logits of
several units with a sigmoid each, joined, are these units' logits, joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .function_calls import inlined, is_function_call

if TYPE_CHECKING:
    import tensorflow as tf

PASSED_THROUGH = ("Identity", "IdentityN", "Cast", "EnsureShape", "StopGradient", "PreventGradient")
_RESHAPED = ("Reshape", "Squeeze", "ExpandDims")


def before_sigmoids(answer: tf.Tensor) -> tf.Tensor | None:
    """The logits of an answer each of whose numbers went through a sigmoid, of the answer's shape; else None."""
    import tensorflow as tf

    if is_function_call(answer):
        return before_sigmoids(inlined(answer))
    op: Any = answer.op
    if op.type == "Sigmoid":
        return op.inputs[0]
    if op.type in PASSED_THROUGH:
        return before_sigmoids(op.inputs[answer.value_index])
    if op.type in (*_RESHAPED, "Transpose"):
        inner = before_sigmoids(op.inputs[0])
        if inner is None:
            return None
        return tf.transpose(inner, op.inputs[1]) if op.type == "Transpose" else tf.reshape(inner, tf.shape(answer))
    if op.type == "ConcatV2":
        parts = _all_of(list(op.inputs)[:-1])
        return None if parts is None else tf.concat(parts, op.inputs[-1])
    if op.type == "Pack":
        parts = _all_of(list(op.inputs))
        return None if parts is None else tf.stack(parts, op.get_attr("axis"))
    return None


def _all_of(tensors: list[tf.Tensor]) -> list[tf.Tensor] | None:
    import tensorflow as tf

    parts = [before_sigmoids(tensor) for tensor in tensors]
    found = [part for part in parts if part is not None]
    return [tf.cast(part, tf.float32) for part in found] if len(found) == len(parts) else None
