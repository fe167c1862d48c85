"""Which layers each layer reads: found by walking the traced graph back from a layer's output to the outputs of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tracing.traced_model import TappedLayer

INPUT = "<image>"  # stands for the model's image among a layer's inputs; no layer is called so


def layer_inputs(image: Any, taps: Sequence[TappedLayer]) -> list[tuple[str, ...]]:
    """The names of the layers that each layer reads, in order of execution; `INPUT` for the image.

    A layer that puts out what came in (dropout, when it is inactive) stands for it from then on.

    Args:
        image: tf.Tensor, the model's image.
        taps: the layers' calls in order of execution, nested models left out.
    """
    latest = {image.name: INPUT}  # by tensor: the last layer that put it out
    found = []
    for tap in taps:
        found.append(_read(tap.tensor, latest))
        latest[tap.tensor.name] = tap.name
    return found


def _read(tensor: Any, latest: dict[str, str]) -> tuple[str, ...]:
    """The nearest layers behind a tensor, or the one that put it out already."""
    if tensor.name in latest:
        return (latest[tensor.name],)
    names, seen, ahead = set(), set(), list(tensor.op.inputs)
    while ahead:
        behind = ahead.pop()
        if behind.name in latest:
            names.add(latest[behind.name])
        elif behind.name not in seen:
            seen.add(behind.name)
            ahead.extend(behind.op.inputs)
    return tuple(name for name in latest.values() if name in names)
