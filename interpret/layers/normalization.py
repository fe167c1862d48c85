"""Whether batch normalisation means the same in training and in use: its moving statistics beside those of images.

In training a batch is normalised by its own mean and variance; in use by moving averages of these. Where the averages are
far off (too few steps, a wrong momentum, weights copied without them) a model that trained well answers badly.

For each channel z = (y - beta) / gamma, with y what the layer puts out in use: over images like those of the training its
mean is near 0 and its deviation near 1. And the model's accuracy is taken both ways on the same images; dropout and
augmentation, which are active in training too, can only lower the training's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..graph.state.written_variables import kept, variables_of
from ..tracing.batched_graph import LayerProgram
from ..tracing.traced_model import Taps, TracedModel

_LEAST_SCALE = 1e-4  # of gamma: a channel that is scaled to nothing says nothing


@dataclass(frozen=True, eq=False)
class NormalizationDrift:
    """One batch normalisation."""

    layer: str
    mean_off: float  # median over channels of |mean of z|, in deviations; 0 where the moving mean is that of the images
    deviation: float  # median over channels of the deviation of z; 1 where the moving variance is that of the images
    channels: int  # that were looked at


@dataclass(frozen=True, eq=False)
class ModeGap:
    """The same images in training and in use."""

    images: int
    in_use: float  # 0..1, accuracy
    in_training: float  # 0..1, accuracy with the batch's own statistics


def normalizations(model: Any) -> list[Any]:
    """The batch normalisations of a model, nested ones too, that normalise the last axis."""
    layers = [layer for layer in model._flatten_layers() if type(layer).__name__ == "BatchNormalization"]
    return [layer for layer in layers if getattr(layer, "axis", -1) in (-1, 3, [3], [-1])]


def normalization_drift(model: Any, images: np.ndarray, batch_size: int = 64) -> tuple[NormalizationDrift, ...]:
    """How far the moving statistics of each batch normalisation are from those of images float32[B,H,W,C]."""
    layers = {layer.name: layer for layer in normalizations(model)}
    if not layers or len(layers) < len(normalizations(model)):  # two of one name cannot be told apart
        return ()
    found = LayerProgram(TracedModel(model), partial(_moments, list(layers))).run(images, batch_size=batch_size)
    moments = {name: (found[f"{name}|mean"], found[f"{name}|square"]) for name in layers}
    return tuple(
        _drift(layer, *(each.mean(axis=0, dtype=np.float64) for each in moments[name]))
        for name, layer in layers.items()
    )


def _moments(names: list[str], taps: Taps, _: Any) -> dict[str, Any]:
    """Per image and channel the mean and the mean square of what each layer puts out; inside of the graph."""
    import tensorflow as tf

    found = {}
    for name in names:
        values = tf.cast(taps.find(name).maps, tf.float32)
        places = list(range(1, values.shape.rank - 1))
        found[f"{name}|mean"] = tf.reduce_mean(values, axis=places)
        found[f"{name}|square"] = tf.reduce_mean(tf.square(values), axis=places)
    return found


def _drift(layer: Any, means: np.ndarray, squares: np.ndarray) -> NormalizationDrift:
    gamma = np.asarray(layer.gamma, np.float64) if layer.scale else np.ones(len(means))
    beta = np.asarray(layer.beta, np.float64) if layer.center else np.zeros(len(means))
    seen = np.abs(gamma) > _LEAST_SCALE
    if not seen.any():
        return NormalizationDrift(layer.name, float("nan"), float("nan"), 0)
    deviation = np.sqrt(np.maximum(squares - np.square(means), 0))[seen] / np.abs(gamma[seen])
    off = np.abs((means - beta)[seen] / gamma[seen])
    return NormalizationDrift(layer.name, float(np.median(off)), float(np.median(deviation)), int(seen.sum()))


def mode_gap(
    model: Any, images: np.ndarray, labels: np.ndarray, in_use: float, batch_size: int = 256
) -> ModeGap | None:
    """The accuracy in training beside that in use; None for a model without batch normalisation.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C].
        labels: int64[B].
        in_use: 0..1, its accuracy on these images as it is used.
        batch_size: Images whose statistics are taken together.

    The model is as before afterwards: moving statistics and seeds are put back.
    """
    if not normalizations(model):
        return None
    import tensorflow as tf

    trained = tf.function(lambda some: model(some, training=True), autograph=False, reduce_retracing=True)
    right = 0
    with kept(variables_of(model)):
        for start in range(0, len(labels), batch_size):
            rows = slice(start, start + batch_size)
            right += _right(trained(tf.convert_to_tensor(images[rows])), labels[rows])
    return ModeGap(len(labels), in_use, right / len(labels))


def _right(answers: Any, labels: np.ndarray) -> int:
    values = np.asarray(answers).reshape(len(labels), -1)
    said = values.argmax(axis=1) if values.shape[1] > 1 else (values[:, 0] > 0.5).astype(np.int64)
    return int((said == labels).sum())
