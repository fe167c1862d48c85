"""LIME: a linear model of the score around the image, over the cells that are seen.

Ribeiro, Singh, Guestrin, "'Why Should I Trust You?': Explaining the Predictions of Any Classifier", KDD 2016, arXiv:1602.04938,
by the package lime. With z_n in 0/1 which of the M cells sample n shows (z_0 all), y_n its score and d_n the cosine distance of
z_n from z_0:

    pi_n = sqrt(exp(-d_n^2 / 0.25^2))
    w, b = those with the smallest  sum over n of pi_n (y_n - b - w z_n)^2 + |w|^2           (eq. 1, as a ridge regression)
    map[i,j] = w[k], for the cell k of place i,j

Kernel, distance and ridge are the package's; the model runs here in full batches. Departures from the package's defaults: cells
are a grid, since superpixels of small pictures are a few large ones (`cells="quickshift"` for superpixels); a hidden cell shows
`baseline`, not its own mean colour, which would hide nothing of an even cell; the score is a logit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .over_cells import OverCells, Worth, imported


class LIME(OverCells):
    """LIME through the package lime: the weights of the cells in a linear model of the score.

    Args:
        model: A Keras model.
        samples: Images with some cells hidden that the model is run on, at least twice as many as there are cells.
        cells: Cells along each side of a grid; None for 7 x 7 of a picture; 'quickshift' for superpixels; or the cell of
            each pixel, int[H,W].
        baseline: What a hidden cell shows: one number for every pixel, or an array of the image's shape.
        seed: Of the samples; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score: about how far it falls when the pixel's
    cell is hidden, whatever else is.

    Raises:
        ValueError: The package is not installed, or there are too few samples for so many cells.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image, with a cell for each pixel: about 0.75 * x, a little less by the ridge.
    """

    package = "lime"

    def _of_places(self, cells: np.ndarray, worth: Worth) -> np.ndarray:
        explainer = _explainer(worth, random_state=np.random.RandomState(self.seed), feature_selection="none")
        found = explainer.explain_instance(
            np.zeros((*cells.shape, 1)),
            worth,
            labels=(0,),
            top_labels=None,
            hide_color=0,
            num_samples=self.samples,
            segmentation_fn=lambda _: cells,
            random_seed=self.seed,
        )
        weights = np.zeros(cells.max() + 1)
        numbers, values = zip(*found.local_exp[0], strict=True)
        weights[list(numbers)] = values
        return weights[cells]


def _explainer(worth: Worth, **settings: Any) -> Any:
    """The package's explainer of images, whose samples are run by `worth`: in full batches, without a bar of its own."""

    class InBatches(imported("lime.lime_image").LimeImageExplainer):
        def data_labels(self, image, fudged_image, segments, classifier_fn, num_samples, batch_size=10):
            data = self.random_state.randint(0, 2, (num_samples, segments.max() + 1))
            data[0] = 1
            return data, worth(data > 0)[:, np.newaxis]

    return InBatches(**settings)
