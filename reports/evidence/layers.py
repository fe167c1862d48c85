"""What each layer keeps of the picture and of the class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...interpret import ModelInformation
from ...interpret.layers.survey import LayerSurvey
from .seen import Seen


@dataclass(frozen=True, eq=False)
class LayersEvidence:
    """The layers, measured on all images."""

    images: int
    layers: tuple[LayerSurvey, ...]  # the image first, the logits last


def gather_layers(seen: Seen) -> LayersEvidence:
    """The layers as the survey measured them."""
    return LayersEvidence(len(seen.dataset), seen.survey.layers)


def own_channels(layers: Sequence[LayerSurvey], information: ModelInformation) -> list[LayerSurvey]:
    """The layers whose channels count as silent or not: a pooling layer's are those of the layer before it, counted there."""
    kinds = {layer.name: layer.kind for layer in information.layers}
    return [
        layer
        for layer in layers
        if np.isfinite(layer.active_share) and layer.name in kinds and "Pooling" not in kinds[layer.name]
    ]
