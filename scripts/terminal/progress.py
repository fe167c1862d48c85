"""What a command shows while it works: TensorFlow's start-up noise held back, and bars with the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def steps_shown() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each step of the work, with the time left, on stderr; gone when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step


class Whole:
    """How far a work of several stages is as a whole, from what each stage is expected to cost.

    A stage counts as done when another one begins. One that was not expected counts nothing; one that was expected
    before the stage at hand and did not come is not waited for.

    Args:
        expected: {start of a stage's name: cost in any unit}, in the order of the work.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._expected = dict(expected)
        self._done = dict.fromkeys(expected, 0.0)  # 0..1
        self._share = 0.0

    def share(self, what: str, done: int, total: int) -> float:
        """The share of all that is done, 0..1, never less than before."""
        stage = next((start for start in self._expected if what.startswith(start)), None)
        if stage is not None:
            for earlier in self._expected:
                if earlier == stage:
                    break
                self._done[earlier] = 1.0
            self._done[stage] = max(self._done[stage], done / max(total, 1))
        reached = sum(self._expected[start] * share for start, share in self._done.items())
        self._share = max(self._share, reached / (sum(self._expected.values()) or 1.0))
        return self._share


@contextmanager
def whole_shown(expected: Mapping[str, float]) -> Iterator[Callable[[str, int, int], None]]:
    """One bar for a work of several stages, with the stage, the share of all that is done and the time left, on stderr.

    Where stderr is no terminal: one line as each stage begins.

    Args:
        expected: what each stage costs, see `Whole`.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console, whole, told = Console(stderr=True), Whole(expected), ""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=1.0)

        def step(what: str, done: int, total: int) -> None:
            nonlocal told
            bar.update(task, description=what, completed=whole.share(what, done, total))
            if what != told and not console.is_terminal:
                console.print(what, highlight=False)
            told = what

        yield step
