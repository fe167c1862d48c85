"""What a budget of passes buys: on how many images each measure is taken, and in how many steps.

The unit is one pass forward and backward of one image through the model; a pass forward alone counts half. The rule knows
the methods, the number of images and their size, never the clock, so a report comes out the same on every machine:

* Methods of a pass or two and those of many passes share the budget evenly, where there are both.
* Within each, the weights may be shuffled for 3 parts of 10, pixels removed for 6, filled in for a half and noise added for
  a half (of those that are measured at all); what the others leave over goes to the removal of pixels.
* Pixels are removed in the steps of the plan (6) where that leaves enough images, otherwise in 3, which takes 0.42 of the
  passes. Fewer steps hardly change a verdict, fewer images make it unsure, and fewer baselines change what is asked: on
  1,000 images of Fashion-MNIST and the shipped models 3 steps moved the shares of images won by 0.04 at most, two baselines
  of three by up to 0.35. So all baselines stay.

Three maps out of one program count one pass, since they are made in one. Not counted: training on random labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..arguments import at_least
from ..methods.catalogue import KnownMethod
from .record import Samples, TrustPlan

ENOUGH_IMAGES = 100  # for a share of images to be known to 10 % or better
_PIXELS = 80_000_000  # pixels times passes of the usual budget: about a minute of a MobileNetV2 on two cores
_FEWEST = 1_600  # passes of the usual budget, however large the images are
_PARTS = {"shuffled": 6, "filled": 1, "noise": 1, "curves": 12}
_COARSE_STEPS = 3
_NOISY, _FILLED = 10, 10  # copies of each image with noise; variants of each order with pixels filled in


def usual_budget(height: int, width: int, images: int = ENOUGH_IMAGES) -> int:
    """Passes for a test of a few methods on up to `images` images: all that it wants below 100 x 100 pixels.

    Example:
        >>> usual_budget(224, 224), usual_budget(28, 28)
        (1600, 102040)
    """
    return int(max(_FEWEST, _PIXELS // (height * width)) * max(1, images / ENOUGH_IMAGES))


def within_budget(passes: int, methods: Sequence[KnownMethod], wanted: TrustPlan, total: int) -> TrustPlan:
    """The part of a plan that a budget buys; no sample grows, and each that is wanted keeps one image at least.

    Args:
        passes: The budget, at least 1.
        methods: That are measured.
        wanted: The plan without a budget.
        total: Images that there are.

    Example: three maps of one program on 100 of 224 x 224 pixels, with 1,600 passes: the weights are shuffled on 64 images (7
    passes each), pixels removed on 34 in 3 steps (33 passes each).
    """
    passes = at_least("passes", passes, 1)
    groups = {
        "cheap": [known for known in methods if not known.is_expensive],
        "expensive": [known for known in methods if known.is_expensive],
    }
    share = passes / max(1, sum(map(bool, groups.values())))
    fine = _bought(share, groups, wanted, total)
    enough = min(ENOUGH_IMAGES, total, *(_size(getattr(wanted, name).curves, total) for name in groups if groups[name]))
    if all(_size(getattr(fine, name).curves, total) >= enough for name in groups if groups[name]):
        return replace(fine, budget=passes)
    coarse = replace(wanted, steps=min(_COARSE_STEPS, wanted.steps))
    return replace(_bought(share, groups, coarse, total), budget=passes)


@dataclass(frozen=True)
class _Costs:
    """Passes for one image, by measure."""

    shuffled: float
    filled: float
    noise: float
    curves: float

    @classmethod
    def of(cls, methods: Sequence[KnownMethod], plan: TrustPlan) -> _Costs:
        joint = [known for known in methods if known.compute is not None]
        maps = sum(known.passes / 2 for known in methods if known.compute is None) + bool(joint)
        orders, blanks = len(methods) + 2, len(plan.baselines)
        return cls(
            shuffled=(plan.stops + 1) * maps,
            filled=maps + _FILLED * orders / 2,
            noise=(_NOISY + 1) * maps,
            curves=maps + (1 + blanks + 2 * blanks * (plan.steps - 1) * orders) / 2,
        )


def _bought(share: float, groups: dict[str, list[KnownMethod]], plan: TrustPlan, total: int) -> TrustPlan:
    bought = {
        name: _samples(share, _Costs.of(methods, plan), getattr(plan, name), total)
        for name, methods in groups.items()
        if methods
    }
    return replace(plan, **bought)


def _samples(passes: float, costs: _Costs, wanted: Samples, total: int) -> Samples:
    """The sizes of one group; the curves come last and get what the others leave over."""
    sizes = {name: _size(getattr(wanted, name), total) for name in _PARTS}
    parts = sum(part for name, part in _PARTS.items() if sizes[name])
    left, bought = passes, dict(sizes)
    for name, part in _PARTS.items():
        if sizes[name]:
            cost, limit = getattr(costs, name), left if name == "curves" else passes * part / parts
            bought[name] = max(1, min(sizes[name], int(limit // cost)))
            left -= bought[name] * cost
    if wanted.curves is None and bought["curves"] == total:
        return Samples(None, bought["filled"], bought["noise"], bought["shuffled"])
    return Samples(**bought)


def _size(sample: int | None, total: int) -> int:
    return total if sample is None else min(sample, total)
