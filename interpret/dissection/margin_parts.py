"""What each channel of a layer adds to the margin between two classes: activation times the margin's gradient, summed.

    part[c] = sum over places of activation[., c] * d (logit[class] - logit[versus]) / d activation[., c]

Where the rest of the model is affine in the layer (a flattened or averaged map and one dense layer), the parts add up to
the margin less the margin of an all-zero layer, exactly; HiResCAM is the same, summed over channels (Draelos, Carin 2020,
arXiv:2011.08891). Elsewhere the gap says what they leave out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..progress import Progress
from ..tracing.batched_graph import Computed, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import channel_layer
from ..tracing.targets import Classes
from ..tracing.traced_model import TappedLayer, Taps, TracedModel, gradients


@dataclass(frozen=True, eq=False)
class MarginParts:
    """The channels' parts in the margin of each image."""

    layer: str
    parts: np.ndarray  # float32[B,C], logits; they speak for `classes` where positive, for `versus` where negative
    margin: np.ndarray  # float32[B], logit[class] - logit[versus]

    def largest(self, count: int = 5) -> np.ndarray:
        """int64[B,count]: the channels of the largest part, of either sign, the largest first."""
        return np.argsort(-np.abs(self.parts), axis=1, kind="stable")[:, :count]


class MarginPartsOf:
    """The parts of a model's channels, traced once.

    Args:
        model: A Keras model.
        layer: A layer of maps or units; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
    """

    def __init__(
        self, model: Any, layer: str | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        def compute(taps: Taps, scores: Any) -> Computed:
            chosen = channel_layer(taps, layer)
            (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
            return Computed({"parts": _summed(chosen, slope), "margin": scores}, {"layer": chosen.name})

        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> MarginParts:
        """Of the margin of `classes` (the predicted ones for None) over `versus`; of the logit where that is None."""
        found = self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)
        return MarginParts(self._program.facts["layer"], found["parts"], found["margin"])


def _summed(layer: TappedLayer, slope: Any) -> Any:
    import tensorflow as tf

    product = tf.cast(layer.tensor, tf.float32) * slope
    return tf.reduce_sum(product, axis=list(range(1, len(product.shape) - 1)))
