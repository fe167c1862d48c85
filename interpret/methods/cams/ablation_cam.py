"""Ablation-CAM: channels of a layer weighted by what the score loses without each of them.

Desai, Ramaswamy, "Ablation-CAM: Visual Explanations for Deep Convolutional Network via Gradient-free Localization", WACV 2020,
doi:10.1109/WACV45572.2020.9093360. With A[k] the layer's channels, y the score and y[k] the score when channel k is 0 everywhere:

    w[k] = y - y[k]
    map[i,j] = ReLU( sum over k of w[k] * A[k][i,j] )

Departure: the paper divides w by y (its eq. 5), one number per image; where the score is below 0 that turns the map round, and
near 0 it has no limit. Here w stays in units of the score, as in Score-CAM. Only the layers behind the named one are run again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...given import Layer, takes_given
from ...progress import Progress
from ...tracing.batched_graph import Computed, Program
from ...tracing.downstream import TailProgram, front_of
from ...tracing.inputs import Arrays
from ...tracing.layer_choice import spatial_layer
from ...tracing.targets import Classes, target_array
from ...tracing.traced_model import Taps, TracedModel
from ...tracing.variants import rows_at_once
from ..attribution import Explaining


class AblationCAM(Explaining):
    """Ablation-CAM: a class activation map without gradients, one run of the layers behind per channel.

    Args:
        model: A Keras model.
        layer: Name of a layer with a map of places; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0, in units of the score times the activation.

    Example:
        A model whose logit is 3 * mean(x), with a 1x1 convolution of weight 1, on the 1x2 image (0, 2): without the only
        channel the logit falls from 3 to 0, and the map is 3 * (0, 2).
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        traced = TracedModel(model, output=output, wrt=wrt)

        def front(taps: Taps, _: Any) -> Computed:
            return front_of(taps, spatial_layer(taps, layer).name)

        self._program = Program(traced, front)
        self._tail = TailProgram(traced, layer, _without, front=self._program)

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        size = rows_at_once(images, batch_size)
        found = self._program.run(images, classes, versus, batch_size=size)
        activations, named = found["output"], found["classes"]
        other = target_array(versus, "versus", len(named), self._program.head.classes)
        maps = np.zeros(activations.shape[:-1], dtype=np.float32)
        channels = np.arange(activations.shape[-1], dtype=np.int32)
        for block in self._tail.stream(images, channels, batch_size=size, progress=progress):
            asked = named[block.rows], other[block.rows]
            lost = _score(block.before, *asked)[:, np.newaxis] - _score(np.moveaxis(block.after, 1, 0), *asked).T
            maps[block.rows] += np.einsum(
                "b...k,bk->b...", activations[block.rows][..., channels[block.variants]], lost
            )
        return np.maximum(maps, 0)


def _without(output: Any, variants: Any) -> Any:
    """Variant v: channel v of the layer's output [B, ..., C] is 0 everywhere; as it is for a number below 0."""
    import tensorflow as tf

    kept = 1 - tf.one_hot(variants, output.shape[-1])
    return output[:, tf.newaxis] * tf.reshape(kept, [1, -1, *[1] * (output.shape.rank - 2), output.shape[-1]])


def _score(logits: np.ndarray, classes: np.ndarray, versus: np.ndarray) -> np.ndarray:
    """[...,B]: the scores of logits [...,B,K] for the classes int[B], less those of `versus` where it is not below 0."""
    rows = np.arange(len(classes))
    return logits[..., rows, classes] - np.where(versus < 0, 0, logits[..., rows, versus])
