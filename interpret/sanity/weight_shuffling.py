"""Take away what a model has learnt, layer by layer from the last to the first.

Each tensor of weights gets its own values in a random order: the distribution of the values stays, so that signals
neither vanish nor explode, a variance stays positive, and every kind of layer can be treated alike; what was learnt is
in the places of the values, and that is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tracing.batched_graph import Program
from ..tracing.inputs import Arrays
from ..tracing.traced_model import TracedModel


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """The weights of one layer, without those of layers inside of it."""

    name: str
    weights: tuple[Any, ...]  # Keras variables


def layers_from_the_last(
    model: Any, images: Arrays, *, output: str | None, wrt: str | None, traced: TracedModel | None = None
) -> list[LayerWeights]:
    """The layers on the way to the output that have weights to shuffle, last first; each weight once.

    `traced` is the model as some method has traced it already; None: it is traced here.
    """
    if traced is None or not traced.called:
        traced = TracedModel(model, output=output, wrt=wrt)
        program = Program(traced, lambda _, scores: {"scores": scores})
        if not traced.called:  # a model that does not declare its inputs
            program.prepare(images)
    called = [model, *traced.called]
    seen: set[int] = set()
    found = []
    for layer in reversed(called):
        own = tuple(weight for weight in _own_weights(layer) if id(weight) not in seen and _can_shuffle(weight))
        seen.update(map(id, own))
        if own:
            found.append(LayerWeights(layer.name, own))
    return found


def shuffle(layer: LayerWeights, draw: np.random.Generator) -> None:
    """Put the values of each weight of the layer in a random order, in place."""
    for weight in layer.weights:
        values = np.asarray(weight)
        weight.assign(draw.permutation(values.ravel()).reshape(values.shape))


def _own_weights(layer: Any) -> list[Any]:
    inner = {id(weight) for part in layer._flatten_layers(include_self=False) for weight in part.weights}
    return [weight for weight in layer.weights if id(weight) not in inner]


def _can_shuffle(weight: Any) -> bool:
    """Whether another order of the values is another weight."""
    values = np.asarray(weight)
    return values.size > 1 and values.dtype.kind not in "iub" and bool((values != values.flat[0]).any())
