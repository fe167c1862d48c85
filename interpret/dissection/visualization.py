"""Feature visualisation: an image made to excite one channel as much as can be.

Erhan, Bengio, Courville, Vincent, "Visualizing Higher-Layer Features of a Deep Network", 2009, technical report 1341,
Université de Montréal; with the regularisers of Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017,
doi:10.23915/distill.00007. With a_k(x) the mean over places of channel k:

    x* = the image in the pixel range that maximises  a_k(x) / s_k  -  smoothness * TV(x) / size(x)

by steps of Adam from grey noise, the image moved by up to `jitter` pixels before each step. TV is the total variation; s_k
is the channel's standard deviation on the noise, so that one smoothness suits channels of any size.

The ascent is that of tf-keras-vis, on a model made of the traced graph: so it takes Sequential, nested and subclassed models,
which tf-keras-vis alone refuses, and sees logits where the model answers probabilities. Its defaults are tuned for VGG16
on pixels 0..255 (steps of 1.0, jitter of 4, rotation by scipy at each step); here they suit 28 x 28 pixels in 0..1. It draws
its jitter from NumPy's global state, and lets the image leave the pixel range on the way; here the jitter has a seed of its
own, and the image is put back into the range before each step.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import Layer, takes_given
from ..graph.state.written_variables import kept
from .activity import ChannelActivity

_NOISE = 0.1  # standard deviation of the starting image around mid-grey, as a part of the pixel range
_RATE = 0.05  # Adam's step, as a part of the pixel range


@dataclass(frozen=True, eq=False)
class FeatureImages(Record):
    """Images that excite channels, and how much they do."""

    images: np.ndarray  # float32[N,H,W,C], in the pixel range
    channels: np.ndarray  # int64[N], the channel that each image is for
    activations: np.ndarray  # float32[N], mean over places of the channel for this image, in the layer's own unit
    start: np.ndarray  # float32[N], the same for the noise that the ascent began with


@takes_given
def activation_maximization(
    model: Any,
    layer: Layer | None,
    channels: int | Sequence[int],
    *,
    steps: int = 128,
    smoothness: float = 0.3,
    jitter: int = 1,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    seed: int = 0,
    image_shape: tuple[int, int, int] | None = None,
    output: str | None = None,
) -> FeatureImages:
    """Images that excite channels of a layer, all in one ascent.

    Args:
        model: A Keras model of one input.
        layer: Name of the layer; None for the logits, whose channels are the classes.
        channels: A channel, or several: one image each.
        steps: Of the ascent, at least 1.
        smoothness: Weight of the total variation; 0 for none.
        jitter: Largest shift before a step, in pixels; 0 for none.
        pixel_range: Lowest and highest pixel value that the model knows.
        seed: Of the starting noise and the jitter; the same seed gives the same images.
        image_shape: (H, W, C), for a model that leaves it open.
        output: Which output to follow, where the model has several.

    Returns:
        One image per channel. An activation no higher than at the start says that the ascent found nothing: a channel that
        is dead on noise gives no slope to follow.

    Raises:
        ValueError: The layer or a channel does not exist, the model has several inputs, or a setting is out of range.
    """
    _check(smoothness, pixel_range)
    activity = ChannelActivity(model, layer, image_shape=image_shape, output=output)
    chosen = activity.check(channels)
    draw = np.random.default_rng(seed)
    start = _noise(draw, (len(chosen), *activity.image_shape), pixel_range)
    means, spreads = activity.of(start)
    rows = np.arange(len(chosen))
    scales = np.where(spreads[rows, chosen] > 0, spreads[rows, chosen], 1.0).astype(np.float32)
    shift = _shift(draw, at_least("jitter", jitter, 0), pixel_range)
    with kept(activity.written):
        images = _ascend(
            activity.keras_model(), start, chosen, scales, at_least("steps", steps, 1), smoothness, shift, pixel_range
        )
    return FeatureImages(images, chosen, activity.of(images)[0][rows, chosen], means[rows, chosen])


def _ascend(
    model: Any,
    start: np.ndarray,
    channels: np.ndarray,
    scales: np.ndarray,
    steps: int,
    smoothness: float,
    shift: Any,
    pixel_range: tuple[float, float],
) -> np.ndarray:
    """tf-keras-vis's ascent with our settings, float32[N,H,W,C]."""
    import keras
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports modules of its own that it calls deprecated
        from tf_keras_vis.activation_maximization import ActivationMaximization
        from tf_keras_vis.activation_maximization.regularizers import TotalVariation2D

    low, high = float(pixel_range[0]), float(pixel_range[1])
    images = ActivationMaximization(model)(
        lambda activity: tf.gather(activity, channels, batch_dims=1) / scales,
        seed_input=tf.constant(start),
        input_range=(low, high),
        input_modifiers=[shift],
        regularizers=[TotalVariation2D(weight=smoothness / (high - low))],
        steps=steps,
        optimizer=keras.optimizers.Adam(_RATE * (high - low)),
    )
    return np.asarray(images, dtype=np.float32)


def _noise(draw: np.random.Generator, shape: tuple[int, ...], pixel_range: tuple[float, float]) -> np.ndarray:
    """The same grey noise for each channel, so that their images differ by the channel alone; float32[N,H,W,C]."""
    low, high = pixel_range
    one = (low + high) / 2 + _NOISE * (high - low) * draw.standard_normal(shape[1:])
    return np.repeat(np.clip(one, low, high).astype(np.float32)[np.newaxis], shape[0], axis=0)


def _shift(draw: np.random.Generator, jitter: int, pixel_range: tuple[float, float]) -> Any:
    """What is done to the images before each step: back into the pixel range, then moved a little."""
    import tensorflow as tf

    def shifted(images: Any) -> Any:
        down, right = (int(pixels) for pixels in draw.integers(-jitter, jitter + 1, 2))
        return tf.roll(tf.clip_by_value(images, *pixel_range), (down, right), (1, 2))

    return shifted


def _check(smoothness: float, pixel_range: tuple[float, float]) -> None:
    if not 0 <= smoothness < float("inf"):
        raise ValueError(f"Expected smoothness of at least 0. Received {smoothness!r}. Give a number such as 0.3.")
    if len(pixel_range) != 2 or not pixel_range[0] < pixel_range[1]:
        raise ValueError(
            f"Expected pixel_range as (lowest, highest). Received {pixel_range!r}. Give the range of the images that the "
            f"model was trained on, such as (0.0, 1.0)."
        )
