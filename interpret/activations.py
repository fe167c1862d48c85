"""What each layer puts out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .inputs import Arrays
from .programs import Program
from .progress import Progress
from .tracing import TappedLayer, Taps, TracedModel


class ActivationExtractor:
    """The outputs of a model's layers for given images, dropout off, batch normalisation with its moving statistics.

    Args:
        model: A Keras model.
        layers: Names of the layers, or None for all. A layer called twice is `name` and `name:1`; a layer of a nested
            model may be written `outer/inner`.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: A layer is unknown (the message names the nearest and lists all).

    Example:
        >>> activations = ActivationExtractor(model, ["conv1", "pool1"])(images)    # doctest: +SKIP
        >>> activations["pool1"].shape                                              # doctest: +SKIP
        (10000, 14, 14, 32)
    """

    def __init__(
        self, model: Any, layers: Sequence[str] | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        names = None if layers is None else list(layers)
        self._program = Program(
            TracedModel(model, output=output, wrt=wrt), lambda taps, _: tensors_of(chosen_layers(taps, names))
        )

    def __call__(self, images: Arrays, batch_size: int = 256, progress: Progress = False) -> dict[str, np.ndarray]:
        """{layer: float32[B, ...]}, in order of execution or as asked, for images of the model's input shape."""
        return layers_of(self._program.run(images, batch_size=batch_size, progress=progress))

    def stream(
        self, images: Arrays, batch_size: int = 256, progress: Progress = False
    ) -> Iterator[dict[str, np.ndarray]]:
        """The same, one batch after another, as read-only views: memory does not grow with the number of images."""
        return map(layers_of, self._program.stream(images, batch_size=batch_size, progress=progress))


_PREFIX = "layer:"  # keeps a layer called 'logits' apart from the logits


def chosen_layers(taps: Taps, names: Sequence[str] | None) -> list[TappedLayer]:
    """The layers called `names`, in this order; all single layers (no nested models) for None."""
    if names is not None:
        return [taps.find(name) for name in names]
    return [layer for layer in taps.layers if not is_nested_model(layer)]


def is_nested_model(layer: TappedLayer) -> bool:
    """Whether the layer is a model of its own, whose output its last layer already shows."""
    return any(ancestor.__name__ in ("Model", "Functional", "Sequential") for ancestor in type(layer.layer).__mro__)


def tensors_of(layers: Sequence[TappedLayer]) -> dict[str, Any]:
    """The layers' outputs under names that clash with nothing."""
    return {_PREFIX + layer.name: layer.tensor for layer in layers}


def layers_of(results: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The layers among a program's results, under their own names."""
    return {name.removeprefix(_PREFIX): values for name, values in results.items() if name.startswith(_PREFIX)}
