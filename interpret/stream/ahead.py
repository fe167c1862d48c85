"""What is read next is read while the model runs: batches made in a background thread, a few before they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
_WAIT = 0.1  # seconds, after which a side looks whether the other one is still there


def ahead(made: Iterable[T], most: int = 2) -> Iterator[T]:
    """The same things in the same order, made in a background thread.

    Args:
        made: What makes them; it is gone through in the thread alone.
        most: How many are kept ready, at most.

    An error, also of the last thing, is raised where the thing would have come. Whoever stops early, by an error or Ctrl-C,
    ends the thread: it finishes what it is at and makes no more.

    Example:
        >>> list(ahead(number**2 for number in range(4)))
        [0, 1, 4, 9]
    """
    ready: Queue[T] = Queue(maxsize=most)
    left, failed = threading.Event(), list[BaseException]()

    def make() -> None:
        try:
            for thing in made:
                if not _put(ready, thing, left):
                    return
        except BaseException as error:  # raised again by the one who waits
            failed.append(error)

    thread = threading.Thread(target=make, name="featurelens reads ahead", daemon=True)
    thread.start()
    try:
        while thread.is_alive() or not ready.empty():
            try:
                thing = ready.get(timeout=_WAIT)
            except Empty:
                continue
            yield thing
        if failed:
            raise failed[0]
    finally:
        left.set()
        thread.join()


def _put(ready: Queue[T], thing: T, left: threading.Event) -> bool:
    """Hand a thing over; False where nobody waits for it any more."""
    while not left.is_set():
        try:
            ready.put(thing, timeout=_WAIT)
        except Full:
            continue
        return True
    return False
