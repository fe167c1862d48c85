"""Has a model changed since it was looked at? Its structure, its constants and its weights, cheaply.

A traced graph reads the weights where they are, so changed weights are seen without a new trace. What is written into
the graph when it is traced is not: which layers there are, and the constants among their attributes (the mean of a
`Normalization`, a rate, an activation, a dtype), and those that its code reads elsewhere (see `held_constants`). A
`Structure` holds all of these; comparing two reads no weight and costs a fraction of a millisecond.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain, compress, islice
from operator import is_
from typing import Any

import numpy as np

from .held_constants import reached_from

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
    "_trainable_variables",  # each variable is an attribute of its layer, too
    "_non_trainable_variables",
    "_seed_generators",
    "_layers",  # told by `layers_within`
    "_tracked",
    "_tracker",
    "_losses_override",
    "_build_shapes_dict",
    "call_signature_parameters",
    "_call_context_args",
    "_call_has_context_arg",
}


class Structure:
    """What a trace of a model writes into its graph: its layers and their attributes, the objects themselves.

    Args:
        model: A Keras model.
        written: What the model's own runs write, from `written_since`; it is not looked at.
    """

    def __init__(self, model: Any, written: frozenset[Any] = frozenset()) -> None:
        self._written = written
        self._layers = layers_within(model)
        spaces = [vars(layer) for layer in self._layers]
        held = [value for space in spaces for name, value in space.items() if not _is_unread(name)]
        others, containers = reached_from(held, self._layers)
        self._owners = [*map(id, self._layers), *others]
        self._spaces = [*spaces, *others.values()]
        self._counts = [len(space) for space in self._spaces]
        self._every = [
            (owner, name)
            for owner, space in zip(self._owners, self._spaces, strict=True)
            for name in tuple(space.keys())
        ]
        self._read = [not _is_unread(name) and (owner, name) not in written for owner, name in self._every]
        self._names = [name for _, name in compress(self._every, self._read)]
        self._all = list(_values(self._spaces))  # what training touches included: mostly nothing did
        self._values = list(compress(self._all, self._read))
        self._containers = [value for value in containers if id(value) not in written]
        self._held = [_held(container) for container in self._containers]
        mutable = [value for value in self._containers if not isinstance(value, tuple)]
        self._lists = [value for value in mutable if not isinstance(value, dict)]
        self._dicts = [value for value in mutable if isinstance(value, dict)]
        self._contents, self._sizes = self._look_inside()
        self._arrays = [value for value in self._values if isinstance(value, np.ndarray)]
        self._sums = [_checksum(array) for array in self._arrays]

    def is_still_of(self, model: Any) -> bool:
        """Whether the model did not change since."""
        return self._is_untouched(model) or self.equals(Structure(model, self._written))

    def written_since(self, model: Any) -> frozenset[Any]:
        """What changed outside of the layers, as after runs of the model alone: a list that it appends to, a count.

        No constant of the graph is among it, since a run of the graph does not run the code that reads one.
        """
        if self._is_untouched(model):
            return self._written
        moved = {
            id(held)
            for held, before in zip(self._containers, self._held, strict=True)
            if not _same(before, _held(held))
        }
        others = zip(self._owners, self._spaces, strict=True)
        for owner, space in islice(others, len(self._layers), None):
            before = {name: value for (of, name), value in zip(self._every, self._all, strict=True) if of == owner}
            now = dict(zip(space.keys(), space.values(), strict=True))
            moved |= {(owner, name) for name, value in before.items() if not _same([value], [now.get(name)])}
        return self._written | moved

    def _is_untouched(self, model: Any) -> bool:
        """Whether every attribute is the very object that it was: a check that looks no closer."""
        layers = layers_within(model)
        if len(layers) != len(self._layers) or not all(map(is_, layers, self._layers)):
            return False
        if list(map(len, self._spaces)) != self._counts:
            return False
        if not all(map(is_, _values(self._spaces), self._all)) and not all(
            map(is_, compress(_values(self._spaces), self._read), self._values)
        ):
            return False
        contents, sizes = self._look_inside()
        if sizes != self._sizes or not all(map(is_, contents, self._contents)):
            return False
        return list(map(_checksum, self._arrays)) == self._sums

    def _look_inside(self) -> tuple[list[Any], list[int]]:
        """What the containers that can change hold, and how much each."""
        inner = chain(chain.from_iterable(self._lists), *(chain(each.keys(), each.values()) for each in self._dicts))
        return list(inner), [*map(len, self._lists), *map(len, self._dicts)]

    def equals(self, other: Structure) -> bool:
        """Whether the other is of the same model, which did not change in between."""
        return (
            _same(self._layers, other._layers)
            and self._names == other._names
            and _same(self._values, other._values)
            and len(self._held) == len(other._held)
            and all(map(_same, self._held, other._held))
            and self._sums == other._sums
        )

    def digest(self) -> int:
        """The structure as one number, which keeps nothing alive."""
        everything = [*self._layers, *self._values, *(part for held in self._held for part in held), *self._sums]
        return hash(tuple(part if isinstance(part, _SCALARS) else id(part) for part in everything))


def _values(spaces: list[Any]) -> Iterator[Any]:
    return chain.from_iterable(space.values() for space in spaces)


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
    """What a container holds now."""
    return [part for item in value.items() for part in item] if isinstance(value, dict) else list(value)


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
