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
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import Record, ask
from ..given import Layer, Layers, takes_given
from ..maps.channel_measures import GreyPictures, largest_of_channels, means_and_products, means_of_channels, sizes
from ..progress import Progress
from ..stream.named_maps import named_maps
from ..stream.one_pass import one_pass
from ..stream.statistic import ArraySource, Batch
from ..tracing.batched_graph import Computed
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import default_layer, is_spatial
from ..tracing.traced_model import TappedLayer, Taps
from .coarse_grid import averaged_down
from .inspection import inspect_model
from .linear_probe import ProbeResult, linear_probe, number_probe
from .signal_measures import measures_of_signals

_PROBE_FEATURES = 1024  # numbers per image that the probe may read; wider maps are averaged down to a coarser grid
_PROBE_GRID = 7  # cells along an axis of that grid, at most


@dataclass(frozen=True, eq=False)
class LayerSurvey(Record):
    """What one layer keeps."""

    name: str
    channels: int  # number of channels, or of units
    active_share: float  # 0..1; NaN at the image and the logits, where 0 means nothing
    silent_channels: np.ndarray  # int64[...], channels that never exceed 0; empty at the image and the logits
    image_correlation: float  # 0..1; NaN where the layer has no map of places, or where all maps are constant
    probe: ProbeResult  # how well the class can be read off


