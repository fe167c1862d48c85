"""Expected gradients: integrated gradients, averaged over many references in the place of one.

Erion, Janizek, Sturmfels, Lundberg, Lee, "Improving performance of deep learning models with axiomatic attribution priors and
expected gradients", Nature Machine Intelligence 2021, arXiv:1906.10670. With y the score, x the image, r a reference out of a set
D and a drawn evenly from 0 to 1:

    map[i,j] = sum over c of the mean over r, a of (x - r)[i,j,c] * dy / dx[i,j,c] at r + a (x - r)      (eq. 3)

In expectation it sums to y(x) - mean over r of y(r); what a number of draws leaves over is the gap. SHAP's GradientExplainer and
Captum's GradientShap, without their noise, are the same. No single reference is then "nothing": a black pixel gets its share
where references are bright.

Departures: the draws are even (each reference as often as another, to one; a spread over 0..1 for each and for all), so that
fewer do. They are the same for every image. Where no references are given they are noise, each value drawn evenly from the
image's own lowest to its highest (the "uniform" baseline of Sturmfels, Lundberg, Lee 2020, doi:10.23915/distill.00022): a
stand-in, as a method by its name has no data; the paper takes images of the training data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....kinds import checks_kinds
from ...arguments import at_least
from ...given import given_images
from ...progress import Progress
from ...tracing.variants import Asked
from ..integrated_gradients import PathGradients
from ..smooth_grad import image_slopes


class ExpectedGradients(PathGradients):
    """Expected gradients: signed contributions that sum, in expectation, to the score's difference from the references' mean.

    Args:
        model: A Keras model.
        references: Images of the model's input, as people have them: float32[R,H,W,C], a `Dataset`, paths; best those that it was
            trained with. None: noise in each image's own range.
        samples: Draws of a reference and of a place on the way from it, at least 1.
        seed: Of the draws; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score, summed over channels; positive
    speaks for the class.

    Raises:
        ValueError: There are no references, or they do not fit the images.

    Example:
        A model whose logit is 3 x0 - x1, at (2, 1), with references (0, 0) and (2, 2): the differences are (2, 1) and (0, -1),
        on average (1, 0): the map is (3, 0), and 3 = 5 - (0 + 4) / 2.
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        references: Any = None,
        samples: int = 50,
        seed: int = 0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.samples, self.seed = at_least("samples", samples, 1), seed
        draw = np.random.default_rng(seed)
        given = None if references is None else _few(references, model, samples, draw)
        chosen, self._parts = _draws(samples if given is None else len(given), samples, draw)
        self._references = None if given is None else given[chosen]
        super().__init__(model, image_slopes, output=output, wrt=wrt)

    @property
    def remark(self) -> str:
        """What a reader of a map has to know of the settings."""
        return "from noise" if self._references is None else "from images given as references"

    def _added(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images, references = asked.images, self._starts(asked.images)
        parts = self._parts.reshape(-1, *[1] * (images.ndim - 1))

        def on_the_way(rows: slice, variants: slice) -> np.ndarray:
            start = references(rows, variants)
            return start + parts[variants] * (images[rows, np.newaxis] - start)

        total = np.zeros(images.shape, dtype=np.float32)
        for block in asked.blocks(self.samples, on_the_way, batch_size, progress):
            away = images[block.rows, np.newaxis] - references(block.rows, block.variants)
            total[block.rows] += (away * block.results["slopes"]).sum(axis=1)
        return total / self.samples

    def _scores_before(self, asked: Asked, batch_size: int) -> np.ndarray:
        total, references = np.zeros(len(asked.images), np.float64), self._starts(asked.images)
        for block in asked.blocks(self.samples, references, batch_size):
            total[block.rows] += block.results["scores"].sum(axis=1)
        return (total / self.samples).astype(np.float32)

    def _starts(self, images: np.ndarray) -> Any:
        """(rows I, variants V) -> where the ways begin, [I,V, and the images' axes]."""
        shape, given = images.shape[1:], self._references
        if given is not None:
            if given.shape[1:] != shape:
                raise ValueError(
                    f"Expected references of the images' shape {shape}. Received {given.shape[1:]}. Give images as the model "
                    f"takes them, such as float32[R, {', '.join(map(str, shape))}]."
                )
            return lambda rows, variants: np.repeat(given[np.newaxis, variants], rows.stop - rows.start, axis=0)
        noise = np.random.default_rng(self.seed).random((self.samples, *shape), dtype=np.float32)
        flat, form = images.reshape(len(images), -1), (-1, *[1] * images.ndim)
        low, span = flat.min(axis=1).reshape(form), np.ptp(flat, axis=1).reshape(form)
        return lambda rows, variants: low[rows] + span[rows] * noise[variants]


def _few(references: Any, model: Any, samples: int, draw: np.random.Generator) -> np.ndarray:
    """At most as many references as there are samples, float32[R,H,W,C], drawn where there are more."""
    given = np.asarray(given_images(references, model).images)
    if given.ndim < 2 or not len(given):
        raise ValueError(
            f"Expected references as one image or more, [R,H,W,C]. Received shape {given.shape}. Give some images that the model "
            f"was trained with, such as data[:100]."
        )
    chosen = given[draw.permutation(len(given))[:samples]].astype(np.float32)
    if not np.isfinite(chosen).all():
        raise ValueError("Expected references of finite numbers. Received NaN or infinity. Leave those images out.")
    return chosen


def _draws(references: int, samples: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which reference each sample begins at int64[S], and how far on the way it stands float32[S], in 0..1.

    Every reference has a place in each of as many equal stretches of the way as there are rounds, in an order of its own; in
    a stretch the references stand one behind the other, in an order of the stretch's own.
    """
    rounds = -(-samples // references)
    stretches = draw.permuted(np.tile(np.arange(rounds), (references, 1)), axis=1)  # [R, rounds]
    behind = draw.permuted(np.tile(np.arange(references), (rounds, 1)), axis=1)  # [rounds, R]
    chosen = np.tile(np.arange(references), rounds)[:samples]
    stretch = stretches.T.reshape(-1)[:samples]
    inside = (behind[stretch, chosen] + draw.random(samples)) / references
    return chosen, ((stretch + inside) / rounds).astype(np.float32)
