"""Where the logits are: by walking back from a model's answer through the traced graph.

A gradient of the probability fades where the softmax saturates, so every score here is a logit wherever there is one
(Selvaraju et al. 2017, section 3: "the score for class c, y^c (before the softmax)"). Keras offers no way to ask for
it: the softmax may be fused in a Dense layer, be a layer of its own, or be a plain function. In the traced graph all of
these are the same operation, so the logits are its input. Where the end of the model is the call of a function (a
SavedModel), the walk continues inside it.

What is found here is proven later, on images (see `tracing.proof`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answer_range import is_within_0_and_1, range_of
from .function_calls import inlined, is_function_call
from .head import (
    BINARY,
    CLASSES,
    LABELS,
    LINEAR,
    LOG_SOFTMAX,
    OPEN,
    PROBABILITY,
    REGRESSION,
    SIGMOID,
    SOFTMAX,
    Head,
)
from .shifted import before_log_softmax, unshifted
from .squashed import PASSED_THROUGH, before_sigmoids

if TYPE_CHECKING:
    import tensorflow as tf

_MOVED = (*PASSED_THROUGH, "Reshape", "Squeeze", "ExpandDims", "Transpose")
_AFFINE = ("MatMul", "BatchMatMulV2", "BiasAdd", "Conv2D", "DepthwiseConv2dNative", "Einsum", "Conv1D", "Conv3D")


def find_logits(answer: tf.Tensor, task: str | None = None) -> tuple[tf.Tensor, Head]:
    """The scores behind a model's answer, and the head that makes the answer of them.

    Args:
        answer: The traced output of the model: float[B], or [B, ...] with one axis of units that is longer than 1.
        task: What was declared of the model: 'binary', 'regression' or None.

    Returns:
        float32[B,K] and the head.

    Raises:
        ValueError: The model does not answer one number per class, or cannot be what was declared.
    """
    import tensorflow as tf

    units = _units(answer)
    kind, found = _before_head(answer, units)
    if task == REGRESSION and kind in (SIGMOID, PROBABILITY):  # numbers within 0..1: the number itself is explained
        kind, found = LINEAR, answer
    head = Head(kind, units, _task(kind, units, task), bounded=kind == LINEAR and not _is_affine(answer, depth=8))
    scores = tf.cast(tf.reshape(found, [-1, units]), tf.float32)
    if not head.is_binary:
        return scores, head
    return tf.concat([1 - scores if kind == PROBABILITY else -scores, scores], axis=1), head


def _before_head(answer: tf.Tensor, units: int) -> tuple[str, tf.Tensor]:
    logits = before_sigmoids(answer)
    if logits is not None:
        return SIGMOID, logits
    source = _origin(answer)
    logits = _over_units(_before_softmax(source), units)
    if logits is not None:
        return SOFTMAX, logits
    logged = _before_softmax(_origin(source.op.inputs[0])) if source.op.type == "Log" else before_log_softmax(source)
    logits = _over_units(logged, units)
    if logits is not None:
        return LOG_SOFTMAX, logits
    return (PROBABILITY if is_within_0_and_1(range_of(answer)) else LINEAR), answer


def _before_softmax(source: tf.Tensor) -> tf.Tensor | None:
    """The logits of a softmax, as an operation, as exp(z) / sum(exp(z)) or as the exponential of its logarithm; else None."""
    if source.op.type == "Softmax":
        return unshifted(source.op.inputs[0])
    if source.op.type == "RealDiv" and _is_softmax_by_hand(source.op):
        return unshifted(source.op.inputs[0].op.inputs[0])
    return before_log_softmax(source.op.inputs[0]) if source.op.type == "Exp" else None


def _over_units(logits: tf.Tensor | None, units: int) -> tf.Tensor | None:
    """Logits of all units of an image; None for those of something else, such as of places."""
    if logits is None:
        return None
    shape = logits.shape.as_list() if logits.shape.rank is not None else []
    others = [size for size in shape[:-1] if size != 1]
    return logits if shape and shape[-1] == units and len(others) <= 1 else None


def _is_softmax_by_hand(division: Any) -> bool:
    power, whole = division.inputs
    if power.op.type != "Exp" or whole.op.type != "Sum" or not _are_equal(whole.op.inputs[0], power):
        return False
    import tensorflow as tf

    axis: Any = tf.get_static_value(whole.op.inputs[1])
    return axis is not None and axis.size == 1 and axis.ravel()[0] in (-1, (power.shape.rank or 0) - 1)


def _are_equal(one: tf.Tensor, power: tf.Tensor) -> bool:
    """Whether a tensor is an exponential, or the same computed once more."""
    return one is power or (one.op.type == "Exp" and one.op.inputs[0] is power.op.inputs[0])


def _origin(answer: tf.Tensor) -> tf.Tensor:
    """The tensor that was computed, before it was only passed on."""
    source = answer
    while source.op.type in _MOVED or is_function_call(source):
        if is_function_call(source):
            source = inlined(source)
        else:
            source = source.op.inputs[source.value_index if source.op.type == "IdentityN" else 0]
    return source


def _is_affine(tensor: tf.Tensor, depth: int) -> bool:
    """Whether the tensor is a weighted sum, which nothing bounds."""
    source = _origin(tensor)
    if source.op.type in _AFFINE:
        return True
    if source.op.type in ("Add", "AddV2", "Sub", "AddN", "Mean", "Sum", "Mul", "ConcatV2", "Pack") and depth:
        return any(_is_affine(given, depth - 1) for given in source.op.inputs if given.dtype.is_floating)
    return False


def _task(kind: str, units: int, declared: str | None) -> str:
    """What the answer is for, as its head and what was declared say."""
    if declared == LABELS and (kind == SOFTMAX or units < 2):
        raise ValueError(
            f"Expected several units, each with a sigmoid or without an activation, for the task 'labels'. The model answers "
            f"{units} by {kind}. Leave --task out: its head says what it is."
        )
    if declared not in (None, LABELS) and (kind != LINEAR or (declared == BINARY and units != 1)):
        raise ValueError(
            f"Expected {'one number' if declared == BINARY else 'numbers'} without an activation for the task "
            f"{declared!r}. The model answers {units} by {kind}. Leave --task out: its head says what it is."
        )
    if declared is not None:
        return declared
    if units == 1:
        return OPEN if kind == LINEAR else BINARY
    return LABELS if kind == SIGMOID else CLASSES


def _of_pixels(shape: list[int | None] | None) -> str:
    """What to do with a model that answers at every pixel; '' for any other."""
    if shape is None or len(shape) != 4:
        return ""
    return (
        " If it names a class for every pixel: featurelens report and evaluate --masks, in Python write_segmentation_report and "
        "evaluate_segmentation, are for such, and --score region:K, scored(model, over_region(k)), makes a score of its class k."
    )


def _units(answer: tf.Tensor) -> int:
    shape: Any = answer.shape.as_list() if answer.shape.rank is not None else None
    if shape is not None and len(shape) == 1:
        return 1
    long = [size for size in (shape or [None])[1:] if size != 1]
    if not shape or len(long) > 1 or None in long:
        raise ValueError(
            f"Expected a classifier that answers one number per class, shape (batch, classes). "
            f"This one answers shape {('batch', *shape[1:]) if shape else 'unknown'}. "
            f"Pass a model that ends in one score per class, or name an output that does with output=.{_of_pixels(shape)}"
        )
    return int(long[0] or 1) if long else 1
