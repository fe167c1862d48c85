"""What changes when a channel is taken away: the causal test of a channel's part in the answer.

One channel at a time of a layer is set to zero (or to its mean over the places of the images given), everywhere on its
map, and the rest of the model runs on that (`TailProgram`), or, where it is affine, its answer follows in closed form (see
`affine_tail`); where a dense layer reads the map, the rest behind that runs (see `dense_tail`).
Ablation of single units: Morcos, Barrett, Rabinowitz, Botvinick, "On the importance of single directions for generalization",
ICLR 2018, arXiv:1803.06959, section 2.2; a channel's map is ablated as one unit there, too.

It says what these answers become without the channel, in a model that was not trained to do without it. Zero means "does
not fire" only after a ReLU; elsewhere the mean is the milder question. Beside each effect stands that of random channels:
of all channels where all are taken away, else of some drawn with `seed` from those that were not named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import Layer, takes_given
from ..progress import Progress, steps
from ..tracing.batched_graph import Computed, Program
from ..tracing.downstream import TailProgram, front_of
from ..tracing.inputs import Arrays
from ..tracing.targets import label_array
from ..tracing.traced_model import Taps, TracedModel
from ..tracing.variants import rows_at_once
from .ablation_effects import AblationEffects, AblationTally
from .affine_tail import affine_change
from .channel_fill import Fill, fill_of, range_program, set_to
from .dense_tail import dense_behind, set_before_dense

_OF_ALL = ("logits", "low", "high", "mean", "given", "slope")  # kept of every image; what the layer puts out,
_MOST_KEPT = 16_000_000  # where it is no more numbers than these, 64 MB: it is run again where it is more
_OF_IMAGES = 8  # times as many numbers of maps as of images run at a time: fewer layers are left behind them
_OPEN_SIZE = 64  # of a side that is left open
_ROWS_OF_DENSE = 32  # for each row of maps: what a dense layer puts out is smaller than a map
Pair = tuple[int, int]  # (true class, predicted class)


@dataclass(frozen=True, eq=False)
class ChannelAblation(Record):
    """What taking away single channels of a layer does to the answers on a set of images."""

    layer: str  # its name
    to: Fill  # what the channel was set to
    images: int  # how many answers were looked at
    accuracy: float  # 0..1, with all channels
    right: np.ndarray  # int64[K], images of each class that are answered correctly with all channels
    confusion: Pair | None  # the confusion that was asked about
    confused: int  # images of it, with all channels; 0 where none was asked about
    effects: AblationEffects  # of the channels asked about, ranked: what repairs (or, without a confusion, harms) most
    control: AblationEffects  # of random channels: its means and standard deviations are what to compare with


@takes_given
def ablate_channels(
    model: Any,
    images: Arrays,
    labels: Any = None,
    layer: Layer | None = None,
    *,
    channels: Sequence[int] | None = None,
    to: Fill = "zero",
    confusion: Pair | None = None,
    control: int = 16,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    progress: Progress = False,
) -> ChannelAblation:
    """Take single channels of a layer away, and count what becomes of the answers.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range (or the list or dict that the model takes).
        labels: int64[B], the true classes; None: those that come with the images, of a `Dataset` or pairs.
        layer: Name of a layer of maps [B,H,W,C] or of units [B,C]; None for the last convolution.
        channels: Which of its channels; None for all.
        to: 'zero', or 'mean': the channel's mean over all places of these images.
        confusion: (true class, predicted class) whose images to follow, and to rank by.
        control: Where channels are named: how many of the others to draw for comparison.
        seed: Of that draw.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Rows at a time, images times channels.
        progress: True for a bar with the time left, or a function called with (what, done, total), in images.

    Raises:
        ValueError: A layer or channel is unknown, images or labels do not fit, or the confusion does not occur.

    Example:
        A model whose logits are (a, b), the means of its two channels: on an image with a = 1, b = 2 the answer is
        class 1; without channel 1 it is class 0, and the mean of logit 1 changes by -2.
    """
    run = _Run(TracedModel(model, output=output, wrt=wrt), layer, to, images, labels, batch_size)
    named, drawn = _chosen(channels, run.channels, at_least("control", control, 1), seed)
    tally = run.tally([] if confusion is None else [confusion], np.union1d(named, drawn), progress)
    return run.record(tally, None if confusion is None else 0, named, drawn)


def ablate_confusions(
    model: Any,
    images: Arrays,
    labels: np.ndarray,
    layer: str | None,
    confusions: Sequence[Pair],
    *,
    to: Fill = "zero",
    batch_size: int = 256,
    progress: Progress = False,
) -> tuple[ChannelAblation, ...]:
    """`ablate_channels` of all channels for several confusions in one run; one record for each, in order."""
    run = _Run(TracedModel(model), layer, to, images, labels, batch_size)
    every = np.arange(run.channels)
    tally = run.tally(confusions, every, progress)
    return tuple(run.record(tally, place, every, every) for place in range(len(confusions)))


class _Run:
    """One layer's ablation on one set of images; the first pass finds each channel's range and mean."""

    def __init__(
        self, traced: TracedModel, layer: str | None, to: Fill, images: Arrays, labels: Any, batch_size: int
    ) -> None:
        if to not in ("zero", "mean"):
            raise ValueError(f"Expected to='zero' or to='mean'. Received {to!r}. Choose one of the two.")
        self._traced, self._layer = traced, layer
        self._to: Fill = to
        self._images, self._batch_size = images, batch_size
        self._program = program = Program(traced, self._looked_at)
        names = (*_OF_ALL, "output") if self._is_kept(len(program.prepare(images)[0])) else _OF_ALL
        found = program.run(images, batch_size=rows_at_once(images, batch_size), names=names)
        self._found, self._before, self._name = found, found["logits"], program.facts["tapped"].name
        self._labels = label_array(labels, len(self._before), program.head.classes)
        self._fill, self._moved = fill_of(found, to)
        self.channels = len(self._fill)

    def _is_kept(self, images: int) -> bool:
        """Whether what the tail starts from may be kept of so many images."""
        sizes = self._program.facts["tapped"].tensor.shape[1:]
        return None not in tuple(sizes) and images * int(np.prod(sizes)) <= _MOST_KEPT

    def _looked_at(self, taps: Taps, scores: Any) -> Computed:
        front, ranges = front_of(taps, self._layer), range_program(self._layer)(taps, scores)
        if "slope" in ranges:
            return Computed(ranges, front.facts)
        tapped = front.facts["tapped"]
        dense = dense_behind(tapped.tensor, taps)
        if dense is None:
            return Computed({**front.tensors, **ranges}, {**front.facts, "dense": None})
        facts = {"tapped": replace(tapped, tensor=dense.read), "dense": dense.layer}
        return Computed({"output": dense.read, **ranges}, facts)

    def tally(self, confusions: Sequence[Pair], channels: np.ndarray, progress: Progress) -> AblationTally:
        """Count the answers without each of the channels; those that ablation does not change are not run."""
        tally = AblationTally(self._before, self._labels, confusions, channels)
        moved = np.flatnonzero(self._moved[channels])
        if "slope" in self._found:
            self._add_in_closed_form(tally, channels[moved], moved, progress)
            return tally
        dense = self._program.facts["dense"]
        change = set_to(self._fill) if dense is None else set_before_dense(self._fill, dense.layer)
        tail = TailProgram(self._traced, self._layer, change, front=self._program, at=dense)
        some, size = channels[moved].astype(np.int32), rows_at_once(self._images, self._batch_size)
        rows = self._rows_of_maps() if dense is None else _ROWS_OF_DENSE * self._batch_size
        known = self._found if "output" in self._found else None
        stream = tail.stream(self._images, some, batch_size=size, rows_at_once=rows, known=known, progress=progress)
        for block in stream:
            tally.add(block.rows, moved[block.variants], block.before, block.after)
        return tally

    def _rows_of_maps(self) -> int:
        """How many maps go through what comes behind the layer at a time: as many as keep the memory of a run small."""
        shape = [size or _OPEN_SIZE for size in self._program.facts["tapped"].tensor.shape[1:]]
        one = np.broadcast_to(np.float32(0), (1, *shape))
        return min(self._batch_size, _OF_IMAGES * rows_at_once(one, self._batch_size))

    def _add_in_closed_form(
        self, tally: AblationTally, channels: np.ndarray, places: np.ndarray, progress: Progress
    ) -> None:
        for rows in steps(len(self._before), self._batch_size, progress):
            needed = {name: self._found[name][rows][..., channels] for name in ("given", "slope")}
            before = self._before[rows]
            after = before[:, np.newaxis] + affine_change(needed, self._fill[channels])
            tally.add(rows, places, before, after)

    def record(self, tally: AblationTally, place: int | None, named: np.ndarray, drawn: np.ndarray) -> ChannelAblation:
        return ChannelAblation(
            layer=self._name,
            to=self._to,
            images=len(self._labels),
            accuracy=float(tally.right.sum() / len(self._labels)),
            right=tally.right,
            confusion=None if place is None else tally.confusions[place],
            confused=0 if place is None else int(tally.confused[place]),
            effects=tally.effects(named, place).ranked(),
            control=tally.effects(drawn, place),
        )


def _chosen(channels: Sequence[int] | None, known: int, control: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The channels asked about, and those to compare with, ascending."""
    if channels is None:
        return np.arange(known), np.arange(known)
    given = np.asarray(channels)
    wrong = given.dtype.kind not in "iu" or given.ndim != 1 or len(given) == 0 or len(np.unique(given)) < len(given)
    if wrong or given.min() < 0 or given.max() >= known:
        raise ValueError(
            f"Expected different channel numbers from 0 to {known - 1}. Received {list(channels)}. "
            f"Give some of the layer's {known} channels, each once, or None for all."
        )
    others = np.setdiff1d(np.arange(known), given)
    return given, np.sort(np.random.default_rng(seed).permutation(others)[:control])
