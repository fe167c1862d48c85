"""From measurements image by image to the means and intervals of a record of trust."""

from __future__ import annotations

import numpy as np

from ..intervals import bootstrap_mean
from ..pixel_removal.curves import Curves
from ..pixel_removal.faithfulness import Faithfulness
from ..pixel_removal.road import Road
from ..sanity.random_labels import RandomLabels
from ..sanity.weight_randomization import Randomization
from .record import MeanCurves, MethodTrust
from .sensitivity import Sensitivity
from .verdicts import verdict


def summed(
    name: str,
    curves: Faithfulness | None,
    filled: Road | None,
    unsteady: Sensitivity | None,
    shuffled: Randomization | None,
    relearnt: RandomLabels | None,
) -> MethodTrust:
    """What was measured of a method, summed up; None for a measure that was not taken."""
    nothing = MeanCurves((), ())
    return MethodTrust(
        verdict=verdict(name, curves, shuffled),
        images=len(curves.numbers) if curves else 0,
        shares=tuple(map(float, curves.shares)) if curves else (),
        curves=_mean(curves.curves) if curves else nothing,
        random=_mean(curves.random) if curves else nothing,
        brightness=_mean(curves.brightness) if curves else nothing,
        road=filled.against_random.share if filled else None,
        sensitivity=unsteady.mean if unsteady else None,
        compared=len(shuffled.numbers) if shuffled else 0,
        rank_correlation=_known_means(shuffled.rank_correlation) if shuffled else (),
        ssim=_known_means(shuffled.ssim) if shuffled else (),
        random_labels=bootstrap_mean(relearnt.rank_correlation) if relearnt else None,
    )


def _mean(curves: Curves) -> MeanCurves:
    return MeanCurves(*(tuple(map(float, part.mean(axis=(0, 1)))) for part in (curves.deletion, curves.insertion)))


def _known_means(values: np.ndarray) -> tuple[float, ...]:
    """Mean over images of float[S,B], leaving out maps that cannot be compared; NaN where none can."""
    return tuple(float(row[np.isfinite(row)].mean()) if np.isfinite(row).any() else float("nan") for row in values)
