"""Has a model changed since it was looked at? Its structure, its constants and its weights, cheaply.

A traced graph reads the weights where they are, so changed weights are seen without a new trace. What is written into
the graph when it is traced is not: which layers there are, and the constants among their attributes (the mean of a
`Normalization`, a rate, an activation, a dtype), and those that its code reads elsewhere (see `held_constants`). A
`Structure` holds all of these; to ask whether it still holds reads no weight.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from itertools import chain
from operator import is_
from typing import Any

import numpy as np

from .held_constants import reached_from
from .held_objects import HeldObjects
from .read_attributes import is_opened, read_names

_SAMPLED = 4096  # values of an array that are looked at; training, shuffling and adapting change nearly all of them
_SCALARS = (bool, int, float, complex, str, bytes, type(None))


class Structure:
    """What a trace of a model writes into its graph: its layers and their attributes, the objects themselves.

    Args:
        model: A Keras model.
        written: What the model's own runs write, from `written_since`; it is not looked at.
    """

    def __init__(self, model: Any, written: frozenset[Any] = frozenset()) -> None:
        self._written = written
        self._look(model)

    def _look(self, model: Any) -> None:
        self._layers = layers_within(model)
        attributes = [(vars(layer), read_names(layer)) for layer in self._layers]
        opened = [
            space[name]
            for layer, (space, names) in zip(self._layers, attributes, strict=True)
            for name in names
            if is_opened(layer, name)
        ]
        others, containers = reached_from(opened, self._layers)
        self._others = {
            owner: (space, [name for name in space if (owner, name) not in self._written])
            for owner, space in others.items()
        }
        self._containers = [value for value in containers if id(value) not in self._written]
        self._held = [_held(container) for container in self._containers]
        known = [*zip(map(id, self._layers), attributes, strict=True), *self._others.items()]
        self._values = {
            (owner, name): value for owner, (space, names) in known for name, value in _chosen(space, names)
        }
        everything = chain(self._values.values(), chain.from_iterable(self._held))
        self._arrays = [value for value in everything if isinstance(value, np.ndarray)]
        self._sums = [_checksum(array) for array in self._arrays]
        self._tells_its_layers = all(map(_tells_its_layers, self._layers))
        inner = [layer._layers for layer in self._layers if self._tells_its_layers and layer._layers]
        named = [each for _, each in known]
        self._objects = HeldObjects(named, [*_changeable(self._containers), *inner])

    def is_still_of(self, model: Any) -> bool:
        """Whether the model did not change since."""
        if self._is_untouched(model):
            return True
        same = self.equals(Structure(model, self._written))
        if same:
            self._look(model)  # what training added, or an equal number: from now on it is untouched
        return same

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
        for owner, (space, names) in self._others.items():
            now = dict(_chosen(space, names))
            moved |= {(owner, name) for name in names if not _same([self._values[owner, name]], [now.get(name)])}
        return self._written | moved

    def _is_untouched(self, model: Any) -> bool:
        """Whether every attribute is the very object that it was: a check that looks no closer."""
        if self._layers[0] is not model or not self._objects.are_the_same():
            return False
        if not self._tells_its_layers and not _same(self._layers, layers_within(model)):
            return False
        return not self._arrays or list(map(_checksum, self._arrays)) == self._sums

    def equals(self, other: Structure) -> bool:
        """Whether the other is of the same model, which did not change in between."""
        return (
            _same(self._layers, other._layers)
            and list(self._values) == list(other._values)
            and _same(list(self._values.values()), list(other._values.values()))
            and len(self._held) == len(other._held)
            and all(map(_same, self._held, other._held))
            and self._sums == other._sums
        )

    def digest(self) -> int:
        """The structure as one number, which keeps nothing alive."""
        inside = chain.from_iterable(self._held)
        everything = [*self._layers, *self._values.values(), *inside, *self._sums]
        return hash(tuple(part if isinstance(part, _SCALARS) else id(part) for part in everything))


def _chosen(space: Any, names: list[str]) -> Iterator[tuple[str, Any]]:
    """The names of a namespace that count, with what they stand for."""
    known = dict(zip(space, space.values(), strict=False))
    return ((name, known[name]) for name in names if name in known)


def _tells_its_layers(layer: Any) -> bool:
    """Whether the layers within a layer are what its list of layers holds: so in Keras 3, unless a class has another way."""
    import keras

    own = getattr(type(layer), "_flatten_layers", None)
    return own is keras.layers.Layer._flatten_layers and isinstance(vars(layer).get("_layers"), list)


def _changeable(containers: list[Any]) -> Iterator[Collection[Any]]:
    """What the containers that can change hold, as it is whenever one looks."""
    for container in containers:
        if isinstance(container, dict):
            yield from (container.keys(), container.values())
        elif not isinstance(container, tuple):
            yield container


def weights_digest(model: Any) -> int:
    """The values of all weights as one number; of a large one, values at even distances."""
    weights = getattr(model, "variables", None) or model.weights
    return zlib.crc32(b"".join(_checksum(weight) for weight in weights))


def layers_within(model: Any) -> list[Any]:
    """The model and all its layers, those of nested models too, each once."""
    return list({id(part): part for part in [model, *model._flatten_layers(include_self=False)]}.values())


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
