"""What a map does not show, for many images at once: its negative evidence, and how far the head's gradient has faded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..given import Layer, takes_given
from ..progress import Progress
from ..tracing.batched_graph import Computed, OfModel, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import chosen_layers, layers_of, tensors_of
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel
from .faded_gradient import behind_head, fading
from .named_maps import named_maps

_FOUND = ("signed", "contributions", "layer_cam", "grad_cam_plus_plus", "saliency", "parts")
_SLOPE, _FADING = "slope_size", "fading"
_BEHIND_HEAD = 0  # for a label: the gradients are those of the margin then, else of the score


class GradCAMState(OfModel):
    """What a Grad-CAM does not show: its negative evidence, and how far the head's gradient has faded; in one pass.

    Args and call as for `GradCAM`. It gives {'signed': float32[B,h,w], Grad-CAM before its cut, in score units;
    'contributions': float32[B,h,w], as `HiResCAM` gives it, linear in the score; 'layer_cam' and 'grad_cam_plus_plus':
    float32[B,h,w], as those give them; 'saliency': float32[B,H,W], as `Saliency` gives it; 'saturation': float32[B];
    'parts': float32[B,C], what each channel of the layer adds to the score, as `MarginPartsOf` gives it}. What the layers
    named in `beside` put out comes out of the same program, by `activations`.

    Example:
        >>> found = GradCAMState(model)(images)
        >>> states = map_states(GradCAM(model)(images), before_cut=found["signed"], saturation=found["saturation"])
        >>> len(states), states[0].kind
        (20, 'mixed')
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layer: Layer | None = None,
        *,
        beside: Sequence[str] = (),
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self._layer = layer

        def compute(taps: Taps, scores: Any) -> Computed:
            asked, faded = _either(taps, scores)
            found = named_maps(taps, asked, (*_FOUND, _SLOPE), layer)
            chosen = chosen_layers(taps, list(beside)) if len(beside) else []
            return Computed({**found.tensors, **faded, **tensors_of(chosen)}, found.facts)

        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    @property
    def cam_layer(self) -> str | None:
        """Name of the layer that Grad-CAM is taken at; before the first call as it was asked for."""
        return self._program.facts.get("cam_layer", self._layer)

    @takes_given
    def __call__(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256, progress: Progress = False
    ) -> dict[str, np.ndarray]:
        """All seven, for the predicted class or the one named."""
        return self._with_saturation(images, classes, batch_size, progress)[0]

    @takes_given
    def maps(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256, progress: Progress = False
    ) -> dict[str, np.ndarray]:
        """What the call gives but the saturation, in half of its passes."""
        return self._program.run(images, classes, batch_size=batch_size, progress=progress, names=_FOUND)

    @takes_given
    def with_activations(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """What the call gives, and {layer: float32[B, ...]} of the layers named in `beside`, out of the same run."""
        found, everything = self._with_saturation(images, classes, batch_size, beside=True)
        return found, layers_of(everything)

    def _with_saturation(
        self, images: Arrays, classes: Classes, batch_size: int, progress: Progress = False, *, beside: bool = False
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """All seven, and all that the first of the two runs gave."""
        names = None if beside else (*_FOUND, _SLOPE)
        of_score = self._program.run(images, classes, batch_size=batch_size, progress=progress, names=names)
        behind = np.full(len(of_score[_SLOPE]), _BEHIND_HEAD, np.int32)
        faded = self._program.run(images, classes, batch_size=batch_size, labels=behind, names=(_SLOPE, _FADING))
        before, after = of_score[_SLOPE], faded[_FADING] * faded[_SLOPE]
        share = np.divide(after, before, out=np.full_like(before, np.nan), where=before > 0)
        return {**{name: of_score[name] for name in _FOUND}, "saturation": share}, of_score


def _either(taps: Taps, scores: Any) -> tuple[Any, dict[str, Any]]:
    """What the gradients are taken of, the score or, where a label says so, the margin; and how it fades in the head."""
    import tensorflow as tf

    if taps.head.unit != "logit":
        return scores, {_FADING: tf.ones_like(scores)}
    margin = behind_head(taps, scores)
    return tf.where(taps.labels == _BEHIND_HEAD, margin, scores), {_FADING: fading(margin)}


class Saturation(OfModel):
    """How much of the logit's gradient at the image is left after the head; for models without maps of places too.

    Calling it gives float32[B], at least 0; NaN where the logit has no gradient either.

    Example:
        One sigmoid unit with logit 0: p (1 - p) = 0.25. With logit 10: 4.5e-5.
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        traced = TracedModel(model, output=output, wrt=wrt)
        self._program = Program(traced, lambda taps, scores: named_maps(taps, scores, ["saturation"]))

    @takes_given
    def __call__(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256, progress: Progress = False
    ) -> np.ndarray:
        """For the predicted class or the one named."""
        return self._program.run(images, classes, batch_size=batch_size, progress=progress)["saturation"]
