"""How far each of several methods can be trusted on one model, in means and intervals: small enough for a file.

Made by `measure.measure_trust`, which documents how each number is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ... import Record, ask
from ..intervals import Interval
from ..sanity.random_labels import Lesson
from ..tracing.folding import Folding
from .verdicts import Verdict


@dataclass(frozen=True)
class Samples(Record):
    """On how many images each measure is taken, sampled where there are more: None for all of them, 0 for none."""

    curves: int | None  # deletion and insertion
    filled: int  # ROAD, which solves for the removed pixels of every variant
    noise: int
    shuffled: int  # maps compared while the weights are shuffled, and after random labels


@dataclass(frozen=True)
class TrustPlan(Record):
    """What is measured, and how thoroughly; `budget.within_budget` cuts it down to what a number of passes buys."""

    cheap: Samples = Samples(curves=None, filled=100, noise=64, shuffled=64)  # for methods of a pass or two
    expensive: Samples = Samples(curves=100, filled=50, noise=20, shuffled=32)  # for the others
    steps: int = 6  # points of a curve beside its start
    stops: int = 6  # layers at which the shuffling pauses
    epochs: int = 20  # of the copy that is trained on random labels
    seed: int = 0  # of the samples and of all that is drawn
    baselines: tuple[str, ...] = ("zero", "blur", "mean")  # what removed pixels become
    budget: int | None = None  # forward and backward passes that the plan was cut down to; None where no limit was set


@dataclass(frozen=True)
class MeanCurves:
    """Deletion and insertion curves, mean over images and baselines; S steps."""

    deletion: tuple[float, ...]  # S + 1, in the score's unit
    insertion: tuple[float, ...]


@dataclass(frozen=True)
class Location(Record):
    """How a method's maps lie on the objects, where masks were given (see `localization`)."""

    images: int  # that have an object
    share: float  # of their pixels that are the object, mean: what maps that know nothing get; NaN for no image
    pointing: Interval  # share of the images whose peak lies in the object, 0..1
    mass: Interval | None  # share of the positive evidence that lies in it; None where a map has no zero
    rank: Interval  # share of the object among as many strongest pixels


@dataclass(frozen=True)
class MethodTrust(Record):
    """What was measured of one method. A measure that was not taken is None, or empty."""

    verdict: Verdict
    images: int  # that the curves were measured on
    shares: tuple[float, ...]  # S + 1, 0..1, the share of the pixels at each point of the curves
    curves: MeanCurves
    random: MeanCurves  # of the random order on the same images
    brightness: MeanCurves  # of the brightness order
    road: Interval | None  # share of the images on which it beats a random order with pixels filled in
    sensitivity: Interval | None  # max-sensitivity, change over size of the map
    compared: int  # images whose maps were compared while the weights were shuffled
    rank_correlation: tuple[float, ...]  # at each stop of the shuffling, mean over images; NaN: no map can be compared
    ssim: tuple[float, ...]  # likewise
    random_labels: Interval | None  # rank correlation with the maps of the copy that learnt random labels
    location: Location | None = None  # on the objects; None where no masks were given


@dataclass(frozen=True)
class Trust(Record):
    """How far each method can be trusted on one model."""

    methods: dict[str, MethodTrust]  # in the order asked for
    total: int  # images there were
    cam_layer: str | None  # of the CAM family; None for the last convolution
    layers: tuple[str, ...]  # at each stop the last layer shuffled; empty where the model cannot be copied
    not_copied: str | None  # why not, then
    refused: dict[str, str]  # method -> why the model cannot be explained by it
    lesson: Lesson | None  # what the copy learnt of random labels; None where it was not tried
    plan: TrustPlan
    folding: Folding | None = None  # of batch normalisation, in the runs that were measured; None where there was none

    def table(self) -> Any:
        """A row a method: a `pandas.DataFrame` where pandas is installed, else a list of dicts."""
        return ask("table", self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """A dict a method: its verdict, and the means of what was measured; None where it was not."""
        return [
            {
                "method": name,
                "verdict": found.verdict.level,
                "images": found.images,
                "beats random, pixels filled in": None if found.road is None else found.road.mean,
                "sensitivity": None if found.sensitivity is None else found.sensitivity.mean,
                "like shuffled weights": found.rank_correlation[-1] if found.rank_correlation else None,
                "like random labels": None if found.random_labels is None else found.random_labels.mean,
                **_of_location(found.location),
                "why": found.verdict.words,
            }
            for name, found in self.methods.items()
        ]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each method."""
        return {name: found.verdict for name, found in self.methods.items()}


def _of_location(found: Location | None) -> dict[str, Any]:
    """What a row tells of the objects; nothing where no masks were given."""
    if found is None:
        return {}
    mass = None if found.mass is None else found.mass.mean
    return {"points at object": found.pointing.mean, "mass on object": mass, "rank on object": found.rank.mean}
