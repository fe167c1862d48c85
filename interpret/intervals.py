"""How far a mean over images can be trusted, had other images been sampled; and a method beside a control.

Percentile bootstrap: Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979,
doi:10.1214/aos/1176344552. With x the B values and x*_r a sample of B of them with replacement:

    interval = the 2.5th to the 97.5th percentile of mean(x*_r) over r

A method and a control are compared on the same images: who is ahead, on how many, by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_AT_ONCE = 2**21  # numbers drawn at a time, so that memory stays small for many images


@dataclass(frozen=True)
class Interval:
    """A mean over images, with its bootstrap interval."""

    mean: float  # in the values' unit; NaN where there is no value
    low: float
    high: float
    images: int  # values behind it; of one image the interval has no width and says nothing
    level: float = 0.95  # how often such an interval holds the mean over all images that there could be


def bootstrap_mean(values: np.ndarray, *, resamples: int = 2000, level: float = 0.95, seed: int = 0) -> Interval:
    """The mean of some values and its interval; NaN values are left out.

    Args:
        values: float[B], one per image.
        resamples: Draws; more make the interval's ends steadier.
        level: Of the interval, 0..1.
        seed: Of the draws.

    Example:
        >>> bootstrap_mean(np.array([2.0, 2.0, 2.0]))
        Interval(mean=2.0, low=2.0, high=2.0, images=3, level=0.95)
    """
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return Interval(np.nan, np.nan, np.nan, 0, level)
    draw, means, together = np.random.default_rng(seed), [], max(1, _AT_ONCE // len(known))
    for start in range(0, resamples, together):
        chosen = draw.integers(len(known), size=(min(together, resamples - start), len(known)))
        means.append(known[chosen].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(known.mean()), float(low), float(high), len(known), level)


_TIE = 1e-5  # of the score: gains nearer than this differ by rounding, or by nothing that anyone would see


@dataclass(frozen=True, eq=False)
class Comparison:
    """A method beside a control, image by image."""

    wins: np.ndarray  # float32[B]: 1 where the method's gain is larger, 0.5 where they tie, 0 where it is smaller
    share: Interval  # of the images on which the method wins, 0..1; 0.5 says nothing
    advantage: Interval  # method's gain less the control's, in the score's unit; 0 says nothing


def compare(gain: np.ndarray, control: np.ndarray, *, seed: int = 0) -> Comparison:
    """A method's gains float[B] beside a control's on the same images.

    Example:
        >>> compare(np.array([0.3, 0.1]), np.array([0.1, 0.1])).wins.tolist()
        [1.0, 0.5]
    """
    ahead = (gain - control).astype(np.float64)
    ahead[np.abs(ahead) <= _TIE * np.maximum(1, np.abs(control))] = 0
    wins = ((np.sign(ahead) + 1) / 2).astype(np.float32)
    return Comparison(wins, bootstrap_mean(wins, seed=seed), bootstrap_mean(ahead, seed=seed))
