"""What each channel of a layer does over a whole data set, counted in one pass.

    active share     share of the places of all images where the channel is above 0
    never fires      above 0 at no place of any image
    nearly always    active share of at least `always` (0.95)
    class mean       mean activation over the places of a class's images, mu[k]
    selectivity      how much more it fires for a class than for the others, -1..1 (`selectivity`)
    redundancy       largest |Pearson r| with another channel, over all places of all images (`correlation`)
    preferred places the strongest place of each image, of the images where it is strongest (`preferred_places`)

Memory does not grow with the number of images: only sums [C], [K,C] and [C,C] are kept, and the preferred places.

Selectivity: Morcos, Barrett, Rabinowitz, Botvinick, "On the importance of single directions for generalization", ICLR 2018,
arXiv:1803.06959, section 2.3. With mu[k] the channel's mean activation on the images of class k, and rest[k] the mean of
mu over the other classes,

    selectivity[k] = (mu[k] - rest[k]) / (mu[k] + rest[k])

1: the channel fires for class k alone; 0: as for the others; -1: for all but class k. Departures: the paper gives it for
the class of the largest mu only; and mu is taken of the activation's positive part, so that a layer without a ReLU stays
within -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import Layer, takes_given
from ..layers.receptive_field import ReceptiveField
from ..layers.receptive_field_rules import receptive_fields
from ..progress import Progress
from ..stream.one_pass import one_pass
from ..stream.statistic import ArraySource, Batch
from ..tracing.batched_graph import Computed
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import channel_layer
from ..tracing.targets import label_array
from ..tracing.traced_model import Taps
from .correlation import Comoments, comoments, most_alike, starts
from .preferred_places import PreferredPlaces, PreferredTally

ALWAYS = 0.95


@dataclass(frozen=True, eq=False)
class ChannelCensus(Record):
    """The channels of one layer over a data set."""

    layer: str  # its name
    images: int  # how many were looked at
    grid: tuple[int, int]  # places of a map; (1, 1) for a layer of units
    active_share: np.ndarray  # float64[C], 0..1, of all places of all images
    active_images: np.ndarray  # float64[C], 0..1, share of the images with a place above 0
    largest: np.ndarray  # float32[C], largest activation
    mean: np.ndarray  # float64[C], mean activation
    class_means: np.ndarray  # float64[C,K], mean activation on the images of a class; NaN for a class without images
    selectivity: np.ndarray  # float64[C,K], -1..1; NaN where the channel never fires or the class has no images
    silent: np.ndarray  # int64[...], channels that never fire
    always_active: np.ndarray  # int64[...], channels whose active share is at least `always`
    always: float  # that threshold
    most_like: np.ndarray  # int64[C], the other channel of the largest |r|; -1 where there is none
    correlation: np.ndarray  # float64[C], r with it, -1..1; NaN for a constant or only channel
    preferred: PreferredPlaces  # where it fires the strongest

    @property
    def redundancy(self) -> np.ndarray:
        """float64[C], 0..1: largest |r| with another channel; NaN for a constant or only channel."""
        return np.abs(self.correlation)


@takes_given
def channels(
    model: Any,
    images: Arrays,
    labels: Any = None,
    layer: Layer | None = None,
    *,
    patches: int = 6,
    always: float = ALWAYS,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    progress: Progress = False,
) -> ChannelCensus:
    """Count what each channel of a layer does over a data set.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range (or the list or dict that the model takes).
        labels: int64[B], the true classes; None: those that come with the images, of a `Dataset` or pairs.
        layer: Name of a layer of maps [B,H,W,C] or of units [B,C]; None for the last convolution.
        patches: How many preferred places to keep for each channel.
        always: The share of places from which on a channel counts as nearly always active.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Images at a time.
        progress: True for a bar with the time left, or a function called with (what, done, total).

    Raises:
        ValueError: The layer is unknown, or images or labels do not fit the model.

    Example:
        A channel that puts out 3 on the images of class 0 and 1 on those of class 1: selectivity (0.5, -0.5).
    """
    if not 0 < always <= 1:
        raise ValueError(f"Expected always, a share above 0 and up to 1. Received {always!r}. Give one such as 0.95.")
    source = ArraySource(images, label_array(labels, len(ArraySource(images)), 2**31 - 1))
    statistic = CensusStatistic(layer, patches=patches, always=always)
    found = one_pass(model, source, [statistic], batch_size=batch_size, progress=progress, output=output, wrt=wrt)
    return found[statistic.key]


class CensusStatistic:
    """The census as a statistic of the stream.

    Args:
        layer: Name of a layer of maps or of units; None for the last convolution.
        patches: How many preferred places to keep for each channel.
        always: The share of places from which on a channel counts as nearly always active.
    """

    state = ("_tally", "_facts")

    def __init__(self, layer: str | None = None, *, patches: int = 6, always: float = ALWAYS) -> None:
        self.key = f"census of {layer}, {patches} places, always from {always}"
        self._layer = layer
        self._always = always
        self._tally = _Tally(PreferredTally(at_least("patches", patches, 1)))
        self._facts: dict[str, Any] = {}

    def taps(self, taps: Taps, scores: Any) -> Computed:
        """Sums per image and channel; the maps themselves are looked at, and not copied, where a channel is strongest."""
        import tensorflow as tf

        found = channel_layer(taps, self._layer)
        values = tf.cast(found.tensor, tf.float32)
        maps = values if values.shape.rank == 4 else values[:, tf.newaxis, tf.newaxis, :]
        centre, strips = comoments(maps)
        mean = tf.reduce_mean(maps, axis=(1, 2))
        is_positive = found.tensor.op.type == "Relu"  # its positive part is itself
        tensors = {
            "centre": centre,
            **{f"products {number}": strip for number, strip in enumerate(strips)},
            "mean": mean,
            "positive": mean if is_positive else tf.reduce_mean(tf.nn.relu(maps), axis=(1, 2)),
            "active": tf.reduce_mean(tf.cast(maps > 0, tf.float32), axis=(1, 2)),
            "largest": tf.reduce_max(maps, axis=(1, 2)),
            "maps": maps,
        }
        return Computed(tensors, {"layer": found.name, "sight": receptive_fields(taps.image).get(id(found.tensor))})

    def update(self, batch: Batch) -> None:
        """See some more images."""
        self._facts = dict(batch.facts)
        self._tally.add(batch, label_array(batch.labels, len(batch.labels), self._classes))

    @property
    def _classes(self) -> int:
        """How many classes the labels may have: those of the model, or any where it answers no score per class."""
        return self._facts["head"].classes if self._facts["head"] is not None else 2**31 - 1

    def merge(self, later: CensusStatistic) -> None:
        """Take over what another one saw of other images."""
        self._facts = self._facts or later._facts
        self._tally.join(later._tally)

    def result(self) -> ChannelCensus:
        """The census of the images seen."""
        return self._tally.census(self._facts["layer"], self._facts["sight"], self._always)


@dataclass
class _Tally:
    """Sums over the batches."""

    preferred: PreferredTally
    images: int = 0
    grid: tuple[int, int] = (1, 1)
    comoments: Comoments = field(default_factory=Comoments)
    members: Any = 0  # int64[K], images of each class
    active: Any = 0.0  # float64[C]
    fired: Any = 0  # int64[C], images
    largest: Any = -np.inf  # float32[C]
    sums: Any = 0.0  # float64[K,C], of the images' means
    positive: Any = 0.0  # float64[K,C], likewise of the positive part

    def add(self, batch: Batch, labels: np.ndarray) -> None:
        results, largest = batch.values, batch.values["largest"]
        self.images += len(largest)
        self.grid = results["maps"].shape[1], results["maps"].shape[2]
        self.preferred.add(batch.numbers, largest, results["maps"])
        strips = [results[f"products {number}"] for number, _ in enumerate(starts(largest.shape[1]))]
        self.comoments.add(len(largest) * self.grid[0] * self.grid[1], results["centre"], strips)
        head = batch.facts["head"]  # None: the model has no classes, those of the labels are counted as they come
        member = np.eye(1 + int(labels.max()) if head is None else head.classes)[labels]
        self.members = _plus(self.members, member.sum(axis=0))
        self.active = self.active + results["active"].sum(axis=0, dtype=np.float64)
        self.fired = self.fired + (largest > 0).sum(axis=0)
        self.largest = np.maximum(self.largest, largest.max(axis=0))
        self.sums = _plus(self.sums, member.T @ results["mean"])
        self.positive = _plus(self.positive, member.T @ results["positive"])

    def join(self, later: _Tally) -> None:
        self.grid = later.grid if later.images else self.grid
        self.preferred.merge(later.preferred)
        self.comoments.join(later.comoments)
        self.largest = np.maximum(self.largest, later.largest)
        for name in ("images", "active", "fired"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for name in ("members", "sums", "positive"):
            setattr(self, name, _plus(getattr(self, name), getattr(later, name)))

    def census(self, layer: str, sight: ReceptiveField | None, always: float) -> ChannelCensus:
        share = self.active / self.images
        other, correlation = most_alike(self.comoments.correlation())
        return ChannelCensus(
            layer=layer,
            images=self.images,
            grid=self.grid,
            active_share=share,
            active_images=self.fired / self.images,
            largest=self.largest,
            mean=self.comoments.mean,
            class_means=self._per_class(self.sums),
            selectivity=selectivity(self._per_class(self.positive)),
            silent=np.flatnonzero(self.largest <= 0),
            always_active=np.flatnonzero(share >= always),
            always=always,
            most_like=other,
            correlation=correlation,
            preferred=self.preferred.result(self.grid[1], sight),
        )

    def _per_class(self, sums: np.ndarray) -> np.ndarray:
        members = self.members[:, np.newaxis]
        return np.divide(sums, members, out=np.full(sums.shape, np.nan), where=members > 0).T


def _plus(sums: Any, more: Any) -> Any:
    """The sum of two arrays [K, ...] and [L, ...], or of such an array and 0; of one class more in one than in the other."""
    if np.ndim(sums) == 0 or np.ndim(more) == 0 or len(sums) == len(more):
        return sums + more
    shorter, longer = sorted((sums, more), key=len)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def selectivity(class_means: np.ndarray) -> np.ndarray:
    """The selectivity of each channel for each class.

    Args:
        class_means: float[C,K], at least 0; NaN for a class without images.

    Returns:
        float64[C,K], -1..1; NaN where the channel fires for no class, the class has no images, or it is the only one.
    """
    known = np.isfinite(class_means)
    others = known.sum(axis=1, keepdims=True) - 1
    means = np.where(known, class_means, 0)
    rest = np.divide(means.sum(axis=1, keepdims=True) - means, others, out=np.zeros(means.shape), where=others > 0)
    both = means + rest
    found = np.divide(means - rest, both, out=np.full(means.shape, np.nan), where=both > 0)
    return np.where(known & (others > 0), found, np.nan)
