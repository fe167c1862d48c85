"""What each layer keeps of its pictures, measured over a whole data set in one pass.

Early layers of a CNN are said to stay close to the picture, late ones to keep only the few features that decide the
class. Four measures per layer put a number to that:

    active share        mean over images and units of [activation > 0]
    silent channels     channels that no image drives above 0 anywhere
    image correlation   mean over images and channels of |Pearson r| between the channel's map and the grey picture
                        averaged down to the map's grid; constant maps have no correlation and are left out
    linear probe        held-out accuracy of a linear classifier on the layer's output (`linear_probe`; Alain, Bengio,
                        "Understanding intermediate layers using linear classifier probes", 2016, arXiv:1610.01644)

The same pass gives the logits of every image and the largest value of its Grad-CAM, so a report needs no second one.
Memory does not grow with the size of the pictures: only sums, and the probe's features of the images drawn for it, are
kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..progress import Progress
from ..stream.one_pass import one_pass
from ..stream.predictions import Answered, Answers
from ..stream.statistic import ArraySource, Batch, Numbered
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import is_spatial
from ..tracing.traced_model import TappedLayer, Taps
from .linear_probe import ProbeResult, linear_probe

_PROBE_FEATURES = 1024  # numbers per image that the probe may read; wider maps are averaged down to a coarser grid
_PROBE_GRID = 7  # cells along an axis of that grid, at most


@dataclass(frozen=True, eq=False)
class LayerSurvey:
    """What one layer keeps."""

    name: str
    channels: int  # number of channels, or of units
    active_share: float  # 0..1; NaN at the image and the logits, where 0 means nothing
    silent_channels: np.ndarray  # int64[...], channels that never exceed 0; empty at the image and the logits
    image_correlation: float  # 0..1; NaN where the layer has no map of places, or where all maps are constant
    probe: ProbeResult  # how well the class can be read off


@dataclass(frozen=True, eq=False)
class Survey:
    """Everything of one pass over a data set."""

    logits: np.ndarray  # float32[B,K]
    probabilities: np.ndarray  # float64[B,K], 0..1
    grad_cam_peak: (
        np.ndarray
    )  # float32[B], largest value of the predicted class's Grad-CAM, score units; 0: no evidence
    cam_layer: str  # where Grad-CAM was taken
    head: str  # 'softmax', 'sigmoid' or 'linear'
    logit_error: float  # largest |head(logits) - model(x)| on the first images
    layers: tuple[LayerSurvey, ...]  # the image first, the logits last


def survey_layers(
    model: Any,
    images: Arrays,
    labels: np.ndarray,
    layers: Sequence[str],
    *,
    cam_layer: str | None = None,
    probe_images: int = 6000,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Progress = False,
) -> Survey:
    """Survey a model's layers over a data set.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range.
        labels: int64[B], the true classes, for the linear probe.
        layers: Names of the layers to survey.
        cam_layer: The layer of Grad-CAM; None for the last convolution.
        probe_images: Images that the probe uses, half to fit and half to test; drawn with `seed`.
        seed: Of that draw.
        batch_size: Images at a time; None: as many as fit a few megabytes.
        progress: True for a bar with the time left, or a function called with (done, total).

    Raises:
        ValueError: A layer is unknown, or images do not fit the model.
    """
    source = ArraySource(images, labels)
    answers, surveyed = Answers(cam_layer), LayerTallies(layers, probed_numbers(len(source), probe_images, seed))
    found = one_pass(model, source, [answers, surveyed], batch_size=batch_size, progress=progress)
    return survey_of(found[answers.key], found[surveyed.key])


def probed_numbers(images: int, probe_images: int = 6000, seed: int = 0) -> np.ndarray:
    """Numbers of the images that the probe uses, half to fit and half to test, in the order of the draw."""
    return np.random.default_rng(seed).permutation(images)[:probe_images]


def survey_of(answered: Answered, surveyed: Surveyed) -> Survey:
    """What two statistics of one pass found, as one record."""
    if answered.cam_layer is None or answered.grad_cam_peak is None:
        raise ValueError("Expected answers with the peaks of Grad-CAM. Received none. Ask for Answers(peaks=True).")
    probed = np.searchsorted(answered.numbers, surveyed.probed)
    return Survey(
        logits=answered.logits,
        probabilities=answered.head.probabilities(answered.logits),
        grad_cam_peak=answered.grad_cam_peak,
        cam_layer=answered.cam_layer,
        head=answered.head.kind,
        logit_error=answered.logit_error,
        layers=(*surveyed.layers, _logit_survey(answered.logits[probed], answered.labels[probed])),
    )


@dataclass(frozen=True, eq=False)
class Surveyed:
    """What the layers keep, the image first."""

    layers: tuple[LayerSurvey, ...]
    probed: np.ndarray  # int64[N], the images that the probes used


class LayerTallies:
    """What each layer keeps: a statistic. It keeps sums, and the probe's features of the images drawn for it.

    Args:
        layers: Names of the layers to survey.
        probed: int64[N], numbers of the images that the probe uses, the first half to fit and the second to test.
    """

    def __init__(self, layers: Sequence[str], probed: np.ndarray) -> None:
        self._layers, self._probed = tuple(layers), np.asarray(probed)
        self.key = f"layers|{self._layers}|{hash(self._probed.tobytes())}"
        self._tallies = {name: _Tally() for name in ("image", *layers)}
        self._features = Numbered()

    def taps(self, taps: Taps, _: Any) -> dict[str, Any]:
        """A few numbers per image and channel: no map leaves the graph."""
        image = TappedLayer("image", "image", None, taps.image)
        return {
            f"{layer}|{key}": tensor
            for layer, tapped in [("image", image), *((name, taps.find(name)) for name in self._layers)]
            for key, tensor in _measures(taps, tapped).items()
        }

    def update(self, batch: Batch) -> None:
        """Add the sums of a batch, and keep the features of its images that were drawn."""
        for name, tally in self._tallies.items():
            tally.add({key: batch.values[f"{name}|{key}"] for key in _SUMMED if f"{name}|{key}" in batch.values})
        rows = np.flatnonzero(np.isin(batch.numbers, self._probed))
        if len(rows) or not self._features:
            kept = {name: batch.values[f"{name}|features"][rows] for name in self._tallies}
            self._features.add(batch.numbers[rows], {"label of the image": batch.labels[rows], **kept})

    def merge(self, later: LayerTallies) -> None:
        """Add the sums of another one, and take over its features."""
        for name, tally in self._tallies.items():
            tally.merge(later._tallies[name])
        self._features.merge(later._features)

    def result(self) -> Surveyed:
        """The survey of each layer."""
        numbers, kept = self._features.in_order()
        present = self._probed[np.isin(self._probed, numbers)]
        places = np.searchsorted(numbers, present)
        labels = kept["label of the image"][places]
        found = [tally.survey(name, kept[name][places], labels) for name, tally in self._tallies.items()]
        return Surveyed(tuple(found), present)


_SUMMED = ("largest", "active", "correlation")


@dataclass
class _Tally:
    """Sums over the batches of one layer."""

    largest: Any = -np.inf  # float32[C] after the first batch
    active: float = 0.0
    images: int = 0
    correlation: float = 0.0
    maps: int = 0

    def add(self, measured: dict[str, np.ndarray]) -> None:
        self.largest = np.maximum(self.largest, measured["largest"].max(axis=0))
        self.active += float(measured["active"].mean(axis=1, dtype=np.float64).sum())
        self.images += len(measured["active"])
        if "correlation" in measured:
            known = np.isfinite(measured["correlation"])
            self.correlation += float(np.abs(measured["correlation"][known]).sum(dtype=np.float64))
            self.maps += int(known.sum())

    def merge(self, later: _Tally) -> None:
        self.largest = np.maximum(self.largest, later.largest)
        self.active += later.active
        self.images += later.images
        self.correlation += later.correlation
        self.maps += later.maps

    def survey(self, name: str, features: np.ndarray, labels: np.ndarray) -> LayerSurvey:
        fires = name != "image"
        silent = np.flatnonzero(self.largest <= 0) if fires else np.zeros(0, dtype=np.int64)
        return LayerSurvey(
            name=name,
            channels=len(self.largest),
            active_share=self.active / self.images if fires else np.nan,
            silent_channels=silent,
            image_correlation=self.correlation / self.maps if self.maps else np.nan,
            probe=linear_probe(features, labels),
        )


def _logit_survey(logits: np.ndarray, labels: np.ndarray) -> LayerSurvey:
    silent = np.zeros(0, dtype=np.int64)
    return LayerSurvey("logits", logits.shape[1], np.nan, silent, np.nan, linear_probe(logits, labels))


def _measures(taps: Taps, layer: TappedLayer) -> dict[str, Any]:
    """Per image and channel, inside of the graph, so that no map needs to be copied out."""
    import tensorflow as tf

    values = tf.cast(layer.tensor, tf.float32)
    if not is_spatial(layer):
        flat = tf.reshape(values, [tf.shape(values)[0], -1])
        return {"largest": flat, "active": tf.cast(flat > 0, tf.float32), "features": flat}
    measures = {
        "largest": tf.reduce_max(values, axis=(1, 2)),
        "active": tf.reduce_mean(tf.cast(values > 0, tf.float32), axis=(1, 2)),
        "features": _features(values),
    }
    if taps.image.shape.rank == 4:
        measures["correlation"] = _correlation(values, taps.image)
    return measures


def _features(values: Any) -> Any:
    """The map averaged down to at most a 7x7 grid, coarser for many channels, and flattened."""
    import tensorflow as tf

    channels = int(values.shape[-1])
    grid = max(1, min(_PROBE_GRID, int((_PROBE_FEATURES / channels) ** 0.5)))
    height, width = values.shape[1], values.shape[2]
    rows, columns = (min(grid, size) if size is not None else grid for size in (height, width))
    if channels * (height or grid) * (width or grid) > _PROBE_FEATURES:
        values = tf.image.resize(values, (rows, columns), method="area")
    return tf.reshape(values, [tf.shape(values)[0], -1])


def _correlation(values: Any, image: Any) -> Any:
    """Pearson r of each channel with the grey picture at its grid, [B,C]; NaN where either is constant."""
    import tensorflow as tf

    grey = tf.reduce_mean(tf.cast(image, tf.float32), axis=-1, keepdims=True)
    grid = tf.shape(values)[1:3]
    picture = grey if values.shape[1:3] == image.shape[1:3] else tf.image.resize(grey, grid, method="area")
    picture -= tf.reduce_mean(picture, axis=(1, 2), keepdims=True)
    mean, spread = tf.nn.moments(values, axes=[1, 2])
    count = tf.cast(grid[0] * grid[1], tf.float32)
    product = tf.reduce_sum(values * picture, axis=(1, 2)) / count  # the picture's mean is 0: no need to centre both
    scale = tf.sqrt(spread * tf.reduce_mean(tf.square(picture), axis=(1, 2)))
    constant = spread <= 1e-10 * tf.maximum(tf.square(mean), 1e-20)
    return tf.where(constant, tf.constant(float("nan")), product / scale)
