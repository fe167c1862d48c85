"""Class activation maps of several layers out of one pass.

A deep layer says which object, an early one where exactly; seen side by side they tell more than either. One forward
and one backward pass give the maps of all layers, by any formula of `class_activation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .attribution import gradients
from .class_activation import Formula, grad_cam
from .inputs import Arrays
from .programs import Program
from .progress import Progress
from .spatial import spatial_layers
from .targets import Classes
from .tracing import Taps, TracedModel

_PREFIX = "layer:"  # keeps a layer called 'logits' apart from the logits


class MultiLayerCAM:
    """One map per layer, in one forward and one backward pass.

    Args:
        model: A Keras model.
        layers: Names of layers with a map of places; None for all convolutions.
        formula: `grad_cam`, `grad_cam_plus_plus`, `hi_res_cam` or `layer_cam` of `class_activation`.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: A layer is unknown, or has no map of places.

    Example:
        >>> maps = MultiLayerCAM(model, ["conv1", "conv2"], formula=layer_cam)(images)    # doctest: +SKIP
        >>> {name: each.shape for name, each in maps.items()}                             # doctest: +SKIP
        {'conv1': (100, 28, 28), 'conv2': (100, 14, 14)}
    """

    def __init__(
        self,
        model: Any,
        layers: Sequence[str] | None = None,
        formula: Formula = grad_cam,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        names = None if layers is None else list(layers)

        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            chosen = spatial_layers(taps, names)
            slopes = gradients(scores, {f"layer {layer.name!r}": layer.tensor for layer in chosen})
            return {_PREFIX + a.name: formula(a.tensor, slope) for a, slope in zip(chosen, slopes, strict=True)}

        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> dict[str, np.ndarray]:
        """{layer: float32[B,h,w]} in the order asked for; arguments as for every attribution method."""
        results = self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)
        return {name.removeprefix(_PREFIX): maps for name, maps in results.items() if name.startswith(_PREFIX)}
