"""Integrated gradients: what each pixel contributes on the way from a baseline to the image.

Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, arXiv:1703.01365. With y the score, x the
image, b the baseline and S steps, the integral of section 3 taken by the midpoint rule (the paper: right ends, eq. 3):

    map[i,j] = sum over c of (x - b)[i,j,c] * mean over s of dy / dx[i,j,c] at b + (s + 1/2) / S * (x - b)

Completeness (proposition 1): the map sums to y(x) - y(b), up to the error of the rule, which is reported as the gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..arguments import at_least, reference
from ..given import takes_given
from ..progress import Progress
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.variants import Asked
from .attribution import CompleteMaps, Perturbation
from .smooth_grad import image_slopes


class PathGradients(Perturbation):
    """A method that adds up the gradients on ways to the image: what each number of it adds, and what that should sum to."""

    any_form = True

    @takes_given
    def with_gap(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> CompleteMaps:
        """The maps, and what each should sum to: score(image) less that of where the ways begin. Costs runs of the latter."""
        asked = self.ask(images, classes, versus, batch_size)
        maps = self._maps(asked, batch_size, progress)
        return CompleteMaps(maps, asked.scores - self._scores_before(asked, batch_size))

    @takes_given
    def per_channel(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> np.ndarray:
        """What each channel of the image adds, float32[B,H,W,C]; they sum to the map. Arguments as for the call."""
        asked = self.ask(images, classes, versus, batch_size)
        added, channel = self._added(asked, batch_size, progress), asked.axes.channel
        return added[..., np.newaxis] if channel is None else np.moveaxis(added, channel, -1)

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        return asked.axes.over_channel(self._added(asked, batch_size, progress), np.sum)

    def _added(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        """What each number of the images adds, in their form."""
        raise NotImplementedError

    def _scores_before(self, asked: Asked, batch_size: int) -> np.ndarray:
        """float32[B]: the scores of where the ways to each image begin."""
        raise NotImplementedError


class IntegratedGradients(PathGradients):
    """Integrated gradients: signed contributions that sum to the change of the score from the baseline to the image.

    Args:
        model: A Keras model.
        steps: Points of the midpoint rule, at least 1.
        baseline: The image that shows nothing: one number for every pixel, or an array of the image's shape.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score, summed over channels; positive
    speaks for the class. A pixel that equals the baseline has 0.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image: the map is 0.75 * x, and sums to the logit.
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        steps: int = 32,
        baseline: float | np.ndarray = 0.0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.steps, self.baseline = at_least("steps", steps, 1), baseline
        super().__init__(model, image_slopes, output=output, wrt=wrt)

    def _added(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images, blank = asked.images, reference(self.baseline, asked.images)
        parts = ((np.arange(self.steps, dtype=np.float32) + 0.5) / self.steps).reshape(-1, *[1] * (images.ndim - 1))

        def on_the_way(rows: slice, variants: slice) -> np.ndarray:
            return blank + parts[variants] * (images[rows, np.newaxis] - blank)

        total = np.zeros(images.shape, dtype=np.float32)
        for block in asked.blocks(self.steps, on_the_way, batch_size, progress):
            total[block.rows] += block.results["slopes"].sum(axis=1)
        return (images - blank) * total / self.steps

    def _scores_before(self, asked: Asked, batch_size: int) -> np.ndarray:
        blank = np.broadcast_to(reference(self.baseline, asked.images), asked.images.shape)
        return asked.scores_of(blank, batch_size)
