"""What else a trace reads: the user's objects that a layer holds, its class, and what its functions refer to.

A layer may keep a constant in an object (`self.settings.scale`), in its class, in a global, or in the closure of a function.
All of these are written into the graph when it is traced. Each is a namespace here: something that gives its values anew
whenever it is asked. Only what is written outside of Keras, TensorFlow and the standard library is looked into.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_LIBRARIES = {"keras", "tf_keras", "tensorflow", "numpy", "ml_dtypes", "typeguard", *sys.stdlib_module_names} - {
    "__main__"
}
_MOST = 2_000  # objects that are looked into


class Namespace(Mapping[str, Any]):
    """Values by name, asked for anew whenever one looks."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def values(self) -> list[Any]:  # type: ignore[override]  # as a list at once, which is faster
        """What the names stand for now."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __getitem__(self, name: str) -> Any:
        return self.values()[self._names.index(name)]


class Reads(Namespace):
    """The names that a function reads from outside: its closure, the globals that it mentions, and those of its modules."""

    def __init__(self, function: FunctionType) -> None:
        self._cells = function.__closure__ or ()
        self._places = list(_mentioned(function.__globals__, _names(function.__code__)))
        self._function = function
        cells = [f"cell {place}" for place in range(len(self._cells))]
        defaults = [f"default {place}" for place in range(len(_defaults(function)))]
        super().__init__([*cells, *(f"{name} {place}" for place, (_, name) in enumerate(self._places)), *defaults])

    def values(self) -> list[Any]:
        """What the names stand for now."""
        return [
            *(cell.cell_contents if _is_full(cell) else None for cell in self._cells),
            *(place.get(name) for place, name in self._places),
            *_defaults(self._function),
        ]


class Slots(Namespace):
    """The attributes of an object whose class keeps them in slots."""

    def __init__(self, owner: Any, slots: Sequence[str]) -> None:
        self._owner = owner
        super().__init__([*slots, *getattr(owner, "__dict__", ())])

    def values(self) -> list[Any]:
        """What the names stand for now."""
        return [getattr(self._owner, name, None) for name in self._names]


def _defaults(function: FunctionType) -> list[Any]:
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _mentioned(place: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Where the names stand that a function mentions: among its globals, or in a module of one's own among these."""
    seen, waiting = {id(place)}, [place]
    while waiting:
        place = waiting.pop()
        for name in names:
            if name in place:
                yield place, name
                value = place[name]
                if isinstance(value, ModuleType) and _is_own(value.__name__) and id(vars(value)) not in seen:
                    seen.add(id(vars(value)))
                    waiting.append(vars(value))


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
        if isinstance(value, (list, tuple, dict, set, deque)):
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
    if not _is_own(type(value).__module__):
        return None
    slots = [name for own in type(value).__mro__ for name in _slots(own)]
    return Slots(value, slots) if slots else getattr(value, "__dict__", None)


def _slots(own: type) -> list[str]:
    """The slots that a class of one's own names, but for those of Python itself."""
    named = vars(own).get("__slots__", ()) if _is_own(own.__module__) else ()
    return [name for name in ([named] if isinstance(named, str) else named) if name not in ("__dict__", "__weakref__")]


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset, deque)):
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
