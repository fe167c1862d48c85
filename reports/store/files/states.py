"""What a statistic has seen, as a file: parts of the data are counted in one place and joined in another.

A statistic names the members that an update changes (`state`). Their values are numbers, texts, arrays, lists, mappings and
records of this package, which are written as JSON beside the arrays that they hold, in one `.npz`. Reading it builds nothing
but these: no pickle is read, and no class from elsewhere is named.
"""

from __future__ import annotations

import importlib
import io
import json
import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ....interpret.stream.statistic import Statistic
from .durable import written
from .units import Unit

FOLDER = "statistics"
_TREE = "tree"
_HOMES = ("featurelens.interpret.", "featurelens.models.")  # of the records that may be named


def states_name(unit: Unit) -> str:
    """Path of a unit's statistics within the store."""
    return f"{FOLDER}/unit-{unit.number:07d}.npz"


def write_states(path: Path, statistics: Mapping[str, Statistic[Any]]) -> None:
    """Write what some statistics have seen, by their keys, for good."""
    arrays = _Arrays()
    tree = {key: {name: arrays.put(getattr(each, name)) for name in state_of(each)} for key, each in statistics.items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_TREE: np.frombuffer(json.dumps(tree).encode(), np.uint8)}, **arrays.named)
    with written(path) as partial:
        partial.write_bytes(buffer.getvalue())


def state_of(statistic: Any) -> tuple[str, ...]:
    """The members of a statistic that an update changes.

    Raises:
        TypeError: Its class does not tell.
    """
    found = getattr(statistic, "state", None)
    if not isinstance(found, tuple):
        raise TypeError(
            f"Expected a statistic that names what an update changes (`state`). Received {type(statistic).__name__}. Name them."
        )
    return found


class States:
    """The states of one file, read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._file = np.load(path, allow_pickle=False)
        self._tree = json.loads(self._file[_TREE].tobytes())

    @property
    def keys(self) -> frozenset[str]:
        """Of the statistics."""
        return frozenset(self._tree)

    def restored(self, fresh: Any) -> Any:
        """A statistic with the key of `fresh`, which has seen nothing, as it was when it was written."""
        found = copy(fresh)
        for name in state_of(fresh):
            setattr(found, name, self._get(self._tree[fresh.key][name]))
        return found

    def _get(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        kind, value = next(iter(node.items()))
        return _READ[kind](self, value)

    def _list(self, value: Any) -> list[Any]:
        return [self._get(each) for each in value]

    def _columns(self, value: Any) -> dict[int, Any]:
        keys, rows, kind = value
        numbers, stacked = self._file[keys].tolist(), self._file[rows]
        found = (
            [row.tobytes() for row in stacked] if kind == "bytes" else stacked.tolist() if kind == "int" else stacked
        )
        return dict(zip(numbers, found, strict=True))

    def _record(self, value: Any) -> Any:
        module, _, name = value[0].partition(":")
        kind = getattr(importlib.import_module(module), name, None) if module.startswith(_HOMES) else None
        if not isinstance(kind, type) or kind.__module__ != module:
            raise ValueError(
                f"Expected records of this package in the statistics of a store. Received {value[0]!r}. Extract anew."
            )
        found = object.__new__(kind)
        for member, node in value[1].items():
            object.__setattr__(found, member, self._get(node))
        return found


_READ = {
    "array": lambda states, name: states._file[name],
    "scalar": lambda states, name: states._file[name][()],
    "float": lambda states, text: float(text),
    "bytes": lambda states, text: bytes.fromhex(text),
    "tuple": lambda states, value: tuple(states._list(value)),
    "list": lambda states, value: states._list(value),
    "dict": lambda states, value: {states._get(key): states._get(each) for key, each in value},
    "columns": lambda states, value: states._columns(value),
    "record": lambda states, value: states._record(value),
}


@dataclass
class _Arrays:
    """Values as nodes of JSON, their arrays put aside."""

    named: dict[str, np.ndarray] = field(default_factory=dict)

    def put(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, np.generic):
            return {"scalar": self._aside(np.asarray(value))}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, bytes):
            return {"bytes": value.hex()}
        if isinstance(value, np.ndarray):
            return {"array": self._aside(value)}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self.put(each) for each in value]}
        if isinstance(value, dict):
            return self._mapping(value)
        if type(value).__module__.startswith(_HOMES):
            return {"record": [f"{type(value).__module__}:{type(value).__name__}", self._members(value)]}
        raise TypeError(
            f"Expected numbers, texts, arrays and records. Received {type(value).__name__}. Keep one of those."
        )

    def _aside(self, array: np.ndarray) -> str:
        name = f"a{len(self.named)}"
        self.named[name] = array
        return name

    def _members(self, value: Any) -> dict[str, Any]:
        return {name: self.put(each) for name, each in vars(value).items()}

    def _mapping(self, value: dict[Any, Any]) -> Any:
        """A mapping from numbers of images to things of one form is kept as columns: there are as many as images."""
        kind = _form(list(value.values())) if value and all(type(key) is int for key in value) else None
        if kind is None:
            return {"dict": [[self.put(key), self.put(each)] for key, each in value.items()]}
        rows = list(value.values())
        stacked = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1) if kind == "bytes" else np.stack(rows)
        return {"columns": [self._aside(np.array(list(value))), self._aside(stacked), kind]}


def _form(values: list[Any]) -> str | None:
    """What all values are, where they can be rows of one array: 'int', 'bytes' of one length, or 'array' of one shape."""
    first = values[0]
    if all(type(each) is int for each in values):
        return "int"
    if (
        isinstance(first, bytes)
        and first
        and all(isinstance(each, bytes) and len(each) == len(first) for each in values)
    ):
        return "bytes"
    if isinstance(first, np.ndarray) and all(
        isinstance(each, np.ndarray) and each.shape == first.shape and each.dtype == first.dtype for each in values
    ):
        return "array"
    return None
