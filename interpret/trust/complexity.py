"""Over how many places does a map spread what it says?

Complexity: Bhatt, Weller, Moura, "Evaluating and Aggregating Feature-based Model Explanations", IJCAI 2020, arXiv:2005.00631,
definition 4. With P[i] = |E[i]| / (sum over places of |E|):

    complexity = - sum over i of P[i] ln P[i]

0: one place holds all of it. ln n: n places hold the same each. A map that is spread out says little; one that is not need not be
right: it is read beside the measures of faithfulness, never alone. It depends on the number of places: maps of one resolution
are compared, or their shares of ln n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import Record
from ...kinds import checks_kinds
from ..intervals import Interval, bootstrap_mean


@dataclass(frozen=True, eq=False)
class Complexity(Record):
    """How far maps are spread out."""

    entropy: np.ndarray  # float64[B], 0..ln(places), nats; NaN where the map is zero
    places: int  # of each map
    mean: Interval  # of the entropy, over the images whose map is not zero

    @property
    def share(self) -> np.ndarray:
        """float64[B], 0..1: the entropy as a part of the largest possible; 0 for maps of one place."""
        return self.entropy / np.log(self.places) if self.places > 1 else np.zeros_like(self.entropy)


@checks_kinds
def complexity(maps: np.ndarray, *, seed: int = 0) -> Complexity:
    """The complexity of maps [B,h,w], signed or not; `seed` is of the bootstrap.

    Raises:
        ValueError: There are none, or they hold NaN or infinity.

    Example:
        >>> complexity(np.array([[[2.0, 0.0], [0.0, 0.0]], [[1.0, -1.0], [1.0, 1.0]]])).share.tolist()
        [0.0, 1.0]
    """
    if not len(maps) or not np.isfinite(maps).all():
        what = "NaN or infinity" if len(maps) else "none"
        raise ValueError(f"Expected maps of finite values. Received {what}. Leave the images out that they are of.")
    size = np.abs(np.asarray(maps, np.float64)).reshape(len(maps), -1)
    total = size.sum(axis=1, keepdims=True)
    shares = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy = np.where(total[:, 0] > 0, np.maximum(-(shares * logs).sum(axis=1), 0), np.nan)
    return Complexity(entropy, size.shape[1], bootstrap_mean(entropy, seed=seed))
