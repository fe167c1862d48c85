"""Whether batch normalisation means the same in training and in use: its moving statistics beside those of images.

In training a batch is normalised by its own mean and variance; in use by moving averages of these. Where the averages are
far off (too few steps, a wrong momentum, weights copied without them) a model that trained well answers badly.

For each channel z = (y - beta) / gamma, with y what the layer puts out in use: over images like those of the training its
mean is near 0 and its deviation near 1. And the model's accuracy is taken both ways on the same images; dropout and
augmentation, which are active in training too, can only lower the training's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.written_variables import kept, variables_of
from ..stream.activations import ActivationExtractor

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
    if not layers or len({layer.name for layer in layers.values()}) < len(normalizations(model)):
        return ()
    sums = {name: np.zeros((3, layer.moving_mean.shape[-1])) for name, layer in layers.items()}
    for outputs in ActivationExtractor(model, list(layers)).stream(images, batch_size):
        for name, values in outputs.items():
            rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
            sums[name] += [np.full(rows.shape[1], len(rows)), rows.sum(axis=0), np.square(rows).sum(axis=0)]
    return tuple(_drift(layer, *sums[name]) for name, layer in layers.items())


def _drift(layer: Any, count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> NormalizationDrift:
    gamma = np.asarray(layer.gamma, np.float64) if layer.scale else np.ones(len(count))
    beta = np.asarray(layer.beta, np.float64) if layer.center else np.zeros(len(count))
    seen = np.abs(gamma) > _LEAST_SCALE
    if not seen.any():
        return NormalizationDrift(layer.name, float("nan"), float("nan"), 0)
    mean = total[seen] / count[seen]
    deviation = np.sqrt(np.maximum(squares[seen] / count[seen] - np.square(mean), 0)) / np.abs(gamma[seen])
    off = np.abs((mean - beta[seen]) / gamma[seen])
    return NormalizationDrift(layer.name, float(np.median(off)), float(np.median(deviation)), int(seen.sum()))


def mode_gap(model: Any, images: np.ndarray, labels: np.ndarray) -> ModeGap | None:
    """The accuracy in training and in use on one batch; None for a model without batch normalisation.

    The model is as before afterwards: moving statistics and seeds are put back.
    """
    if not normalizations(model):
        return None
    with kept(variables_of(model)):
        in_training = _accuracy(model(images, training=True), labels)
    return ModeGap(len(labels), _accuracy(model(images, training=False), labels), in_training)


def _accuracy(answers: Any, labels: np.ndarray) -> float:
    values = np.asarray(answers).reshape(len(labels), -1)
    said = values.argmax(axis=1) if values.shape[1] > 1 else (values[:, 0] > 0.5).astype(np.int64)
    return float((said == labels).mean())
