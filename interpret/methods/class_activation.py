"""Class activation maps: where in a layer's map the evidence for a class lies.

With A[i,j,k] the layer's activations, y the score and g[i,j,k] = dy / dA[i,j,k]:

Grad-CAM: Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization", ICCV 2017, arXiv:1610.02391.

    alpha[k] = mean over i,j of g[i,j,k]                                     (eq. 1)
    map[i,j] = ReLU( sum over k of alpha[k] * A[i,j,k] )                     (eq. 2)

Grad-CAM++: Chattopadhyay, Sarkar, Howlader, Balasubramanian, "Grad-CAM++: Improved Visual Explanations for Deep
Convolutional Networks", WACV 2018, arXiv:1710.11063. Its closed form holds for Y = exp(y), whose derivatives are
exp(y) g, exp(y) g^2 and exp(y) g^3, so that exp(y) cancels in alpha:

    alpha[i,j,k] = g^2 / (2 g^2 + g^3 * sum over a,b of A[a,b,k])            (eq. 19)
    w[k] = sum over i,j of alpha[i,j,k] * ReLU(g[i,j,k])                     (eq. 7, without its factor exp(y))
    map[i,j] = ReLU( sum over k of w[k] * A[i,j,k] )

Departures: w leaves out exp(y), one positive number per image, so that large logits cannot overflow and the map is in
units of the score; alpha is 1 / (2 + g * sum of A) written without the powers, and 0 where that divides by 0. The
alphas are not normalised to sum to 1 over places: the authors' code does that, their equations do not.

HiResCAM: Draelos, Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
2020, arXiv:2011.08891.

    map[i,j] = sum over k of g[i,j,k] * A[i,j,k]                             (signed)

LayerCAM: Jiang, Zhang, Hou, Cheng, Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE
Transactions on Image Processing 2021, doi:10.1109/TIP.2021.3089943.

    map[i,j] = ReLU( sum over k of ReLU(g[i,j,k]) * A[i,j,k] )

The maps stay at the layer's own resolution and are not normalised: their unit is that of the score.

A deep layer says which object, an early one where exactly; seen side by side they tell more than either. So each formula is
a function of activations and gradients: `MultiLayerCAM` gives any of them at several layers out of one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..given import Layer, Layers, takes_given
from ..progress import Progress
from ..tracing.batched_graph import Compute, OfModel, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import spatial_layer, spatial_layers
from ..tracing.layer_hooks import TappedLayer
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel, gradients
from .attribution import Attribution, Parts, SumOverChannels

Formula = Callable[[Any, Any], Any]  # (activations [B,h,w,C], their gradients) -> float32[B,h,w], inside of a graph


class GradCAM(SumOverChannels):
    """Grad-CAM: channels of a layer weighted by their mean gradient, summed, negative evidence cut off.

    Args:
        model: A Keras model.
        layer: Name of a layer with a map of places; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0; all zero where nothing speaks for the class.

    Example:
        A model whose logit is 3 * mean(x), with a 1x1 convolution of weight 1 on a 2x2 image: dy/dA is 3/4
        everywhere, so the map is 0.75 * x.

        >>> GradCAM(model)(data).shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            import tensorflow as tf

            chosen = spatial_layer(taps, layer)
            (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
            evidence = class_activation(chosen, slope, weighted_channels)
            return {"map": tf.nn.relu(evidence), "before_cut": evidence}

        super().__init__(model, compute, parts_at(layer, mean_slopes), output=output, wrt=wrt)

    @takes_given
    def before_cut(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> np.ndarray:
        """The maps with their negative evidence, float32[B,h,w]; arguments as for the call."""
        return self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)["before_cut"]


class GradCAMPlusPlus(Attribution):
    """Grad-CAM++: as Grad-CAM, each place's positive gradient weighted by its share, so that several objects count.

    Args and call as for `GradCAM`. Meant for a layer after its ReLU, where the activations are at least 0.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0.

    Example:
        The model of `GradCAM` with x = 1 everywhere: g = 3/4 and the sum of A is 4, so alpha = 1 / (2 + 3) = 0.2, w =
        4 * 0.2 * 3/4 = 0.6, and the map is 0.6 * x.
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        super().__init__(model, at_layer(layer, grad_cam_plus_plus), output=output, wrt=wrt)


class HiResCAM(SumOverChannels):
    """HiResCAM: gradient times activation, place by place, summed over channels, with its sign.

    Args and call as for `GradCAM`. Where only linear layers follow, the map's sum is the score less what the biases
    add, and each place shows what it contributed.

    Calling it gives float32[B,h,w] at the layer's resolution; positive speaks for the class, negative against it.

    Example:
        The model of `GradCAM`: the map is 0.75 * x, and sums to the logit.

        >>> HiResCAM(model)(data).shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        super().__init__(
            model, at_layer(layer, hi_res_cam), parts_at(layer, lambda _, slope: slope), output=output, wrt=wrt
        )


class LayerCAM(SumOverChannels):
    """LayerCAM: activation times positive gradient, place by place, so that early layers show fine detail.

    Args and call as for `GradCAM`.

    Calling it gives float32[B,h,w] at the layer's resolution, at least 0.

    Example:
        The model of `GradCAM`: the map is 0.75 * ReLU(x).

        >>> LayerCAM(model)(data).shape
        (20, 14, 14)
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        super().__init__(model, at_layer(layer, layer_cam), parts_at(layer, _positive_slopes), output=output, wrt=wrt)


def at_layer(layer: str | None, formula: Formula) -> Compute:
    """A computation of one map: `formula` of a layer's activations and their gradients."""

    def compute(taps: Taps, scores: Any) -> dict[str, Any]:
        chosen = spatial_layer(taps, layer)
        (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
        return {"map": class_activation(chosen, slope, formula)}

    return compute


def parts_at(layer: str | None, weigh: Formula) -> Parts:
    """What each channel of a layer adds: its activations times `weigh` of the activations and their gradients."""

    def parts(taps: Taps, scores: Any) -> Any:
        import tensorflow as tf

        chosen = spatial_layer(taps, layer)
        (slope,) = gradients(scores, {f"layer {chosen.name!r}": chosen.tensor})
        maps = tf.cast(chosen.maps, tf.float32)
        return maps * weigh(maps, chosen.axes.channel_last(slope))

    return parts


def mean_slopes(_: Any, slope: Any) -> Any:
    """Equation 1: the mean gradient of each channel [B,1,1,C], inside of a graph."""
    import tensorflow as tf

    return tf.reduce_mean(slope, axis=places(slope), keepdims=True)


def _positive_slopes(_: Any, slope: Any) -> Any:
    import tensorflow as tf

    return tf.nn.relu(slope)


def class_activation(layer: TappedLayer, slope: Any, formula: Formula) -> Any:
    """`formula` of a layer's activations and their gradient, whatever its axes: float32[B, places...], inside of a graph."""
    return formula(layer.maps, layer.axes.channel_last(slope))


def grad_cam(activations: Any, slope: Any) -> Any:
    """Equations 1 and 2; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    return tf.nn.relu(weighted_channels(activations, slope))


def weighted_channels(activations: Any, slope: Any) -> Any:
    """Equation 2 without its ReLU; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    weights = tf.reduce_mean(slope, axis=places(slope))  # eq. 1
    return weighted(tf.cast(activations, tf.float32), weights)


def grad_cam_plus_plus(activations: Any, slope: Any) -> Any:
    """Grad-CAM++ in closed form; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    maps = tf.cast(activations, tf.float32)
    totals = tf.reduce_sum(maps, axis=places(maps), keepdims=True)
    shares = tf.math.divide_no_nan(tf.ones_like(slope), 2.0 + slope * totals)  # eq. 19, g^2 cancelled
    weights = tf.reduce_sum(shares * tf.nn.relu(slope), axis=places(slope))  # eq. 7
    return tf.nn.relu(weighted(maps, weights))


def places(maps: Any) -> list[int]:
    """The axes of places of [B, places..., C]."""
    return list(range(1, maps.shape.rank - 1))


def weighted(maps: Any, weights: Any) -> Any:
    """The sum over channels of maps [B, places..., C] times a weight for each, [B,C]."""
    import tensorflow as tf

    while weights.shape.rank < maps.shape.rank:
        weights = weights[:, tf.newaxis]
    return tf.linalg.matvec(maps, weights[..., 0, :]) if maps.shape.rank > 3 else tf.reduce_sum(maps * weights, axis=-1)


def hi_res_cam(activations: Any, slope: Any) -> Any:
    """HiResCAM; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    return tf.reduce_sum(tf.cast(activations, tf.float32) * slope, axis=-1)


def layer_cam(activations: Any, slope: Any) -> Any:
    """LayerCAM; tensors [B,h,w,C] -> float32[B,h,w], inside of a graph."""
    import tensorflow as tf

    return tf.nn.relu(tf.reduce_sum(tf.cast(activations, tf.float32) * tf.nn.relu(slope), axis=-1))


_PREFIX = "layer:"  # keeps a layer called 'logits' apart from the logits


class MultiLayerCAM(OfModel):
    """One map per layer, in one forward and one backward pass.

    Args:
        model: A Keras model.
        layers: Layers with a map of places, by name, index or themselves; None for all convolutions.
        formula: `grad_cam`, `grad_cam_plus_plus`, `hi_res_cam` or `layer_cam` of `class_activation`.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: A layer is unknown, or has no map of places.

    Example:
        >>> maps = MultiLayerCAM(model, ["conv1", "conv2"])(images)
        >>> {name: each.shape for name, each in maps.items()}
        {'conv1': (20, 28, 28), 'conv2': (20, 14, 14)}
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layers: Layers | None = None,
        formula: Formula = grad_cam,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        names: list[str] | None = layers

        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            chosen = spatial_layers(taps, names)
            slopes = gradients(scores, {f"layer {layer.name!r}": layer.tensor for layer in chosen})
            found = zip(chosen, slopes, strict=True)
            return {_PREFIX + layer.name: class_activation(layer, slope, formula) for layer, slope in found}

        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    @takes_given
    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> dict[str, np.ndarray]:
        """{layer: float32[B,h,w]} in the order asked for; arguments as for every attribution method."""
        results = self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)
        return {name.removeprefix(_PREFIX): maps for name, maps in results.items() if name.startswith(_PREFIX)}
