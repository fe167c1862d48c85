"""Score-CAM: channels of a layer weighted by what the model says of the image seen through each of them.

Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu, "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural
Networks", CVPR Workshops 2020, arXiv:1910.01279. With A[k] the layer's channels, x the image, y the score:

    H[k] = s(Up(A[k])),  s(a) = (a - min a) / (max a - min a)        (eqs. 5, 6)
    alpha[k] = y(x * H[k]) - y(0)                                     (definition 3, the increase of confidence)
    map[i,j] = ReLU( sum over k of alpha[k] * A[k][i,j] )             (definition 4)

Here y is the logit, as in every method of this package, so alpha is the logit's increase over the black image, and no
softmax is applied anywhere. Departure: the paper's algorithm 1 (not its definition 4) passes alpha through a softmax over
channels; with logits that leaves one channel standing. Up is linear interpolation. A constant channel has s = 0.

`max_channels` keeps the channels of largest standard deviation over places, which come nearest to being masks
("Faster Score-CAM", github.com/tabayashi0117/Score-CAM).

`MultiLayerScoreCAM` gives the map at several layers: one run for the activations of all, full batches over all channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ... import Shown
from ..arguments import at_least
from ..given import Layer, Layers, takes_given
from ..maps.resampling import interpolation_matrix
from ..progress import Progress
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import layers_of, spatial_layer, spatial_layers, tensors_of
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps
from ..tracing.variants import Asked, VariantProgram
from .attribution import Perturbation


class ScoreCAM(Perturbation):
    """Score-CAM: a class activation map without gradients, one forward run per channel.

    Args:
        model: A Keras model.
        layer: Name of a layer with a map of places; None for the last convolution.
        max_channels: How many channels to look through, the most varied of each image first; None for all.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0, in units of the score times the activation.

    Example:
        A model whose logit is 3 * mean(x), with a 1x1 convolution of weight 1, on the 1x2 image (0, 2): H = (0, 1), x * H
        = (0, 2), alpha = 3 - 0, and the map is 3 * (0, 2).
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layer: Layer | None = None,
        max_channels: int | None = None,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.max_channels = None if max_channels is None else at_least("max_channels", max_channels, 1)

        def at_layer(taps: Taps, _: Any) -> dict[str, Any]:
            return {"channels": spatial_layer(taps, layer).maps}

        super().__init__(model, None, originals=at_layer, output=output, wrt=wrt)

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        channels = most_varied(asked.originals["channels"], self.max_channels)
        return score_cam(asked, [channels], batch_size, progress)[0]


def score_cam(
    asked: Asked, layers: Sequence[np.ndarray], batch_size: int, progress: Progress = False
) -> list[np.ndarray]:
    """Definition 4 at one or more layers, float32[B,h,w] each; one run of the black image, and full batches over layers.

    Args:
        asked: The images, and what is asked about each.
        layers: The channels A of each layer, float32[B,C,h,w].
        batch_size: Rows at a time, images times channels.
        progress: True for a bar, or a function called with (what, done, total), counted in batches.
    """
    images, counts = asked.images, [channels.shape[1] for channels in layers]

    def seen_through(rows: slice, variants: slice) -> np.ndarray:
        masks = [masks_of(layers[i][rows, own], images.shape[1:3]) for i, own, _ in _by_layer(variants, counts)]
        return images[rows, np.newaxis] * np.concatenate(masks, axis=1)[..., np.newaxis]

    black = asked.scores_of(np.zeros_like(images), batch_size)
    maps = [np.zeros((len(images), *channels.shape[2:]), dtype=np.float32) for channels in layers]
    for block in asked.blocks(sum(counts), seen_through, batch_size, progress):
        alpha = block.results["scores"] - black[block.rows, np.newaxis]
        for i, own, part in _by_layer(block.variants, counts):
            maps[i][block.rows] += np.einsum("bk,bkhw->bhw", alpha[:, part], layers[i][block.rows, own])
    return [np.maximum(each, 0) for each in maps]


def _by_layer(variants: slice, counts: Sequence[int]) -> Iterator[tuple[int, slice, slice]]:
    """Variants number the channels of one layer after another: (layer, which of its channels, where in `variants`)."""
    start = 0
    for i, count in enumerate(counts):
        first, last = max(variants.start, start), min(variants.stop, start + count)
        if first < last:
            yield i, slice(first - start, last - start), slice(first - variants.start, last - variants.start)
        start += count


def most_varied(activations: np.ndarray, count: int | None) -> np.ndarray:
    """The `count` channels of each image that vary most over places (all for None), [B,h,w,C] -> float32[B,count,h,w]."""
    channels = np.moveaxis(activations, -1, 1)
    if count is None or count >= channels.shape[1]:
        return channels
    order = np.argsort(-channels.std(axis=(2, 3)), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(channels, order[:, :, np.newaxis, np.newaxis], axis=1)


def masks_of(channels: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Equations 5 and 6: channels [...,h,w] enlarged to [...,H,W], each from 0 to 1; a constant one is 0."""
    rows, columns = (interpolation_matrix(a, b) for a, b in zip(channels.shape[-2:], size, strict=True))
    enlarged = rows @ channels @ columns.T
    low = enlarged.min(axis=(-2, -1), keepdims=True)
    reach = enlarged.max(axis=(-2, -1), keepdims=True) - low
    return np.divide(enlarged - low, reach, out=np.zeros_like(enlarged), where=reach > 1e-6 * np.abs(low))


class MultiLayerScoreCAM(Shown):
    """One Score-CAM map per layer, each equal to that of `ScoreCAM` at the layer alone.

    Args:
        model: A Keras model.
        layers: Layers with a map of places, by name, index or themselves; None for all convolutions.
        max_channels: How many channels of each layer to look through, the most varied of each image first; None for all.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Beside the channels of its layers an image takes two runs, one as it is and one black. The activations of all layers
    are kept while it works: give many images in parts, where a model is large.

    Raises:
        ValueError: A layer is unknown, or has no map of places.

    Example:
        >>> maps = MultiLayerScoreCAM(model, ["conv1", "conv2"], max_channels=2)(images)
        >>> {name: each.shape for name, each in maps.items()}
        {'conv1': (20, 28, 28), 'conv2': (20, 14, 14)}
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layers: Layers | None = None,
        max_channels: int | None = None,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        names: list[str] | None = layers
        self.max_channels = None if max_channels is None else at_least("max_channels", max_channels, 1)

        def at_layers(taps: Taps, _: Any) -> dict[str, Any]:
            return tensors_of(spatial_layers(taps, names))

        self._program = VariantProgram(model, originals=at_layers, output=output, wrt=wrt)

    @property
    def model(self) -> Any:
        """The Keras model that it was made with."""
        return self._program.model

    @takes_given
    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> dict[str, np.ndarray]:
        """{layer: float32[B,h,w]} in the order asked for, at least 0; arguments as for `ScoreCAM`."""
        asked = self._program.ask(images, classes, versus, batch_size)
        found = layers_of(asked.originals)
        channels = [most_varied(activations, self.max_channels) for activations in found.values()]
        return dict(zip(found, score_cam(asked, channels, batch_size, progress), strict=True))
