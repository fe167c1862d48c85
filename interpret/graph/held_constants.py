"""What else a trace reads: the user's objects that a layer holds, its class, and what its functions refer to.

A layer may keep a constant in an object (`self.settings.scale`), in its class, in a global, or in the closure of a function.
All of these are written into the graph when it is traced. Each is a namespace here: something that gives its values anew
whenever it is asked. Only what is written outside of Keras, TensorFlow and the standard library is looked into.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

_LIBRARIES = {"keras", "tf_keras", "tensorflow", "numpy", "ml_dtypes", "typeguard", *sys.stdlib_module_names} - {
    "__main__"
}
_MOST = 2_000  # objects that are looked into


class Reads:
    """The names that a function reads from outside: its closure and the globals that it mentions."""

    def __init__(self, function: FunctionType) -> None:
        self._cells = function.__closure__ or ()
        self._globals = function.__globals__
        self._names = [name for name in _names(function.__code__) if name in self._globals]
        self._defaults = function.__defaults__ or ()

    def __len__(self) -> int:
        return len(self._cells) + len(self._names) + len(self._defaults)

    def keys(self) -> list[str]:
        """As many as there are values."""
        return [f"cell {place}" for place in range(len(self._cells))] + self._names + ["default"] * len(self._defaults)

    def values(self) -> list[Any]:
        """What the names stand for now."""
        return [
            *(cell.cell_contents if _is_full(cell) else None for cell in self._cells),
            *(self._globals.get(name) for name in self._names),
            *self._defaults,
        ]


def reached_from(values: Iterable[Any], layers: Iterable[Any]) -> tuple[dict[int, Any], list[Any]]:
    """The namespaces that the layers' classes and values lead to, by the id of the owner; and all containers on the way."""
    spaces: dict[int, Any] = {}
    containers: list[Any] = []
    seen: set[int] = {id(layer) for layer in layers}
    waiting = [*(own for layer in layers for own in type(layer).__mro__), *values]
    while waiting and len(spaces) < _MOST:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, complex, type(None))):
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple, dict, set)):
            containers.append(value)
        namespace = _namespace(value)
        if namespace is not None:
            spaces[id(value)] = namespace
            waiting.extend(namespace.values())
            waiting.extend(type(value).__mro__)
        waiting.extend(_parts(value))
    return spaces, containers


def _namespace(value: Any) -> Any:
    """The values of an object, class or function that the user wrote; None for one of a library."""
    if isinstance(value, FunctionType):
        return Reads(value) if _is_own(value.__module__) else None
    if isinstance(value, type):
        return vars(value) if _is_own(value.__module__) else None
    return getattr(value, "__dict__", None) if _is_own(type(value).__module__) else None


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, property):
        yield value.fget
    elif isinstance(value, (staticmethod, classmethod)):
        yield value.__func__
    elif type(value).__name__ == "partial":
        yield from (value.func, value.args, value.keywords)


def _is_own(module: Any) -> bool:
    return isinstance(module, str) and module.partition(".")[0] not in _LIBRARIES


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  the only way to ask
    except ValueError:
        return False
    return True


def _names(code: CodeType) -> list[str]:
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))
