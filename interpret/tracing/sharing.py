"""One program for all who ask a model the same: within `programs_shared()` it is traced once, and handed out again.

A report asks from many places what a model answers to some pictures; each of them would trace it anew, which takes a second
for a deep network. The programs are let go at the end of the `with`. A model that is changed meanwhile is no danger: a
program notices it and is traced again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from ..graph.tasks import declared_task
from .batched_graph import Program
from .traced_model import TracedModel, answers_shared

T = TypeVar("T", bound=Program)
_shared: ContextVar[dict[tuple[object, ...], Program] | None] = ContextVar("shared programs", default=None)


@contextmanager
def programs_shared() -> Iterator[None]:
    """Let programs that compute the same of the same model be one, until the end of the block."""
    before = _shared.set({} if _shared.get() is None else _shared.get())
    try:
        with answers_shared():
            yield
    finally:
        _shared.reset(before)


def scores_program(traced: TracedModel, make: Callable[[], Program]) -> Program:
    """A program that gives the logits, the classes and the scores of images: an earlier one of this model, or that of `make`."""
    return shared_program("scores", traced, make)


def shared_program(what: str, traced: TracedModel, make: Callable[[], T]) -> T:
    """The program that was made for `what` of this model, or that of `make`."""
    known: dict[tuple[object, ...], Any] | None = _shared.get()
    if known is None:
        return make()
    key = (what, *_key(traced))
    if key not in known:
        known[key] = make()
    return known[key]


def offer(program: Program) -> None:
    """Let those who need the scores take this program, which gives them too."""
    known = _shared.get()
    if known is not None:
        known["scores", *_key(program.traced)] = program


def _key(traced: TracedModel) -> tuple[object, ...]:
    said = declared_task(traced.model)  # what one number stands for may be said between two questions
    return id(traced.model), traced.output, traced.wrt, traced.fold, said  # the program keeps the model, and so its id
