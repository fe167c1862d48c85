"""Score-CAM at several layers: one run for the activations of all of them, full batches over all their channels.

The formula, its source and its departures are those of `score_cam`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .activations import layers_of, tensors_of
from .arguments import at_least
from .inputs import Arrays
from .perturbation import VariantProgram
from .progress import Progress
from .score_cam import most_varied, score_cam
from .spatial import spatial_layers
from .targets import Classes
from .tracing import Taps


class MultiLayerScoreCAM:
    """One Score-CAM map per layer, each equal to that of `ScoreCAM` at the layer alone.

    Args:
        model: A Keras model.
        layers: Names of layers with a map of places; None for all convolutions.
        max_channels: How many channels of each layer to look through, the most varied of each image first; None for all.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Beside the channels of its layers an image takes two runs, one as it is and one black. The activations of all layers
    are kept while it works: give many images in parts, where a model is large.

    Raises:
        ValueError: A layer is unknown, or has no map of places.

    Example:
        >>> maps = MultiLayerScoreCAM(model, ["conv1", "conv2"], max_channels=32)(images)    # doctest: +SKIP
        >>> {name: each.shape for name, each in maps.items()}                                # doctest: +SKIP
        {'conv1': (100, 28, 28), 'conv2': (100, 14, 14)}
    """

    def __init__(
        self,
        model: Any,
        layers: Sequence[str] | None = None,
        max_channels: int | None = None,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        names = None if layers is None else list(layers)
        self.max_channels = None if max_channels is None else at_least("max_channels", max_channels, 1)

        def at_layers(taps: Taps, _: Any) -> dict[str, Any]:
            return tensors_of(spatial_layers(taps, names))

        self._program = VariantProgram(model, originals=at_layers, output=output, wrt=wrt)

    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> dict[str, np.ndarray]:
        """{layer: float32[B,h,w]} in the order asked for, at least 0; arguments as for `ScoreCAM`."""
        asked = self._program.ask(images, classes, versus, batch_size)
        found = layers_of(asked.originals)
        channels = [most_varied(activations, self.max_channels) for activations in found.values()]
        return dict(zip(found, score_cam(asked, channels, batch_size, progress), strict=True))
