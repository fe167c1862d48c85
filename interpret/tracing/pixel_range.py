"""Whether what the first layer with weights receives is in the range of pixels that networks are trained on.

Measured in the traced graph, behind all rescaling, whoever does it: a `Rescaling` layer, or arithmetic in `call`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

    from .traced_model import TappedLayer

_SMALLEST = 0.05  # of a unit: images that differ by less all look alike to the layer
_LARGEST = 20.0  # units: far outside of what networks are trained on
_KERNELS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")


def received(layers: Sequence[TappedLayer], image: tf.Tensor) -> tf.Tensor:
    """float32[B,4], of the whole batch: lowest and highest value of the image, and of what the first layer with weights reads.

    The latter two are NaN where that layer makes no sums (it normalises, as a rule, and takes any range).
    """
    import tensorflow as tf

    entering = next((_entering(tap.tensor) for tap in layers if tap.layer.weights), None)
    nothing = [tf.constant(np.nan, tf.float32)] * 2
    ends = [*_ends(image), *(nothing if entering is None else _ends(entering))]
    return tf.repeat(tf.stack(ends)[None], tf.shape(image)[0], axis=0)


def warn_of_received(ranges: np.ndarray) -> None:
    """Warn of images that reach the first layer with weights much too bright or nearly black; `ranges` as `received`."""
    low, high = float(ranges[:, 0].min()), float(ranges[:, 1].max())
    lowest, highest = float(ranges[:, 2].min()), float(ranges[:, 3].max())
    if lowest >= 0 and highest > _LARGEST:
        remedy = "If the model was trained on pixels from 0 to 1, divide the images by 255."
    elif highest - lowest < _SMALLEST <= high - low:
        remedy = "If the model was trained on pixels from 0 to 255, multiply the images by 255."
    else:
        return
    warnings.warn(
        f"The images range from {low:g} to {high:g}, and reach the first layer with weights as {lowest:.3g} to "
        f"{highest:.3g}. {remedy}",
        stacklevel=4,
    )


def _entering(tensor: Any) -> Any:
    """What the nearest convolution or matrix product behind a tensor reads, along its first inputs; None without one."""
    while tensor.op.type not in _KERNELS:
        if not tensor.op.inputs:
            return None
        tensor = tensor.op.inputs[0]
    return tensor.op.inputs[0]


def _ends(tensor: Any) -> list[tf.Tensor]:
    import tensorflow as tf

    values = tf.cast(tensor, tf.float32)
    return [tf.reduce_min(values), tf.reduce_max(values)]
