"""What each layer puts out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..given import Layers, takes_given
from ..progress import Progress
from ..tracing.batched_graph import LayerProgram, OfModel
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import chosen_layers, layers_of, tensors_of
from ..tracing.traced_model import TracedModel


class ActivationExtractor(OfModel):
    """The outputs of a model's layers for given images, dropout off, batch normalisation with its moving statistics.

    Args:
        model: A Keras model.
        layers: The layers, one or several, each by its name, its index in `model.layers` or itself; None
            for all. A layer called twice is `name` and `name:1`; one of a nested model may be written `outer/inner`.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: A layer is unknown (the message names the nearest and lists all).

    Example:
        >>> activations = ActivationExtractor(model, ["conv1", "pool1"])(images)
        >>> activations["pool1"].shape
        (20, 14, 14, 32)
    """

    @takes_given
    def __init__(
        self, model: Any, layers: Layers | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        names: list[str] | None = layers
        self._program = LayerProgram(
            TracedModel(model, output=output, wrt=wrt), lambda taps, _: tensors_of(chosen_layers(taps, names))
        )

    @takes_given
    def __call__(self, images: Arrays, batch_size: int = 256, progress: Progress = False) -> dict[str, np.ndarray]:
        """{layer: float32[B, ...]}, in order of execution or as asked, for images of the model's input shape."""
        return layers_of(self._program.run(images, batch_size=batch_size, progress=progress))

    @takes_given
    def stream(
        self, images: Arrays, batch_size: int = 256, progress: Progress = False
    ) -> Iterator[dict[str, np.ndarray]]:
        """The same, one batch after another, as read-only views: memory does not grow with the number of images."""
        return map(layers_of, self._program.stream(images, batch_size=batch_size, progress=progress))
