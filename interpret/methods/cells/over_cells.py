"""The score of an image of which some cells are seen and the others are blank: what SHAP and LIME ask for.

The packages do their mathematics on a function of cells; the model runs here, on the traced forward pass, in full batches.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ....kinds import checks_kinds
from ...arguments import at_least, reference
from ...progress import Progress, steps
from ...tracing.variants import Asked
from ..attribution import Perturbation
from .segments import Cells, cells_of

Worth = Callable[[np.ndarray], np.ndarray]  # which cells are seen bool[N,M] -> the scores float64[N]


class OverCells(Perturbation):
    """A method that gives each cell of an image a number, by the scores of the image with some of its cells hidden."""

    package = ""  # that does the mathematics

    @checks_kinds
    def __init__(
        self,
        model: Any,
        samples: int = 500,
        cells: Cells = None,
        baseline: float | np.ndarray = 0.0,
        seed: int = 0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        refuse_without(self.package)
        self.samples, self.cells = at_least("samples", samples, 2), cells
        self.baseline, self.seed = baseline, seed
        super().__init__(model, None, output=output, wrt=wrt)

    any_places = True

    @property
    def remark(self) -> str:
        """What a reader of a map has to know of the settings."""
        if isinstance(self.cells, str):
            return f"superpixels by {self.cells}"
        return "cells of a grid" if self.cells is None or np.ndim(self.cells) == 0 else "cells that were given"

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        maps = np.zeros((len(asked.images), *asked.axes.sizes(asked.images)), dtype=np.float32)
        for step in steps(len(maps), 1, progress):
            cells = cells_of(self.cells, asked.images[step.start], maps.shape[1:], self.seed)
            if cells.max() + 1 > self.samples // 2:
                raise ValueError(
                    f"Expected at least two samples for each cell. Received samples={self.samples} for {cells.max() + 1} cells. "
                    f"Give samples={2 * (cells.max() + 1)} or more, or fewer cells, such as cells=7."
                )
            worth = self._worth(asked.only(np.array([step.start])), cells, batch_size)
            maps[step.start] = self._of_places(cells, worth)
        return maps

    def _worth(self, one: Asked, cells: np.ndarray, batch_size: int) -> Worth:
        blank = reference(self.baseline, one.images)

        def worth(seen: np.ndarray) -> np.ndarray:
            def shown(rows: slice, variants: slice) -> np.ndarray:
                there = one.axes.with_channel(seen[variants][:, cells])
                return np.where(there, one.images[rows, np.newaxis], blank)

            scores = np.empty(len(seen), np.float64)
            for block in one.blocks(len(seen), shown, batch_size):
                scores[block.variants] = block.results["scores"][0]
            return scores

        return worth

    def _of_places(self, cells: np.ndarray, worth: Worth) -> np.ndarray:
        """The map of one image: a number for each place."""
        raise NotImplementedError


def refuse_without(package: str) -> None:
    """Refuse a method whose package is not installed.

    Raises:
        ValueError: It is not.
    """
    if importlib.util.find_spec(package) is None:
        raise ValueError(
            f"Expected the package {package}, which this method runs through. Received an environment without it. Run: "
            f"pip install {package}"
        )


def imported(module: str) -> Any:
    """A module of such a package; what it warns of at its import is no matter of the reader's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)
