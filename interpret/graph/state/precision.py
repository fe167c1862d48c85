"""In which precision do a model's layers compute? And how to let them compute in float32, for the time of a trace.

A layer of 16 bits (`mixed_bfloat16`, `mixed_float16`, `bfloat16`, `float16`) rounds what it puts out to 8 or 11 binary digits.
The answers stand that; maps do not. Neighbouring values become equal, and max pooling sends its gradient to the first of them; a
slope below 6e-8 is 0 in float16, and with it the map of a whole picture; a patch that moves the logit by less than its last digit
does nothing. Measured on three convolutions with max pooling: saliency differed from that in float64 by 57 % of its largest value
in bfloat16 and by 54 % in float16, and was zero everywhere in float16 where slopes are small.

So a trace runs the layers in float32, with the weights that the model computes with, which are rounded to 16 bits; only what lies
between the layers is not rounded. How far the model's own answers are from that is measured, see `tracing.proof`.

What stays in 16 bits is told by the graph: a cast that the model itself makes, the inside of a SavedModel, layers of tf_keras.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .model_state import layers_within

HALF = ("bfloat16", "float16")
_STORED = ("ReadVariableOp", "Const", "Placeholder")
_ROUNDED = "_featurelens_rounds_to"  # on a policy: what the weights are rounded to


def half_types(model: Any) -> tuple[str, ...]:
    """The types of 16 bits that layers of Keras 3 compute in; empty for nearly every model.

    Example:
        A model of `mixed_bfloat16` whose softmax is float32 has ('bfloat16',).
    """
    return tuple(sorted({_compute_dtype(layer) for layer in layers_within(model)} & set(HALF)))


@contextmanager
def in_float32(model: Any) -> Iterator[None]:
    """For the time of the block, layers of 16 bits compute in float32; the weights are rounded by `with_own_weights`."""
    before = [(layer, layer._dtype_policy) for layer in layers_within(model) if _compute_dtype(layer) in HALF]
    try:
        for layer, policy in before:
            object.__setattr__(layer, "_dtype_policy", _raised(policy))
        yield
    finally:
        for layer, policy in before:
            object.__setattr__(layer, "_dtype_policy", policy)


def with_own_weights(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` of a layer; within `in_float32` its weights are those of 16 bits that the layer computes with."""
    kept = getattr(getattr(layer, "_dtype_policy", None), _ROUNDED, None)
    if kept is None:
        return call

    @functools.wraps(call)
    def rounded(*args: Any, **kwargs: Any) -> Any:
        with _rounding(kept):
            return call(*args, **kwargs)

    return rounded


def still_half(graph: Any, image: Any) -> tuple[str, ...]:
    """The types of 16 bits that the image comes in, or that numbers of a traced graph are brought to; not those of weights."""
    found = {
        tensor.dtype.name
        for operation in graph.get_operations()
        if operation.type not in _STORED and not (operation.type == "Cast" and operation.inputs[0].op.type in _STORED)
        for tensor in operation.outputs
    }
    return tuple(sorted((found | {image.dtype.name}) & set(HALF)))


def precision_words(computed: Sequence[str], left: Sequence[str], apart: float | None) -> str | None:
    """What a reader of a map should know of the precision that a model computes in; None where there is nothing to know.

    Args:
        computed: The types of 16 bits of its layers.
        left: Those that stayed while it was traced.
        apart: How far its own answers are from those in float32; None before they were compared.
    """
    if left:
        return (
            f"Parts of the model stay in {' and '.join(left)} while they are explained, whose numbers have "
            f"{'8' if 'bfloat16' in left else '11'} binary digits: maps are as coarse, and may be zero where slopes are small. "
            f"Build the model in float32 with the same weights for finer ones."
        )
    if not computed:
        return None
    own = (
        "" if apart is None else f": its own answers differ from that by {apart:.1g} at most on the images of the proof"
    )
    return (
        f"The model computes in {' and '.join(computed)}. It is explained in float32 with the same rounded weights, as maps of "
        f"16 bits would be coarse or zero{own}, so where two classes are that near it may name the other."
    )


def _compute_dtype(layer: Any) -> str:
    policy = getattr(layer, "_dtype_policy", None)
    return str(getattr(policy, "_compute_dtype", "")) if type(policy).__module__.startswith("keras.") else ""


def _raised(policy: Any) -> Any:
    """The same policy, quantization and all, that computes in float32."""
    raised = copy.copy(policy)
    setattr(raised, _ROUNDED, policy._compute_dtype)
    raised._compute_dtype = "float32"
    return raised


def _rounding(kept: str) -> Any:
    """A scope of Keras in which a layer reads its weights rounded to `kept`, as float32.

    Its `dtype` is another than float32, so that a layer within starts a scope of its own, of its own weights.
    """
    from keras.src import backend

    class Rounding(backend.AutocastScope):
        def maybe_cast(self, value: Any) -> Any:
            if not backend.is_float_dtype(value.dtype):
                return value
            return backend.cast(backend.cast(value, kept), "float32")

    return Rounding(kept)
