"""Is the one number that a model answers a logit of two classes, or a regression? Its graph cannot tell.

A unit without an activation is trained either way (`from_logits=True`, or a squared error). Whoever knows says so, once
for the model; nothing is guessed.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from .head import BINARY, REGRESSION

TASKS = (BINARY, REGRESSION)
_declared: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def declare_task(model: Any, task: str | None) -> None:
    """Say what a model that answers numbers without an activation is for; methods made from then on know it.

    Args:
        model: A Keras model.
        task: 'binary' (its one unit is the logit of class 1 of two classes), 'regression' (its answers are numbers, not
            classes), or None to take back what was said.

    Raises:
        ValueError: It is neither.
    """
    if task is None:
        _declared.pop(model, None)
        return
    if task not in TASKS:
        raise ValueError(f"Expected the task {' or '.join(map(repr, TASKS))}. Received {task!r}. Give one of the two.")
    _declared[model] = task


def declared_task(model: Any) -> str | None:
    """What was said of the model; None where nothing was."""
    return _declared.get(model)
