"""What is known of each image where it is no class: numbers (a regression), or any of several labels.

A data set of such images has no classes (all of its labels are 'unknown'), and bears this instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

REGRESSION, LABELS = "regression", "labels"
NOT_LOOKED_AT = "not looked at"  # of data whose labels do not matter, whatever they are
UNLABELLED = ("unknown",)  # the one class of pictures that come without any


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number of each image, or several: what a regression is held against."""

    values: np.ndarray  # float64[B,N], each in its own unit
    names: tuple[str, ...]  # N, such as ('age',)
    unit: str = ""  # of all of them, such as 'years'; '': not known

    def taking(self, rows: np.ndarray) -> Numbers:
        """Those of some images."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, eq=False)
class Marks:
    """Which of several labels each image bears, none or many: what independent labels are held against."""

    on: np.ndarray  # bool[B,K]
    names: tuple[str, ...]  # K

    def taking(self, rows: np.ndarray) -> Marks:
        """Those of some images."""
        return replace(self, on=self.on[rows])


Truth = Numbers | Marks
