"""The effect of a channel in closed form, where only affine operations lie between its layer and the logits.

Global average pooling and a dense layer, say. With A the layer's output and z the logits, dz[k] / dA does not depend on A
there, and a channel c that has the value f everywhere changes each logit by exactly

    z'[k] - z[k] = sum over places p of (f - A[p,c]) * dz[k] / dA[p,c]

so that no run without the channel is needed. That the way is affine is read off the traced graph: each operation between
the layer and the logits must be one that adds, multiplies by what does not depend on the layer, or moves values about.
"""

from __future__ import annotations

from typing import Any

_LINEAR = frozenset(  # in the first input; what the others say does not depend on the layer
    {
        *(
            "Identity",
            "IdentityN",
            "Reshape",
            "Squeeze",
            "ExpandDims",
            "EnsureShape",
            "Transpose",
            "Tile",
            "BroadcastTo",
        ),
        *("Pad", "PadV2", "MirrorPad", "StridedSlice", "Slice", "Mean", "Sum", "AvgPool", "Neg", "RealDiv"),
    }
)
_SUMS = frozenset({"Add", "AddV2", "AddN", "Sub", "BiasAdd", "Pack", "ConcatV2"})  # affine in all inputs together
_PRODUCTS = frozenset(
    {"Mul", "MatMul", "BatchMatMulV2", "Conv2D", "DepthwiseConv2dNative"}
)  # linear in one of the inputs
_NOT_VALUES = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})  # whatever the layer's values are
_MOST_CLASSES = 100  # each class's slopes are operations of their own in the graph


def is_affine(output: Any, logits: Any) -> bool:
    """Whether the logits are an affine function of a layer's output, all else of the image being given.

    Args:
        output: The layer's output, in the traced graph.
        logits: In the same graph.

    False also where no way leads from one to the other.
    """
    leading = _ancestors(logits)
    if output.op.name not in leading:
        return False
    moved, between, waiting = (
        {output.name},
        {},
        [output],
    )  # tensors that depend on the layer's values, and what makes them
    while waiting:
        for operation in waiting.pop().consumers():
            if operation.name in leading and operation.name not in between and operation.type not in _NOT_VALUES:
                between[operation.name] = operation
                moved.update(tensor.name for tensor in operation.outputs)
                waiting.extend(operation.outputs)
    return logits.name in moved and all(_is_affine(operation, moved) for operation in between.values())


def closed_form(output: Any, logits: Any) -> dict[str, Any]:
    """What `affine_change` needs of each image, {name: float32[B,K,C]}; empty where there is no closed form.

    Args:
        output: A layer's output float32[B, ..., C], in the traced graph.
        logits: float32[B,K], in the same graph.
    """
    import tensorflow as tf

    classes = logits.shape[-1]
    if classes > _MOST_CLASSES or output.dtype != tf.float32 or not is_affine(output, logits):
        return {}
    places = list(range(1, output.shape.rank - 1))
    slopes = [tf.gradients(logits[:, each], output)[0] for each in range(classes)]
    return {
        "given": tf.stack([tf.reduce_sum(output * slope, axis=places) for slope in slopes], axis=1),
        "slope": tf.stack([tf.reduce_sum(slope, axis=places) for slope in slopes], axis=1),
    }


def affine_change(found: dict[str, Any], fill: Any) -> Any:
    """float32[B,C,K]: how each logit changes when channel c has the value fill[c] everywhere."""
    return (fill * found["slope"] - found["given"]).swapaxes(1, 2)


def _ancestors(tensor: Any) -> dict[str, Any]:
    """The operations that a tensor is made of, by name."""
    found: dict[str, Any] = {}
    waiting = [tensor.op]
    while waiting:
        operation = waiting.pop()
        if operation.name not in found:
            found[operation.name] = operation
            waiting.extend(given.op for given in operation.inputs)
    return found


def _is_affine(operation: Any, moved: set[str]) -> bool:
    """Whether what it puts out is affine in those of its inputs that are in `moved`."""
    places = [place for place, given in enumerate(operation.inputs) if given.name in moved]
    if operation.type in _SUMS:
        return True
    if operation.type in _PRODUCTS:
        return len(places) == 1
    return operation.type in _LINEAR and places == [0]
