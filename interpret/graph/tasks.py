"""What are a model's answers: a logit of two classes, quantities, independent labels? Its graph cannot always tell.

A unit without an activation is trained either way (`from_logits=True`, or a squared error). Whoever knows says so, once
for the model; nothing is guessed.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from ...kinds import checks_kinds
from .head import BINARY, LABELS, REGRESSION

TASKS = {BINARY: BINARY, REGRESSION: REGRESSION, "labels": LABELS}  # as it is said -> the head's task
_declared: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


@checks_kinds
def declare_task(model: Any, task: str | None) -> None:
    """Say what a model's answers are for; methods made from then on know it.

    Args:
        model: A Keras model.
        task: 'binary' (its one unit without an activation is the logit of class 1 of two classes), 'regression' (its answers
            are numbers, not classes; they may be within 0..1 by a sigmoid), 'labels' (its units are independent labels, by
            sigmoids or as their logits), or None to take back what was said.

    Raises:
        ValueError: It is none of these.
    """
    if task is None:
        _declared.pop(model, None)
        return
    if task not in TASKS and task not in TASKS.values():
        raise ValueError(f"Expected the task {', '.join(map(repr, TASKS))}. Received {task!r}. Give one of these.")
    _declared[model] = TASKS.get(task, task)


def declared_task(model: Any) -> str | None:
    """What was said of the model; None where nothing was."""
    return _declared.get(model)
