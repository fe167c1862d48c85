"""Do namespaces and lists still hold the very objects that they held? Told in some nanoseconds an object.

A dictionary that was not written to since the last look is not looked into (see `dict_versions`); what follows is of the rest.

To ask of each object whether it `is` the one of before costs three times the rest of the work. CPython keeps what a tuple holds
as addresses in a row: two tuples hold the same objects where these bytes are equal. Equal objects are not enough: a `True` that
became 1, or a setting replaced by an equal one, is another object from now on.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import call, itemgetter
from typing import Any

from .dict_versions import are_versions_kept, version_cells, version_of
from .held_constants import Namespace

_ADDRESS = ctypes.sizeof(ctypes.c_void_p)


class HeldObjects:
    """What some namespaces and containers hold.

    Args:
        named: Namespaces, live, each with the names in it that count.
        containers: Lists, sets and views of dictionaries, live; all that is in them counts.
    """

    def __init__(self, named: Sequence[tuple[Mapping[str, Any], Sequence[str]]], containers: Sequence[Any]) -> None:
        plain, others = [], []
        for each in named:
            (plain if type(each[0]) is dict and are_versions_kept() else others).append(each)
        self._cells = version_cells([space for space, _ in plain])
        self._written = list(map(version_of, self._cells))
        self._plain = _Row(plain)  # and what holds them, so that no cell outlives its dictionary
        self._others = _Row(others) if others else None
        self._containers = containers
        self._contents = [*map(tuple, containers)]  # kept, so that nothing else can come to their addresses
        self._places = list(map(list, map(_places, containers)))

    def are_the_same(self) -> bool:
        """Whether no namespace or container holds more or fewer than before, and what counts is the same objects."""
        written = list(
            map(version_of, self._cells)
        )  # before one looks: what is written meanwhile is seen the next time
        if written != self._written:
            if not self._plain.is_the_same():
                return False
            self._written = written  # to what does not count, or the same again
        if list(map(list, map(_places, self._containers))) != self._places:
            return False
        return self._others is None or self._others.is_the_same()


class _Row:
    """What namespaces hold, as addresses in a row."""

    def __init__(self, named: Sequence[tuple[Mapping[str, Any], Sequence[str]]]) -> None:
        self._spaces = [space for space, _ in named]
        self._readers = [_reader(space, names) for space, names in named]
        self._sizes = list(map(len, self._spaces))
        self._objects = self._now()  # kept
        self._addresses = _addresses(self._objects)

    def is_the_same(self) -> bool:
        try:
            return list(map(len, self._spaces)) == self._sizes and _addresses(self._now()) == self._addresses
        except KeyError:  # a name is gone
            return False

    def _now(self) -> tuple[Any, ...]:
        return tuple(chain.from_iterable(map(call, self._readers, self._spaces)))  # pyright: ignore[reportArgumentType]


_places = partial(map, id)


def _reader(space: Any, names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """A function that gives the values of these names."""
    if isinstance(space, Namespace) and len(names) == len(space):
        return type(space).values
    return itemgetter(*names, *names[:1]) if names else _nothing  # of one name alone it would give no tuple


def _nothing(_: Any) -> tuple[()]:
    return ()


def _addresses(objects: tuple[Any, ...]) -> bytes:
    return ctypes.string_at(id(objects) + tuple.__basicsize__, len(objects) * _ADDRESS)
