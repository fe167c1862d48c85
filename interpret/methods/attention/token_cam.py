"""Grad-CAM on the tokens of a transformer: tokens back on the grid of places, those of no place (the class token) left out.

The map is that of `class_activation`, equations 1 and 2, with A the tokens [B,T,C] of a layer as a map [B,h,w,C]. The mean of the
gradients is over the places alone. Behind the last attention a class token holds all that the score reads, and the places have no
gradient: so the layer is one that an attention still reads; by default the last before the last attention, as is usual
(Gildenblat, "pytorch-grad-cam", 2021).

Every class activation map takes such a layer by its name: `LayerCAM(model, "block4_norm1")`, `MultiLayerCAM`, `--layer`.
"""

from __future__ import annotations

from typing import Any

from ...given import Layer, takes_given
from ...tracing.batched_graph import Computed
from ...tracing.layer_choice import spatial_layer, token_layers
from ...tracing.traced_model import Taps, gradients
from ..attribution import Attribution
from ..class_activation import Formula, class_activation, grad_cam


class TokenGradCAM(Attribution):
    """Grad-CAM at a layer of tokens.

    Args:
        model: A Keras model with attention whose tokens come from a map of places.
        layer: A layer of tokens [B,T,C]; None for the last before the last attention.
        formula: `grad_cam`, or another one of `class_activation`.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] on the grid of places, at least 0.

    Raises:
        ValueError: The model has no attention, nothing tells the grid, or the places have no gradient at the layer.
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layer: Layer | None = None,
        formula: Formula = grad_cam,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        def compute(taps: Taps, scores: Any) -> Computed:
            chosen = spatial_layer(taps, layer or _default(taps))
            (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
            return Computed({"map": class_activation(chosen, slope, formula)}, {"layer": chosen.name})

        super().__init__(model, compute, output=output, wrt=wrt)

    @property
    def remark(self) -> str:
        """Where it looked, once that is known."""
        layer = self._program.facts.get("layer")
        return f"tokens of {layer}" if layer else ""


def _default(taps: Taps) -> str:
    found = token_layers(taps)
    if not found:
        raise ValueError(
            "Expected a model with attention between tokens. Received one without. Use GradCAM, or Saliency for a model without "
            "maps of places."
        )
    return found[-1].name
