"""Saturation: how much of the logit's gradient is left after the head.

Where a model is sure, the gradient of its probability fades, and a map of the probability is noise stretched to full
colour (Selvaraju et al. 2017, arXiv:1610.02391, take the score before the softmax for that reason, as this package
does). With p the class's probability and z its logit:

    saturation = || dp/dx || / || dz/dx ||

1 / 4 and more: nothing has faded; 1e-7: a map of the probability would show rounding. For one sigmoid unit it is
p (1 - p). With a softmax, p = sigmoid(m) for the margin m = z - logsumexp(other logits), so dp/dx = p (1 - p) dm/dx:
computed so, it stays exact where float32 rounds p to 1. It is seldom above 1: only where the image moves the other logits
far more than the class's own. A model that answers logits is taken as its loss takes it, with a softmax.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..given import Layer, takes_given
from ..methods.class_activation import class_activation, grad_cam_plus_plus, hi_res_cam, layer_cam, weighted_channels
from ..methods.gradients import saliency
from ..progress import Progress
from ..tracing.batched_graph import OfModel, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import spatial_layer
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel, gradients

_FOUND = ("signed", "contributions", "layer_cam", "grad_cam_plus_plus", "saliency", "saturation")


class GradCAMState(OfModel):
    """What a Grad-CAM does not show: its negative evidence, and how far the head's gradient has faded; in one pass.

    Args and call as for `GradCAM`. It gives {'signed': float32[B,h,w], Grad-CAM before its cut, in score units;
    'contributions': float32[B,h,w], as `HiResCAM` gives it, linear in the score; 'layer_cam' and 'grad_cam_plus_plus':
    float32[B,h,w], as those give them; 'saliency': float32[B,H,W], as `Saliency` gives it; 'saturation': float32[B]}.

    Example:
        >>> found = GradCAMState(model)(images)
        >>> states = map_states(GradCAM(model)(images), before_cut=found["signed"], saturation=found["saturation"])
        >>> len(states), states[0].kind
        (20, 'mixed')
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            chosen = spatial_layer(taps, layer)
            self.cam_layer = chosen.name
            at_layer, at_image = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor, "the image": taps.image})
            return {
                "signed": class_activation(chosen, at_layer, weighted_channels),
                "contributions": class_activation(chosen, at_layer, hi_res_cam),
                "layer_cam": class_activation(chosen, at_layer, layer_cam),
                "grad_cam_plus_plus": class_activation(chosen, at_layer, grad_cam_plus_plus),
                "saliency": saliency(at_image, taps.axes),
                "saturation": _saturation(taps, scores, at_image),
            }

        self.cam_layer = layer  # name of the layer that Grad-CAM is taken at
        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    @takes_given
    def __call__(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256, progress: Progress = False
    ) -> dict[str, np.ndarray]:
        """All six, for the predicted class or the one named."""
        found = self._program.run(images, classes, batch_size=batch_size, progress=progress)
        return {name: found[name] for name in _FOUND}


class Saturation(OfModel):
    """How much of the logit's gradient at the image is left after the head; for models without maps of places too.

    Calling it gives float32[B], at least 0; NaN where the logit has no gradient either.

    Example:
        One sigmoid unit with logit 0: p (1 - p) = 0.25. With logit 10: 4.5e-5.
    """

    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            (at_image,) = gradients(scores, {"the image": taps.image})
            return {"saturation": _saturation(taps, scores, at_image)}

        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    @takes_given
    def __call__(
        self, images: Arrays, classes: Classes = None, batch_size: int = 256, progress: Progress = False
    ) -> np.ndarray:
        """For the predicted class or the one named."""
        return self._program.run(images, classes, batch_size=batch_size, progress=progress)["saturation"]


def _saturation(taps: Taps, scores: Any, at_image: Any) -> Any:
    """|| dp/dx || / || dz/dx || of each image, with `at_image` = dz/dx; inside of a graph."""
    import tensorflow as tf

    before = _size(at_image)
    if taps.head.unit != "logit":  # nothing stands between the score and the answer
        return tf.where(before > 0, tf.ones_like(before), tf.fill(tf.shape(before), float("nan")))
    alone = taps.head.kind == "sigmoid" or taps.head.is_binary
    margin = scores if alone else _margin(taps.logits, scores)
    after = tf.sigmoid(margin) * tf.sigmoid(-margin) * _size(gradients(margin, {"the image": taps.image})[0])
    return tf.where(before > 0, after / before, tf.fill(tf.shape(before), float("nan")))


def _margin(logits: Any, scores: Any) -> Any:
    """z - logsumexp(the other logits): the class explained is the one whose logit is the score."""
    import tensorflow as tf

    own = tf.gradients(scores, logits)[0] > 0  # the score is one of the logits: its gradient says which
    return scores - tf.reduce_logsumexp(tf.where(own, logits.dtype.min, logits), axis=1)


def _size(slope: Any) -> Any:
    import tensorflow as tf

    return tf.sqrt(tf.reduce_sum(tf.square(tf.reshape(slope, [tf.shape(slope)[0], -1])), axis=1))
