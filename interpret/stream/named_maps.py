"""What one pass forward and one backward gives at a layer and at the image, each by its name.

`Explainer`, `GradCAMState`, `Saturation` and the survey are choices out of this one list. The gradients that the names of a
choice need are taken once, in one backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ..methods.class_activation import (
    class_activation,
    grad_cam,
    grad_cam_plus_plus,
    hi_res_cam,
    layer_cam,
    weighted_channels,
)
from ..methods.gradients import saliency
from ..tracing.batched_graph import Computed
from ..tracing.layer_choice import spatial_layer
from ..tracing.traced_model import Taps, gradients
from .faded_gradient import saturation, size_of


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradients of the scores; None where no name of the choice needs them."""

    taps: Taps
    scores: Any  # float32[B]
    layer: Any  # TappedLayer
    at_layer: Any  # d score / d layer
    at_image: Any  # d score / d image


def _at_layer(formula: Callable[..., Any]) -> Callable[[Slopes], Any]:
    return lambda found: class_activation(found.layer, found.at_layer, formula)


def _peak(found: Slopes) -> Any:
    import tensorflow as tf

    maps = class_activation(found.layer, found.at_layer, grad_cam)
    return tf.reduce_max(tf.reshape(maps, [tf.shape(maps)[0], -1]), axis=1)


def _parts(found: Slopes) -> Any:
    import tensorflow as tf

    product = tf.cast(found.layer.tensor, tf.float32) * found.at_layer
    return tf.reduce_sum(found.layer.axes.channel_last(product), axis=list(range(1, len(product.shape) - 1)))


OF_LAYER: dict[str, Callable[[Slopes], Any]] = {  # name -> float32[B,h,w] at the layer; the peak float32[B]
    "grad_cam": _at_layer(grad_cam),
    "signed": _at_layer(weighted_channels),  # Grad-CAM before its cut
    "contributions": _at_layer(hi_res_cam),
    "layer_cam": _at_layer(layer_cam),
    "grad_cam_plus_plus": _at_layer(grad_cam_plus_plus),
    "grad_cam_peak": _peak,
    "parts": _parts,  # float32[B,C]: what each channel adds to the score, see `dissection.margin_parts`
}
OF_IMAGE: dict[str, Callable[[Slopes], Any]] = {  # name -> float32[B,H,W] at the image, or float32[B]
    "saliency": lambda found: saliency(found.at_image, found.taps.axes),
    "slope_size": lambda found: size_of(found.at_image),
    "saturation": lambda found: saturation(found.taps, found.scores, found.at_image),
}


def named_maps(taps: Taps, scores: Any, names: Collection[str], layer: str | None = None) -> Computed:
    """The quantities of these names, with the fact 'cam_layer': where those of a layer were taken; inside of a graph.

    Args:
        taps: Of the traced model.
        scores: float32[B], the score of each image.
        names: Out of `OF_LAYER` and `OF_IMAGE`.
        layer: Where those of a layer are taken; None for the last convolution.

    Raises:
        ValueError: The layer is unknown or has no places, or the scores do not depend on what a gradient is taken of.
    """
    chosen = spatial_layer(taps, layer) if OF_LAYER.keys() & set(names) else None
    tensors = {} if chosen is None else {f"layer {chosen.name!r}": chosen.tensor}
    if OF_IMAGE.keys() & set(names):
        tensors["the image"] = taps.image
    slopes = dict(zip(tensors, gradients(scores, tensors), strict=True))
    at_layer = None if chosen is None else slopes[f"layer {chosen.name!r}"]
    found = Slopes(taps, scores, chosen, at_layer, slopes.get("the image"))
    made = {name: {**OF_LAYER, **OF_IMAGE}[name](found) for name in names}
    return Computed(made, {"cam_layer": None if chosen is None else chosen.name})
