"""Go through many images in batches, and tell how far one is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

Progress = (
    bool | Callable[[str, int, int], None]
)  # True: bars on stderr; a function gets (what is done, how much, of how much)
_IMAGES = "images"  # what is counted, where nobody gave the work a name


def steps(total: int, batch_size: int, progress: Progress) -> Iterator[slice]:
    """The rows of each batch in turn.

    Args:
        total: Number of images.
        batch_size: Images a batch, at least 1.
        progress: False, True for a bar with the time left, or a function called with ('images', done, total) after each batch.

    Raises:
        ValueError: `batch_size` is not a whole number of at least 1.
    """
    check_batch_size(batch_size)
    if progress is True:
        yield from _with_bar(total, batch_size)
        return
    for start in range(0, total, batch_size):
        stop = min(start + batch_size, total)
        yield slice(start, stop)
        if progress is not False:
            progress(_IMAGES, stop, total)


def check_batch_size(batch_size: int) -> None:
    """Raise ValueError where it is not a whole number of at least 1."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(
            f"Expected batch_size of at least 1. Received {batch_size!r}. Give a whole number such as 256."
        )


def part_of(progress: Progress, place: int, parts: int) -> Progress:
    """The progress of one of several parts of about the same size, told as progress of the whole."""
    if progress is False or progress is True:
        return progress
    return lambda what, done, total: progress(what, place * total + done, parts * total)


def named(progress: Progress, what: str) -> Progress:
    """The progress of one stage of the work, told under its own name."""
    if not callable(progress):
        return bool(progress)
    return lambda _, done, total: progress(what, done, total)


def shown(done: Iterable[int], total: int, progress: Progress) -> Iterator[int]:
    """The counts of `done` as they come, each told: how many of `total` images are done."""
    if progress is True:
        with _bar(total) as tell:
            for count in done:
                tell(_IMAGES, count, total)
                yield count
        return
    for count in done:
        if progress is not False:
            progress(_IMAGES, count, total)
        yield count


def _with_bar(total: int, batch_size: int) -> Iterator[slice]:
    with _bar(total) as tell:
        yield from steps(total, batch_size, tell)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(_IMAGES, total=total)
        yield lambda _, done, __: bar.update(task, completed=done)
