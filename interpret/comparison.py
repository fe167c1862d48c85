"""A method beside a control on the same images: who is ahead, on how many, by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import Interval, bootstrap_mean

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
