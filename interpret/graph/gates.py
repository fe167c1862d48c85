"""Which layers only say how much of others is let through?

The convolution of spatial attention (Woo et al. 2018, CBAM, arXiv:1807.06521) ends in a sigmoid or softmax, whose values multiply
the maps of another layer. It may be the last convolution of a model; what the model saw is in the maps that it multiplies.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from .squashed import PASSED_THROUGH

_GATING = ("Sigmoid", "Softmax")
_ON_THE_WAY = (
    *PASSED_THROUGH,
    *_GATING,
    "BiasAdd",
    "FusedBatchNormV3",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "Transpose",
)
_BY_CONSTANTS = ("Mul", "Add", "AddV2", "Sub")  # batch normalisation: the other operand does not depend on the image
_LETTING_THROUGH = ("Mul", "MatMul", "BatchMatMulV2", "Einsum")


def is_gate(tensor: Any, reached: Container[Any]) -> bool:
    """Whether all that reads the tensor is a sigmoid or a softmax, and then a product with something else of the image.

    Args:
        tensor: What a layer puts out.
        reached: The operations on the way from the image to the scores.
    """
    return _is_gate(tensor, reached, gated=tensor.op.type in _GATING)


def _is_gate(tensor: Any, reached: Container[Any], *, gated: bool) -> bool:
    readers = [op for op in tensor.consumers() if op in reached]
    return bool(readers) and all(_ends_in_a_product(op, tensor, reached, gated=gated) for op in readers)


def _ends_in_a_product(op: Any, tensor: Any, reached: Container[Any], *, gated: bool) -> bool:
    others = [given for given in op.inputs if given is not tensor and given.op in reached]
    if op.type in _LETTING_THROUGH and others:
        return gated
    if op.type in _ON_THE_WAY or (op.type in _BY_CONSTANTS and not others):
        return _is_gate(op.outputs[0], reached, gated=gated or op.type in _GATING)
    return False
