"""Has a model changed since it was looked at? Its structure, its constants and its weights, cheaply.

A traced graph reads the weights where they are, so changed weights are seen without a new trace. What is written into
the graph when it is traced is not: which layers there are, and the constants among their attributes (the mean of a
`Normalization`, a rate, an activation, a dtype). A `Structure` holds all of these, one level deep; comparing two reads no
weight and costs a fraction of a millisecond. A constant inside of an object that a layer holds is not seen.
"""

from __future__ import annotations

import zlib
from operator import is_
from typing import Any

import numpy as np

_SAMPLED = 4096  # values of an array that are looked at; training, shuffling and adapting change nearly all of them
_SCALARS = (bool, int, float, complex, str, bytes, type(None))
_UNREAD = {  # what training, evaluating, a trace and Keras's bookkeeping change; no answer depends on it
    "_losses",
    "_loss_ids",
    "_eager_losses",
    "_metrics",
    "_called",
    "built",
    "call",
    "_inbound_nodes",
    "_outbound_nodes",
    "optimizer",
    "history",
    "loss",
    "train_function",
    "test_function",
    "predict_function",
    "train_tf_function",
    "stop_training",
    "stop_predicting",
    "stop_evaluating",
    "compiled",
    "compiled_loss",
    "compiled_metrics",
    "_is_compiled",
    "_jit_compile",
    "_steps_per_execution",
    "steps_per_execution",
    "_loss_tracker",
    "_compile_loss",
    "_compile_metrics",
    "_compile_config",
    "_compiled_trainable_state",
    "_pss_evaluation_shards",
    "_eval_epoch_iterator",
}


class Structure:
    """What a trace of a model writes into its graph: its layers and their attributes, the objects themselves.

    Args:
        model: A Keras model.
    """

    def __init__(self, model: Any) -> None:
        self._parts = layers_within(model)
        self._names = [[name for name in vars(part) if not _is_unread(name)] for part in self._parts]
        self._values = [
            vars(part)[name] for part, names in zip(self._parts, self._names, strict=True) for name in names
        ]
        self._containers = [value for value in self._values if isinstance(value, (list, tuple, dict, np.ndarray))]
        self._held = [_held(container) for container in self._containers]
        self._counts = [len(vars(part)) for part in self._parts]

    def is_still_of(self, model: Any) -> bool:
        """Whether the model did not change since."""
        return self._is_untouched(model) or self.equals(Structure(model))

    def _is_untouched(self, model: Any) -> bool:
        """Whether every attribute is the very object that it was: what is told without looking closer."""
        parts = layers_within(model)
        if len(parts) != len(self._parts) or not all(map(is_, parts, self._parts)):
            return False
        if [len(vars(part)) for part in parts] != self._counts:
            return False
        now = (vars(part).get(name, self) for part, names in zip(parts, self._names, strict=True) for name in names)
        return all(map(is_, now, self._values)) and all(map(_same, map(_held, self._containers), self._held))

    def equals(self, other: Structure) -> bool:
        """Whether the other is of the same model, which did not change in between."""
        return (
            _same(self._parts, other._parts)
            and self._names == other._names
            and _same(self._values, other._values)
            and len(self._held) == len(other._held)
            and all(map(_same, self._held, other._held))
        )

    def digest(self) -> int:
        """The structure as one number, which keeps nothing alive."""
        everything = [*self._parts, *self._values, *(part for held in self._held for part in held)]
        return hash(tuple(part if isinstance(part, _SCALARS) else id(part) for part in everything))


def weights_digest(model: Any) -> int:
    """The values of all weights as one number; of a large one, values at even distances."""
    weights = getattr(model, "variables", None) or model.weights
    return zlib.crc32(b"".join(_checksum(weight) for weight in weights))


def layers_within(model: Any) -> list[Any]:
    """The model and all its layers, those of nested models too, each once."""
    return list({id(part): part for part in [model, *model._flatten_layers(include_self=False)]}.values())


def _is_unread(name: str) -> bool:
    return name in _UNREAD or name.startswith("_self_")


def _held(value: Any) -> list[Any]:
    """What a container holds now; of an array, which may be changed where it is, its values."""
    if isinstance(value, dict):
        return [part for item in value.items() for part in item]
    return [_checksum(value)] if isinstance(value, np.ndarray) else list(value)


def _same(before: list[Any], now: list[Any]) -> bool:
    if len(before) != len(now):
        return False
    return all(map(is_, before, now)) or all(a is b or _equal_scalars(a, b) for a, b in zip(before, now, strict=True))


def _equal_scalars(a: Any, b: Any) -> bool:
    return isinstance(a, _SCALARS) and type(a) is type(b) and bool(a == b)


def _checksum(values: Any) -> bytes:
    flat = np.asarray(values).ravel()
    if flat.dtype.kind not in "fiubc":  # words, or a float that NumPy does not know by itself
        flat = np.frombuffer(repr(flat.tolist()).encode(), np.uint8) if flat.dtype.kind in "OSU" else flat
    if flat.size > _SAMPLED:
        flat = flat[:: -(-flat.size // _SAMPLED)]
    return zlib.crc32(np.ascontiguousarray(flat).tobytes()).to_bytes(4, "little")
