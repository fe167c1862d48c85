"""Go through many images in batches, and tell how far one is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

Progress = bool | Callable[[int, int], None]  # True shows a bar on stderr; a function gets (images done, of how many)
Step = Callable[[str, int, int], None]  # told (what is being done, how much of it is done, of how much)


def steps(total: int, batch_size: int, progress: Progress) -> Iterator[slice]:
    """The rows of each batch in turn.

    Args:
        total: Number of images.
        batch_size: Images a batch, at least 1.
        progress: False, True for a bar with the time left, or a function called with (done, total) after each batch.

    Raises:
        ValueError: `batch_size` is not a whole number of at least 1.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(
            f"Expected batch_size of at least 1. Received {batch_size!r}. Give a whole number such as 256."
        )
    if progress is True:
        yield from _with_bar(total, batch_size)
        return
    for start in range(0, total, batch_size):
        stop = min(start + batch_size, total)
        yield slice(start, stop)
        if progress is not False:
            progress(stop, total)


def part_of(progress: Progress, place: int, parts: int) -> Progress:
    """The progress of one of several parts of about the same size, told as progress of the whole."""
    if progress is False or progress is True:
        return progress
    return lambda done, total: progress(place * total + done, parts * total)


def shown(done: Iterable[int], total: int, progress: Progress) -> Iterator[int]:
    """The counts of `done` as they come, each told: how many of `total` images are done."""
    if progress is True:
        with _bar(total) as tell:
            for count in done:
                tell(count, total)
                yield count
        return
    for count in done:
        if progress is not False:
            progress(count, total)
        yield count


def _with_bar(total: int, batch_size: int) -> Iterator[slice]:
    with _bar(total) as tell:
        yield from steps(total, batch_size, tell)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("images", total=total)
        yield lambda done, _: bar.update(task, completed=done)
