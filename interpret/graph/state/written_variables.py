"""Explaining changes nothing: variables that a model writes when it is run are put back.

A model may count its calls, move a statistic or draw from a seed that it keeps; in a traced graph that is an operation
which assigns a variable, and it runs whenever the graph does. Such graphs are rare: they are found once, when they are
traced, and only theirs are the variables that are read before a run and written back after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .model_state import layers_within

_ASSIGNMENTS = ("Assign", "ResourceScatter", "ResourceApply", "StatefulRandom", "RngSkip", "RngReadAndSkip")


def written_variables(function: Any) -> list[Any]:
    """The variables that a traced function may write: all that it holds, where one of its operations assigns."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
    return list(function.graph.variables) if any(node.op.startswith(_ASSIGNMENTS) for node in nodes) else []


@contextmanager
def kept(variables: Sequence[Any]) -> Iterator[None]:
    """After the block, the variables hold what they held before."""
    before = [variable.read_value() for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def variables_of(model: Any) -> list[Any]:
    """All variables that the model and its layers have by now, those of seeds too, as TensorFlow's."""
    import tensorflow as tf

    found = [variable for part in layers_within(model) for variable in _of_layer(part)]
    known = (variable if isinstance(variable, tf.Variable) else variable.value for variable in found)
    return list({id(variable): variable for variable in known}.values())


def _of_layer(layer: Any) -> list[Any]:
    try:
        return [*layer.variables, *layer.weights]
    except ValueError:  # a Sequential of tf_keras that was never called
        return []
