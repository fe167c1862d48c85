"""Look into a function that a traced graph calls.

A model from a SavedModel folder, or one whose `call` is a `tf.function`, leaves a single operation in the traced graph:
the call of a function, with the softmax out of sight inside of it. Here the function's operations are copied to where
it is called, fed by the same tensors (the weights among them), so that the walk back to the logits can continue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def is_function_call(tensor: tf.Tensor) -> bool:
    """Whether the tensor is what the call of a function put out."""
    return tensor.op.type in _CALLS


def body_of(call: tf.Operation) -> Any:
    """The graph of the function that an operation calls; its `inputs` stand for those of the operation."""
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    name = call.get_attr("f").name
    traced = getattr(call.graph._get_function(name), "graph", None)  # knows the shapes of the variables, too
    if traced is not None:
        return traced
    known = {function.signature.name: function for function in call.graph.as_graph_def().library.function}
    return function_def_to_graph(known[name], input_shapes=[given.shape for given in call.inputs])


def inlined(tensor: tf.Tensor) -> tf.Tensor:
    """The same value as `tensor`, which a function call put out, made by the function's own operations."""
    import tensorflow as tf

    body = body_of(tensor.op)
    feeds = {argument.name: given for argument, given in zip(body.inputs, tensor.op.inputs, strict=True)}
    wanted = body.outputs[tensor.value_index].name
    (value,) = tf.graph_util.import_graph_def(body.as_graph_def(), input_map=feeds, return_elements=[wanted])
    return value
