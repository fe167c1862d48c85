"""Things of one kind by name, in order, to which a user's own may be added: formats, architectures, recipes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries in order, each of another name.

    Args:
        what: What an entry is, for messages, such as 'format'.
        name_of: Its name.
        entries: Those that ship.
    """

    def __init__(self, what: str, name_of: Callable[[T], str], entries: Iterable[T]) -> None:
        self._what = what
        self._name_of = name_of
        self._entries = {name_of(entry): entry for entry in entries}

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def by_name(self) -> dict[str, T]:
        """{name: entry}, in order."""
        return dict(self._entries)

    def register(self, entry: T) -> None:
        """Add an entry, for as long as Python runs.

        Raises:
            ValueError: Another one has its name.
        """
        name = self._name_of(entry)
        if name in self._entries:
            raise ValueError(
                f"Expected a name that no {self._what} has. Received '{name}'. Give the {self._what} another name."
            )
        self._entries[name] = entry

    @contextmanager
    def registered(self, entry: T) -> Iterator[T]:
        """The same for the time of a block."""
        self.register(entry)
        try:
            yield entry
        finally:
            del self._entries[self._name_of(entry)]
