"""What each layer keeps of the picture and of the class."""

from __future__ import annotations

from dataclasses import dataclass

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
