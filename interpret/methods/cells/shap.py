"""SHAP: what each cell of the image adds to the score, averaged over the orders in which the cells may come.

Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, arXiv:1705.07874, by the package shap (Kernel
SHAP). With M cells, S a set of them, v(S) the score of the image whose other cells are blank:

    phi[k] = sum over S without k of |S|! (M - |S| - 1)! / M! * (v(S and k) - v(S))                     (eq. 4)
    map[i,j] = phi[k] / (places of cell k), for the cell k of place i,j

The package finds phi by a weighted regression on `samples` sets (eq. 9), whose values sum to v(all) - v(none) exactly; where
there are no more than that many sets, all are taken and phi is exact. Departures: a value is shared out evenly over the places of
its cell, so that the map sums to the same; the score is a logit, as in every method here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ...arguments import reference
from ...given import takes_given
from ...progress import Progress
from ...tracing.inputs import Arrays
from ...tracing.targets import Classes
from ..attribution import CompleteMaps
from .over_cells import OverCells, Worth, imported

_DRAWING = threading.Lock()


class SHAP(OverCells):
    """SHAP through the package shap: signed contributions of cells that sum to the score's difference from the blank image.

    Args:
        model: A Keras model.
        samples: Sets of cells that the model is run on, at least twice as many as there are cells.
        cells: Cells along each side of a grid; None for 7 x 7 of a picture; 'quickshift' for superpixels; or the cell of
            each pixel, int[H,W].
        baseline: What a hidden cell shows: one number for every pixel, or an array of the image's shape.
        seed: Of the sets; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score; positive speaks for the class.

    Raises:
        ValueError: The package is not installed, or there are too few samples for so many cells.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image, with a cell for each pixel: the map is 0.75 * x.
    """

    package = "shap"

    @takes_given
    def with_gap(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> CompleteMaps:
        """The maps, and what each should sum to: score(image) - score(blank). Costs one more run of each image."""
        asked = self.ask(images, classes, versus, batch_size)
        blank = np.broadcast_to(reference(self.baseline, asked.images), asked.images.shape)
        before = asked.scores_of(blank, batch_size)
        return CompleteMaps(self._maps(asked, batch_size, progress), asked.scores - before)

    def _of_places(self, cells: np.ndarray, worth: Worth) -> np.ndarray:
        places = np.bincount(cells.ravel())
        return (self._values(worth, len(places)) / places)[cells]

    def _values(self, worth: Worth, count: int) -> np.ndarray:
        """float64[M]: the value of each cell."""
        made = imported("shap").KernelExplainer(lambda seen: worth(seen > 0.5), np.zeros((1, count)))
        with _drawn_by(self.seed):
            return made.shap_values(np.ones(count), nsamples=self.samples, l1_reg=False)


@contextmanager
def _drawn_by(seed: int) -> Iterator[None]:
    """The package draws from NumPy's one global state: it is set for that time and put back, one thread after the other."""
    with _DRAWING:
        before = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
