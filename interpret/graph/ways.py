"""What leads where in a traced graph: the operations on the way from the image to the scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def leads_to(tensors: Iterable[Any]) -> set[Any]:
    """The operations that the tensors are computed from, those that make them included."""
    found: set[Any] = set()
    waiting = [tensor.op for tensor in tensors]
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting.extend(given.op for given in op.inputs if _reads_values(op))
    return found


def follows_from(tensor: Any) -> set[Any]:
    """The operations that compute with the tensor, that which makes it included."""
    found: set[Any] = set()
    waiting = [tensor.op]
    while waiting:
        op = waiting.pop()
        if op not in found and _reads_values(op):
            found.add(op)
            waiting.extend(reader for made in op.outputs for reader in made.consumers())
    return found


def is_whole_road(tensor: Any, image: Any, ends: Iterable[Any]) -> bool:
    """Whether every way from the image to the ends leads through the tensor: none does once it is cut."""
    found, waiting = {tensor.op}, [end.op for end in ends]
    while waiting:
        op = waiting.pop()
        if op in found:
            continue
        if op is image.op:
            return False
        found.add(op)
        waiting.extend(given.op for given in op.inputs if _reads_values(op))
    return True


def _reads_values(op: Any) -> bool:
    """Whether an operation looks at what a tensor holds, and not at its shape alone."""
    return op.type not in ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