@dataclass(frozen=True, eq=False)
class Survey(Record):
    """Everything of one pass over a data set."""

    logits: np.ndarray  # float32[B,K]
    probabilities: np.ndarray  # float64[B,K], 0..1
    grad_cam_peak: (
        np.ndarray
    )  # float32[B], largest value of the predicted class's Grad-CAM, score units; 0: no evidence
    cam_layer: str | None  # where Grad-CAM was taken; None where no layer has places, and the peaks are NaN
    head: str  # 'softmax', 'sigmoid', 'linear' or 'probability'
    logit_error: float  # largest |head(logits) - model(x)| on the first images
    layers: tuple[LayerSurvey, ...]  # the image first, the logits last
    folded: int = 0  # batch normalisations that were folded into the convolution before them in this pass

    def table(self) -> Any:
        """A row a layer: a `pandas.DataFrame` where pandas is installed, else a list of dicts."""
        return ask("table", self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """A dict a layer, the image first; None where a layer has no such number."""
        return [
            {
                "layer": each.name,
                "channels": each.channels,
                "silent": len(each.silent_channels),
                "active share": _known(each.active_share),
                "image correlation": _known(each.image_correlation),
                "probe accuracy": _known(each.probe.accuracy),
            }
            for each in self.layers
        ]


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


@takes_given
def survey_layers(
    model: Any,
    images: Arrays,
    labels: Any = None,
    layers: Layers | None = None,
    *,
    cam_layer: Layer | None = None,
    probe_images: int = 6000,
    seed: int = 0,
    batch_size: int = 256,
    progress: Progress = False,
) -> Survey:
    """Survey a model's layers over a data set.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range.
        labels: int64[B], the true classes, for the linear probe; None: those that come with the images.
        layers: The layers to survey, one or several; None: all that have a map of places.
        cam_layer: The layer of Grad-CAM; None for the last convolution.
        probe_images: Images that the probe uses, half to fit and half to test; drawn with `seed`.
        seed: Of that draw.
        batch_size: Images at a time.
        progress: True for a bar with the time left, or a function called with (what, done, total).

    Raises:
        ValueError: A layer is unknown, there are no labels, or images do not fit the model.

    Example:
        >>> [row["layer"] for row in survey_layers(model, data, layers="conv2").rows()]
        ['image', 'conv2', 'logits']
    """
    if labels is None:
        raise ValueError(
            "Expected labels, which the linear probe learns. Received none. Give int64[B], or a Dataset as the images."
        )
    if layers is None:
        layers = [each.name for each in inspect_model(model, images).layers if each.spatial]
    source = ArraySource(images, labels)
    statistic = SurveyStatistic(len(source), layers, cam_layer=cam_layer, probe_images=probe_images, seed=seed)
    return one_pass(model, source, [statistic], batch_size=batch_size, progress=progress)[statistic.key]


_MEASURES = ("largest", "active", "correlation", "features")


class SurveyStatistic:
    """The survey as a statistic of the stream.

    Args:
        images: How many there are; the probe's are drawn from them.
        layers: Names of the layers to survey.
        cam_layer: The layer of Grad-CAM; None for the last convolution.
        probe_images: Images that the probe uses, drawn with `seed`.
        seed: Of that draw.
        numbers: float64[images], of a regression: the probe then reads these, and tells R2 in the place of the accuracy.
    """

    state = ("_tallies", "_rows", "_facts")

    def __init__(
        self,
        images: int,
        layers: Sequence[str],
        *,
        cam_layer: str | None = None,
        probe_images: int = 6000,
        seed: int = 0,
        numbers: np.ndarray | None = None,
    ) -> None:
        self._numbers = numbers
        what = "survey" if numbers is None else "survey for numbers"
        self.key = f"{what} of {images} at {tuple(layers)}, Grad-CAM at {cam_layer}, {probe_images} drawn with {seed}"
        self._layers = tuple(layers)
        self._cam_layer = cam_layer
        self._drawn = np.random.default_rng(seed).permutation(images)[:probe_images]
        self._probed = np.zeros(images, bool)
        self._probed[self._drawn] = True
        self._tallies = {name: _Tally() for name in ["image", *layers]}
        self._rows: list[tuple[np.ndarray, ...]] = []  # numbers, labels, logits, peaks
        self._facts: dict[str, Any] = {}

    def taps(self, taps: Taps, scores: Any) -> Computed:
        """Measures per image and channel, so that no map needs to be copied out."""
        peak, cam_layer = self._peak(taps, scores)
        image = TappedLayer("image", "image", None, taps.image, taps.axes)
        grey = GreyPictures(taps.image) if taps.image.shape.rank == 4 else None
        measured = {
            f"{layer.name}|{key}": tensor
            for layer in [image, *(taps.find(name) for name in self._layers)]
            for key, tensor in _measures(taps, layer, grey).items()
        }
        return Computed({"grad_cam_peak": peak, **measured}, {"cam_layer": cam_layer})

    def _peak(self, taps: Taps, scores: Any) -> tuple[Any, str | None]:
        """The largest value of each image's Grad-CAM, and its layer; NaN and None where no layer has places."""
        import tensorflow as tf

        if self._cam_layer is None and default_layer(taps) is None:
            return tf.fill(tf.shape(taps.logits)[:1], float("nan")), None
        found = named_maps(taps, scores, ["grad_cam_peak"], self._cam_layer)
        return found.tensors["grad_cam_peak"], found.facts["cam_layer"]

    def update(self, batch: Batch) -> None:
        """See some more images."""
        values = batch.values
        self._facts = dict(batch.facts)
        self._rows.append((batch.numbers, batch.labels, values["logits"].copy(), values["grad_cam_peak"].copy()))
        rows = np.flatnonzero(self._probed[batch.numbers])
        for name, tally in self._tallies.items():
            measured = {key: values[f"{name}|{key}"] for key in _MEASURES if f"{name}|{key}" in values}
            tally.add(measured, rows, batch.numbers[rows])

    def merge(self, later: SurveyStatistic) -> None:
        """Take over what another one saw of other images."""
        self._facts = self._facts or later._facts
        self._rows += later._rows
        for name, tally in self._tallies.items():
            tally.join(later._tallies[name])

    def result(self) -> Survey:
        """The survey of the images seen, in the order of their numbers."""
        columns = [np.concatenate(column) for column in zip(*self._rows, strict=True)]
        numbers, labels, logits, peaks = (column[np.argsort(columns[0], kind="stable")] for column in columns)
        drawn = self._drawn[np.isin(self._drawn, numbers)]  # an image that could not be read is missing
        places = np.searchsorted(numbers, drawn)
        head = self._facts["head"]
        known = labels[places] if self._numbers is None else self._numbers[drawn]
        found = [tally.survey(name, known, drawn) for name, tally in self._tallies.items()]
        return Survey(
            logits=logits,
            probabilities=head.probabilities(logits),
            grad_cam_peak=peaks,
            cam_layer=self._facts["cam_layer"],
            head=head.kind,
            logit_error=self._facts["logit_error"],
            layers=(*found, _logit_survey(logits[places], known)),
            folded=self._facts["folded"],
        )


@dataclass
class _Tally:
    """Sums over the batches of one layer."""

    largest: Any = -np.inf  # float32[C] after the first batch
    active: float = 0.0
    images: int = 0
    correlation: float = 0.0
    maps: int = 0
    features: list[np.ndarray] = field(default_factory=list)
    numbers: list[np.ndarray] = field(default_factory=list)  # of the images of the features

    def add(self, measured: dict[str, np.ndarray], rows: np.ndarray, numbers: np.ndarray) -> None:
        self.largest = np.maximum(self.largest, measured["largest"].max(axis=0))
        self.images += len(measured["largest"])
        if "active" in measured:
            above = measured["active"]
            self.active += len(above) * np.count_nonzero(above) / above.size
        if "correlation" in measured:
            known = np.isfinite(measured["correlation"])
            self.correlation += float(np.abs(measured["correlation"][known]).sum(dtype=np.float64))
            self.maps += int(known.sum())
        self.features.append(measured["features"][rows])
        self.numbers.append(numbers)

    def join(self, later: _Tally) -> None:
        self.largest = np.maximum(self.largest, later.largest)
        self.active += later.active
        self.images += later.images
        self.correlation += later.correlation
        self.maps += later.maps
        self.features += later.features
        self.numbers += later.numbers

    def survey(self, name: str, labels: np.ndarray, drawn: np.ndarray) -> LayerSurvey:
        fires = name != "image"
        silent = np.flatnonzero(self.largest <= 0) if fires else np.zeros(0, dtype=np.int64)
        order = np.argsort(drawn)
        features = np.empty((len(drawn), self.features[0].shape[1]), self.features[0].dtype)
        for numbers, some in zip(self.numbers, self.features, strict=True):
            features[order[np.searchsorted(drawn, numbers, sorter=order)]] = some
        return LayerSurvey(
            name=name,
            channels=len(self.largest),
            active_share=self.active / self.images if fires else np.nan,
            silent_channels=silent,
            image_correlation=self.correlation / self.maps if self.maps else np.nan,
            probe=_probed(features, labels),
        )


def _probed(features: np.ndarray, known: np.ndarray) -> ProbeResult:
    """The probe of classes int64[n], or of the numbers float64[n] of a regression."""
    return linear_probe(features, known) if known.dtype.kind == "i" else number_probe(features, known)


def _logit_survey(logits: np.ndarray, labels: np.ndarray) -> LayerSurvey:
    silent = np.zeros(0, dtype=np.int64)
    return LayerSurvey("logits", logits.shape[1], np.nan, silent, np.nan, _probed(logits, labels))


def _measures(taps: Taps, layer: TappedLayer, grey: GreyPictures | None) -> dict[str, Any]:
    """Per image and channel, inside of the graph, so that no map needs to be copied out; of each value, whether it is above 0."""
    import tensorflow as tf

    values = tf.cast(layer.maps, tf.float32)
    if taps.axes.rank in (3, 5) and taps.axes.channel == taps.axes.rank - 1 == layer.tensor.shape.rank - 1:
        return measures_of_signals(taps, values)
    if not is_spatial(layer):
        flat = tf.reshape(values, [tf.shape(values)[0], -1])
        return {"largest": flat, "active": flat > 0, "features": flat}
    measures = {"largest": largest_of_channels(values), "features": _features(values)}
    if layer.layer is not None:  # above 0 says nothing of the image itself
        measures["active"] = values > 0  # NumPy counts them in half of the time of a mean in the graph
    if grey is not None:
        measures["correlation"] = _correlation(values, grey)
    return measures


def _features(values: Any) -> Any:
    """The map averaged down to at most a 7x7 grid, coarser for many channels, and flattened."""
    import tensorflow as tf

    channels = int(values.shape[-1])
    grid = max(1, min(_PROBE_GRID, int((_PROBE_FEATURES / channels) ** 0.5)))
    height, width = values.shape[1], values.shape[2]
    rows, columns = (min(grid, size) if size is not None else grid for size in (height, width))
    if channels * (height or grid) * (width or grid) > _PROBE_FEATURES:
        values = averaged_down(values, rows, columns)
    return tf.reshape(values, [tf.shape(values)[0], -1])


def _correlation(values: Any, grey: GreyPictures) -> Any:
    """Pearson r of each channel with the grey picture at its grid, [B,C]; NaN where either is constant."""
    import tensorflow as tf

    picture = grey.at(values)
    mean, product = means_and_products(values, picture)  # the picture's mean is 0: no need to centre both
    # lines of pixels in the place of channels: their mean is repeated, and a few channels take no longer than many
    height, width, channels = sizes(values)
    lines = tf.reshape(values, [-1, height, width * channels])
    squares = tf.math.squared_difference(lines, tf.tile(mean, [1, width])[:, tf.newaxis])
    spread = means_of_channels(tf.reshape(squares, [-1, height, width, channels]))
    scale = tf.sqrt(spread * tf.reduce_mean(tf.square(picture), axis=(1, 2)))
    constant = spread <= 1e-10 * tf.maximum(tf.square(mean), 1e-20)
    return tf.where(constant, tf.constant(float("nan")), product / scale)
