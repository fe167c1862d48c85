"""Which logits lie behind scores that were shifted for the sake of numbers, each image's own by its own amount?

A softmax does not see what is taken from all logits of an image alike. Written by hand it is exp(z - max z) / sum of the same, or
z - log sum exp z before an exponential: the gradient of z - max z is zero for the class that the model names, that of
z - log sum exp z fades where the model is sure. The logits are z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .squashed import PASSED_THROUGH

if TYPE_CHECKING:
    import tensorflow as tf

_MOVED = (*PASSED_THROUGH, "Reshape", "Squeeze", "ExpandDims")
_OF_THE_LARGEST = ("Max", *_MOVED, "IsFinite", "SelectV2", "Select", "ZerosLike", "Const", "Fill", "Shape")
_LOG_SUM_EXP = (*_OF_THE_LARGEST, "Log", "Sum", "Exp", "Sub", "Add", "AddV2")
_STEPS = 40  # operations that a shift is made of, at most


def unshifted(scores: tf.Tensor) -> tf.Tensor:
    """z of z - max z, or of z - log sum exp z; any other scores as they are."""
    found = _before_shift(scores, _LOG_SUM_EXP)
    return scores if found is None else found


def before_log_softmax(answer: tf.Tensor) -> tf.Tensor | None:
    """z of log softmax z, as an operation or as z - log sum exp z; None for anything else."""
    if answer.op.type == "LogSoftmax":
        return unshifted(answer.op.inputs[0])
    found = _before_shift(answer, _LOG_SUM_EXP, holding="Log")
    return None if found is None else unshifted(found)


def _before_shift(scores: tf.Tensor, made_of: tuple[str, ...], holding: str = "Max") -> tf.Tensor | None:
    if scores.op.type != "Sub":
        return None
    given, shift = scores.op.inputs
    ranks = given.shape.rank, shift.shape.rank
    if None in ranks or ranks[0] != ranks[1] or shift.shape[-1] != 1 or given.shape[-1] == 1:
        return None
    kinds = _kinds_between(shift, given, made_of)
    return given if kinds is not None and holding in kinds else None


def _kinds_between(shift: tf.Tensor, given: tf.Tensor, made_of: tuple[str, ...]) -> set[str] | None:
    """The kinds of operations that make `shift` of `given`; None where others take part, or something else is read."""
    kinds: set[str] = set()
    seen: set[str] = set()
    waiting: list[Any] = [shift]
    while waiting:
        tensor = waiting.pop()
        if tensor is given or tensor.name in seen:
            continue
        seen.add(tensor.name)
        if tensor.op.type not in made_of or len(seen) > _STEPS:
            return None
        kinds.add(tensor.op.type)
        waiting.extend(tensor.op.inputs)
    return kinds
