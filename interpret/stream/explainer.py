"""The one pass: logits, activations, Grad-CAM and saliency out of a single forward and backward run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..given import Layer, Layers, takes_given
from ..progress import Progress
from ..tracing.batched_graph import Computed, OfModel, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import chosen_layers, layers_of, tensors_of
from ..tracing.pixel_range import received, warn_of_received
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel
from .named_maps import named_maps

_RANGES = "pixel ranges"


@dataclass(frozen=True, eq=False)
class Explanation(Record):
    """What the model saw in a set of images."""

    logits: np.ndarray  # float32[B,K], the scores before softmax or sigmoid
    probabilities: np.ndarray  # float32[B,K], 0..1
    classes: np.ndarray  # int32[B], the class that the maps explain
    activations: dict[str, np.ndarray]  # {layer: float32[B, ...]}
    grad_cam: np.ndarray  # float32[B,h,w], score units, at least 0
    saliency: np.ndarray  # float32[B,H,W], score units per unit of pixel value, at least 0


class Explainer(OfModel):
    """Logits, activations, Grad-CAM and saliency of a model in one forward and one backward pass.

    Args:
        model: A Keras model.
        layers: The layers whose activations are wanted, one or several; None for all, an empty list for none.
        cam_layer: The layer of Grad-CAM; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: A layer is unknown, or `cam_layer` has no map of places.

    Example:
        >>> found = Explainer(model, "conv1")(images)
        >>> found.logits.shape, found.grad_cam.shape, found.activations["conv1"].shape
        ((20, 10), (20, 14, 14), (20, 28, 28, 32))
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layers: Layers | None = None,
        cam_layer: Layer | None = None,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        names: list[str] | None = layers

        def compute(taps: Taps, scores: Any) -> Computed:
            maps = named_maps(taps, scores, ["grad_cam", "saliency"], cam_layer)
            beside = {_RANGES: received(taps.layers, taps.image), **tensors_of(chosen_layers(taps, names))}
            return Computed({**maps.tensors, **beside}, maps.facts)

        self._layer = cam_layer
        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    @property
    def cam_layer(self) -> str | None:
        """Name of the layer that Grad-CAM is taken at; before the first call as it was asked for."""
        return self._program.facts.get("cam_layer", self._layer)

    @property
    def logit_error(self) -> float | None:
        """Largest |head(logits) - model(x)| seen on the first batch; None before there was one."""
        return self._program.logit_error

    @takes_given
    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> Explanation:
        """The explanation of all images, gathered in new arrays; arguments as for every attribution method."""
        results = self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)
        warn_of_received(results[_RANGES])
        return self._record(results)

    @takes_given
    def stream(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> Iterator[Explanation]:
        """One explanation per batch, so that memory does not grow with the number of images.

        The arrays are read-only views of the batch's results: copy what must outlive it.
        """
        streamed = self._program.stream(images, classes, versus, batch_size=batch_size, progress=progress)
        numbers = itertools.count()

        def record(results: dict[str, np.ndarray]) -> Explanation:
            if next(numbers) == 0:  # once, not for each batch
                warn_of_received(results[_RANGES])
            return self._record(results)

        return map(record, streamed)

    def _record(self, results: dict[str, np.ndarray]) -> Explanation:
        return Explanation(
            logits=results["logits"],
            probabilities=self._program.head.probabilities(results["logits"]).astype(np.float32),
            classes=results["classes"],
            activations=layers_of(results),
            grad_cam=results["grad_cam"],
            saliency=results["saliency"],
        )
