"""What the measurements say of a method on this model, in a word and in a sentence, with the numbers behind them.

A verdict is about a method on one model and one set of images, and says no more than what was measured. It joins two
questions, each of which can fail a method by itself:

* Does the map name pixels that the model uses? (`faithfulness`, beside a random and a brightness order)
* Does the map change when what the model has learnt is taken away? (`randomization_check`)

A method that fails is shown with its failure: it may still be the one that a reader has seen elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ... import Record
from ..intervals import Interval, bootstrap_mean
from ..pixel_removal.faithfulness import Faithfulness
from ..sanity.weight_randomization import Randomization

GOOD, WEAK, FAILED, UNKNOWN = "good", "weak", "failed", "unknown"

NO_BETTER = (
    0.5  # share of images: a map that knows nothing wins half of them. Failed where the interval reaches down to it
)
CLEARLY_BETTER = 0.75  # share of images: three wins for each loss. Below it, a single map is hardly to be relied on
MUCH_ALIKE = 0.5  # rank correlation: a quarter (0.5^2) of the order's variance is there without what was learnt
THE_SAME = 0.9  # rank correlation: four fifths (0.9^2) of it; an edge detector, which ignores the model, has 1
FEWEST_IMAGES = 20  # below it the bootstrap's interval is too narrow to be believed (20 fair coins: 0.3 to 0.7)


@dataclass(frozen=True)
class Measurement:
    """One question's answer."""

    question: str  # 'random order', 'brightness order' or 'randomised weights'
    level: str  # 'good', 'weak', 'failed' or 'unknown'
    words: str  # such as 'beats the random order on 93 % of 500 images'
    number: Interval  # the number that decided: share of images, or rank correlation
    good: str  # the threshold, such as 'above 0.75'


@dataclass(frozen=True)
class Verdict(Record):
    """How far a method can be trusted on this model."""

    method: str
    level: str  # 'good', 'weak', 'failed' or 'unknown': the worst of the findings that are known, see `verdict`
    words: str  # one sentence
    findings: tuple[Measurement, ...]


def verdict(method: str, measured: Faithfulness | None, randomised: Randomization | None) -> Verdict:
    """Judge a method by what was measured; None for what was not.

    Failed: a finding failed. Weak: one is weak. Good: all are good. Unknown: nothing failed or is weak, but something is
    not known, so nobody can call it good.

    Example:
        >>> verdict("Grad-CAM", None, None).level
        'unknown'
    """
    findings = (*_orders(measured), _weights(randomised))
    levels = {finding.level for finding in findings}
    level = next(level for level in (FAILED, WEAK, UNKNOWN, GOOD) if level in levels)
    sentence = "; ".join(finding.words for finding in findings)
    return Verdict(method, level, sentence[0].upper() + sentence[1:] + ".", findings)


def verdicts(
    methods: Sequence[str], measured: dict[str, Faithfulness], randomised: dict[str, Randomization]
) -> tuple[Verdict, ...]:
    """A verdict on each method; what is missing in either is not known."""
    return tuple(verdict(name, measured.get(name), randomised.get(name)) for name in methods)


def _orders(measured: Faithfulness | None) -> tuple[Measurement, Measurement]:
    good = f"above {CLEARLY_BETTER}"
    if measured is None:
        nothing = Interval(np.nan, np.nan, np.nan, 0)
        return (
            Measurement("random order", UNKNOWN, "not measured beside a random order", nothing, good),
            Measurement("brightness order", UNKNOWN, "nor beside the order of brightness", nothing, good),
        )
    random, bright = measured.against_random.share, measured.against_brightness.share
    return (
        Measurement("random order", _level_of_share(random, FAILED), _beats("the random order", random), random, good),
        Measurement(
            "brightness order", _level_of_share(bright, WEAK), _beats("the image's brightness", bright), bright, good
        ),
    )


def _level_of_share(share: Interval, no_better: str) -> str:
    """`no_better` where the method is not told from the control: a failure beside chance, a weakness beside brightness."""
    if share.images < FEWEST_IMAGES:
        return UNKNOWN
    if share.low <= NO_BETTER:
        return no_better
    return GOOD if share.mean > CLEARLY_BETTER else WEAK


def _beats(control: str, share: Interval) -> str:
    range_ = f"{100 * share.low:.0f} to {100 * share.high:.0f} %"
    return f"beats {control} on {100 * share.mean:.0f} % of {share.images:,} images ({range_})"


def _weights(randomised: Randomization | None) -> Measurement:
    question, good = "randomised weights", f"below {MUCH_ALIKE}"
    if randomised is None:
        return Measurement(
            question, UNKNOWN, "not tried with randomised weights", Interval(np.nan, np.nan, np.nan, 0), good
        )
    alike = bootstrap_mean(randomised.rank_correlation[-1])
    if alike.images < FEWEST_IMAGES:
        of = f" of {len(randomised.numbers)}" if alike.images < len(randomised.numbers) else ""
        words = f"with randomised weights only {alike.images}{of} maps can be compared"
        return Measurement(question, UNKNOWN, words, alike, good)
    number = f"(rank correlation {alike.mean:.2f})"
    if alike.mean >= THE_SAME:
        return Measurement(question, FAILED, f"hardly changes when the weights are randomised {number}", alike, good)
    if alike.mean >= MUCH_ALIKE:
        return Measurement(
            question, WEAK, f"keeps much of its shape when the weights are randomised {number}", alike, good
        )
    return Measurement(question, GOOD, f"changes when the weights are randomised {number}", alike, good)
