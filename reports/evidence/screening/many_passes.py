"""Maps of the methods that take many passes and passed their tests, on as many leading mistakes as a small budget buys.

The unit is one pass forward and backward of one image; a pass forward alone counts half. Each method gets an equal part, the
cheapest first, and what it leaves over goes to the others. SmoothGrad and RISE are sampled less finely here than in the tests:
each map is the mean of two, from samples of their own, and where these two rank the pixels too differently it is left out.
RISE is centred, as that needs fewer masks (`CentredRISE`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....interpret.methods.catalogue import METHODS, KnownMethod
from ....interpret.methods.rise import CentredRISE
from ....interpret.methods.smooth_grad import SmoothGrad
from ....interpret.sanity.map_similarity import rank_correlation
from ....interpret.trust.budget import usual_budget
from ..further_maps import at_most
from ..mistakes import Mistakes, in_turn
from ..seen import Seen
from ..trust import SHOWN
from ..twin import DrawnOnly

MOST = 48  # mistakes by each method: about one of each confusion
STEADY = 0.5  # rank correlation of a map's two halves, below which it is not drawn
PART = 20  # of what the tests of pictures of this size may cost: a part of so many buys these maps
_SAMPLES, _MASKS = 24, 400


@dataclass(frozen=True, eq=False)
class MethodMaps:
    """One method's maps of the leading mistakes, each for the predicted class."""

    name: str
    passes: float  # forward and backward, for one image
    drawn_from: int  # samples or masks of one map; 0: it is not drawn from any
    what: str  # 'samples' or 'masks'; empty for none
    bought: int  # images
    agreement: np.ndarray  # float32[M], rank correlation of the two halves; NaN where there are none
    values: DrawnOnly[np.ndarray]  # float32[M,h,w], in the method's unit; NaN where none was bought, or it is left out

    @property
    def drawn(self) -> np.ndarray:
        """int64[...], places of the images whose map is drawn."""
        return np.flatnonzero(np.isfinite(self.values).all(axis=(1, 2)))


@dataclass(frozen=True, eq=False)
class ManyPasses:
    """What the budget bought."""

    numbers: np.ndarray  # int64[M], of the images in the data set: one of each confusion before the second of any
    rows: np.ndarray  # int64[M], of these images among the explained mistakes
    budget: int  # passes forward and backward
    methods: tuple[MethodMaps, ...]


@dataclass(frozen=True)
class _Price:
    """How a method is made, and what one image costs."""

    known: KnownMethod
    passes: float
    make: Callable[[Any], Any]  # model -> the method; of two that are averaged: each half
    drawn_from: int = 0
    what: str = ""


def gather_many_passes(seen: Seen, mistakes: Mistakes) -> ManyPasses | None:
    """The maps; None where no method of many passes is known to have passed."""
    prices = _prices(seen, mistakes)
    if not prices or not len(mistakes.numbers):
        return None
    height, width = seen.dataset.images.shape[1:3]
    budget = usual_budget(height, width) // PART
    rows = in_turn(mistakes, max(1, round(MOST * seen.plan.drawn)))
    counts = shared_out(budget, [price.passes for price in prices], len(rows))
    found = tuple(_maps(seen, mistakes, rows, price, count) for price, count in zip(prices, counts, strict=True))
    return ManyPasses(mistakes.numbers[rows], rows, budget, found)


def shared_out(budget: float, passes: list[float], most: int) -> list[int]:
    """On how many images each method is bought, from the cheapest to the dearest; at most `most`.

    Example:
        >>> shared_out(100, [1, 10, 40], 20)
        [20, 4, 1]
    """
    counts, left = [], budget
    for place, each in enumerate(passes):
        counts.append(min(most, int(left / (len(passes) - place) // each)))
        left -= counts[-1] * each
    return counts


def _prices(seen: Seen, mistakes: Mistakes) -> list[_Price]:
    """The methods that passed and are not drawn anyway, the cheapest first."""
    asked = {known.name for known in seen.further_methods}
    passed = {name for name, verdict in seen.verdicts.items() if verdict.level == "good"} - asked - set(SHOWN)
    chosen = [known for known in METHODS if known.name in passed and known.is_expensive]
    return sorted((_price(known, seen, mistakes) for known in chosen), key=lambda price: price.passes)


def _price(known: KnownMethod, seen: Seen, mistakes: Mistakes) -> _Price:
    seed, side = seen.plan.seed, min(seen.dataset.images.shape[1:3])
    if known.name == "SmoothGrad":
        return _Price(known, _SAMPLES, lambda model: SmoothGrad(model, _SAMPLES // 2, seed=seed), _SAMPLES, "samples")
    if known.name == "RISE":
        return _Price(known, _MASKS / 2, lambda model: CentredRISE(model, _MASKS // 2, seed=seed), _MASKS, "masks")
    channels = mistakes.parts.shape[1]  # a method of many passes at a layer takes one for each of its channels
    passes = channels + 1 if known.is_at_layer else known.passes
    return _Price(known, passes / 2, lambda model: known.make(model, mistakes.cam_layer, side))


def _maps(seen: Seen, mistakes: Mistakes, rows: np.ndarray, price: _Price, count: int) -> MethodMaps:
    """The maps of the first `count` of these mistakes, those left out that are not steady."""
    agreement, empty = np.full(len(rows), np.nan, np.float32), np.full((len(rows), 1, 1), np.nan, np.float32)
    told = price.known.name, price.passes, price.drawn_from, price.what, count, agreement
    if not count:
        return MethodMaps(*told, empty)
    progress = seen.progress(f"explaining the leading mistakes by {price.known.name}")
    images, classes = seen.dataset.images[mistakes.numbers[rows[:count]]], mistakes.predicted[rows[:count]]
    made = _halves(price, seen.model)
    halves = [np.asarray(method(images, classes, batch_size=256, progress=progress)) for method in made]
    size = mistakes.pictures.shape[1], mistakes.pictures.shape[2]
    found = at_most(np.mean(halves, axis=0), size)
    if price.what:
        agreement[:count] = rank_correlation(*(at_most(half, size) for half in halves))
        found[~(agreement[:count] >= STEADY)] = np.nan
    values = np.full((len(rows), *found.shape[1:]), np.nan, np.float32)
    values[:count] = found
    return MethodMaps(*told, values)


def _halves(price: _Price, model: Any) -> list[Any]:
    """The method; one that is sampled twice, with samples of its own each time."""
    method = price.make(model)
    if not price.what:
        return [method]
    other = copy.copy(method)  # the model is traced once
    other.seed += 1
    return [method, other]
