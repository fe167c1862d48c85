"""Gradient maps: how the score answers to each pixel.

Saliency: Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
Saliency Maps", 2013, arXiv:1312.6034, section 3.1. With y the score and x the image:

    map[i,j] = max over c of | dy / dx[i,j,c] |

Input times gradient: Shrikumar, Greenside, Shcherbina, Kundaje, "Not Just a Black Box: Learning Important Features
Through Propagating Activation Differences", 2016, arXiv:1605.01713, section 2:

    map[i,j] = sum over c of x[i,j,c] * dy / dx[i,j,c]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...kinds import checks_kinds
from ..tracing.axes import Axes
from ..tracing.batched_graph import Compute
from ..tracing.traced_model import Taps, gradients
from .attribution import Attribution, SumOverChannels

Formula = Callable[[Any, Any, Axes], Any]  # (image [B,H,W,C], its gradient) -> float32[B,H,W], inside of a graph


class Saliency(Attribution):
    """Saliency: the size of the score's slope at each pixel, the largest over channels.

    Args:
        model: A Keras model.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, at least 0, in score units per unit of pixel value. It
    says how much the score would move if a pixel changed a little, not in which direction and not what the pixel
    contributed.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image has the map 0.75 everywhere, whatever the image.

        >>> Saliency(model)(data, classes="Shirt", versus="Coat").shape
        (20, 28, 28)
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        super().__init__(model, at_image(lambda _, slope, axes: saliency(slope, axes)), output=output, wrt=wrt)


class InputXGradient(SumOverChannels):
    """Input times gradient: what each pixel contributes, were the model linear around the image; signed.

    Args:
        model: A Keras model.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score, summed over channels: positive
    speaks for the class, negative against it. A pixel of value 0 has 0. For a model without biases made of linear
    layers, ReLU and max pooling the map sums to the score.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image has the map 0.75 * x.

        >>> InputXGradient(model)(data).shape
        (20, 28, 28)
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        super().__init__(model, at_image(input_x_gradient), _times_slope, output=output, wrt=wrt)


def at_image(formula: Formula) -> Compute:
    """`formula` of the image and the score's gradient there, as what a program computes."""

    def compute(taps: Taps, scores: Any) -> dict[str, Any]:
        (slope,) = gradients(scores, {"the image": taps.image})
        return {"map": formula(taps.image, slope, taps.axes)}

    return compute


def _times_slope(taps: Taps, scores: Any) -> Any:
    """Image times gradient, [B,H,W,C], inside of a graph."""
    import tensorflow as tf

    (slope,) = gradients(scores, {"the image": taps.image})
    return taps.axes.channel_last(tf.cast(taps.image, tf.float32) * slope)


def saliency(slope: Any, axes: Axes) -> Any:
    """Section 3.1; the image's gradient [B,H,W,C] -> float32[B,H,W], inside of a graph; `axes` are the image's."""
    import tensorflow as tf

    return axes.over_channel(tf.abs(slope), tf.reduce_max)


def input_x_gradient(image: Any, slope: Any, axes: Axes) -> Any:
    """Input times gradient; image and its gradient [B,H,W,C] -> float32[B,H,W], inside of a graph; `axes` are the image's."""
    import tensorflow as tf

    return axes.over_channel(tf.cast(image, tf.float32) * slope, tf.reduce_sum)
