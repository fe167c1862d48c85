"""Maps that ought to sum to a known number, and how far they miss it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CompleteMaps:
    """Signed maps beside what their values should sum to."""

    maps: np.ndarray  # float32[B,H,W], score units
    expected: np.ndarray  # float32[B], what each map should sum to, score units

    @property
    def gap(self) -> np.ndarray:
        """float32[B]: what should be there less what is; 0 where the map accounts for all of it."""
        return self.expected - self.maps.sum(axis=(1, 2))
