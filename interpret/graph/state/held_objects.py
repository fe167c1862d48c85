"""Do namespaces and lists still hold the very objects that they held? Told in some nanoseconds an object.

To ask of each object whether it `is` the one of before costs three times the rest of the work. CPython keeps what a tuple holds
as addresses in a row: two tuples hold the same objects where these bytes are equal. Equal objects are not enough: a `True` that
became 1, or a setting replaced by an equal one, is another object from now on.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from operator import call, itemgetter
from typing import Any

from .dict_versions import DictVersions, are_versions_kept
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
        self._versions = DictVersions([space for space, _ in plain])
        self._written = self._versions.now()
        self._plain = _Row(plain, [])
        self._others = _Row(others, containers)

    def are_the_same(self) -> bool:
        """Whether no namespace or container holds more or fewer than before, and what counts is the same objects."""
        written = self._versions.now()  # before one looks: what is written meanwhile is looked at the next time
        if written != self._written:
            if not self._plain.is_the_same():
                return False
            self._written = written  # to what does not count, or the same again
        return self._others.is_the_same()


class _Row:
    """Objects as addresses in a row."""

    def __init__(self, named: Sequence[tuple[Mapping[str, Any], Sequence[str]]], containers: Sequence[Any]) -> None:
        self._spaces = [space for space, _ in named]
        self._readers = [_reader(space, names) for space, names in named]
        self._containers = containers
        self._sized: list[Collection[Any]] = [*self._spaces, *containers]
        self._sizes = list(map(len, self._sized))
        self._objects = self._now()  # kept, so that nothing else can come to their addresses
        self._addresses = _addresses(self._objects)

    def is_the_same(self) -> bool:
        try:
            return list(map(len, self._sized)) == self._sizes and _addresses(self._now()) == self._addresses
        except KeyError:  # a name is gone
            return False

    def _now(self) -> tuple[Any, ...]:
        values = chain.from_iterable(map(call, self._readers, self._spaces))  # pyright: ignore[reportArgumentType]
        return (*values, *chain.from_iterable(self._containers))


def _reader(space: Any, names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """A function that gives the values of these names."""
    if isinstance(space, Namespace) and len(names) == len(space):
        return type(space).values
    return itemgetter(*names, *names[:1]) if names else _nothing  # of one name alone it would give no tuple


def _nothing(_: Any) -> tuple[()]:
    return ()


def _addresses(objects: tuple[Any, ...]) -> bytes:
    return ctypes.string_at(id(objects) + tuple.__basicsize__, len(objects) * _ADDRESS)
