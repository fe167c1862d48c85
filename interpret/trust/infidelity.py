"""Does a map say how far the score falls, and not only where? Infidelity, over squares that are taken away.

Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019, arXiv:1901.09392,
definition 2.1, with squares that are removed. With E the map of image x, S_n a square drawn at random, d_n the fall of the score
when it is taken away and m_n the sum of E over it:

    infidelity = min over b >= 0 of  mean over n of (b m_n - d_n)^2  /  mean over n of d_n^2

0: the map tells each fall, up to one factor. 1: it tells no more than a map of zeros. Departures: the factor b, as in the
authors' code, makes methods of other units comparable, and may not be below 0, so that a reversed map is no better than none; the
quotient makes images comparable. A map of a layer's resolution is enlarged linearly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least, reference
from ..given import takes_given
from ..intervals import Interval, bootstrap_mean
from ..maps.resampling import enlarged
from ..methods.attribution import Method
from ..progress import Progress
from ..stream.image_choice import sample_of
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.variants import VariantScores


@dataclass(frozen=True, eq=False)
class Infidelity(Record):
    """How little one method's maps tell of the falls of the score."""

    method: str
    numbers: np.ndarray  # int64[B], which images were measured
    total: int  # of how many
    squares: int  # taken away of each image, one at a time
    values: np.ndarray  # float64[B], 0..1; NaN where no square changes the score
    mean: Interval  # of `values`, over the images where there is one


@takes_given
def infidelity(
    model: Any,
    images: Arrays,
    methods: Mapping[str, np.ndarray | Method],
    classes: Classes = None,
    *,
    baseline: float | np.ndarray = 0.0,
    squares: int = 50,
    sample: int | None = 100,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    progress: Progress = False,
) -> dict[str, Infidelity]:
    """Measure several methods on the same images and squares, by name.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range.
        methods: {name: method}, such as {'Grad-CAM': GradCAM(model)}, or {name: maps [B,h,w]} of all the images.
        classes: The class explained: None for the predicted one, an int, or int[B].
        baseline: What a square becomes: one number for every pixel, or an array of the image's shape.
        squares: How many are drawn, at least 2, of sides from one pixel to half of the shorter side.
        sample: Images drawn (with `seed`) where there are more; None for all.
        seed: Of the sample, the squares and the bootstrap.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Rows at a time, images times squares.
        progress: True for a bar, or a function called with (what, done, total), counted in batches.

    The model runs `squares` + 1 times per image, the maps not counted.

    Example:
        A model whose logit is 2 a + b over two pixels, and the map (2, 1) or any multiple of it: 0. The map (0, 0): 1.
    """
    scores = VariantScores(model, "logit", output=output, wrt=wrt)
    drawn = sample_of(images, sample, seed)
    told: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    for part in drawn.parts(100_000_000 // (drawn.pixels * (len(methods) + 2))):
        asked = scores.ask(part.images, part.classes(classes), batch_size=batch_size)
        shown = asked.images
        covers = random_squares(at_least("squares", squares, 2), shown.shape[1], shown.shape[2], seed)
        blank, falls = reference(baseline, shown), np.empty((len(shown), squares), np.float64)

        def covered(rows: slice, some: slice, covers=covers, blank=blank, shown=shown) -> np.ndarray:
            return np.where(covers[some, :, :, np.newaxis], blank, shown[rows, np.newaxis])

        for rows, some, values, _ in scores.blocks(asked, squares, covered, batch_size, progress):
            falls[rows, some] = asked.scores[rows, np.newaxis] - values
        for name, maps in part.maps(methods, asked.classes).items():
            sums = np.tensordot(enlarged(maps, shown.shape[1:3]), covers, axes=([1, 2], [1, 2]))
            told[name].append(unexplained(sums.astype(np.float64), falls))
    every = {name: np.concatenate(values) for name, values in told.items()}
    return {
        name: Infidelity(name, drawn.numbers, drawn.total, squares, values, bootstrap_mean(values, seed=seed))
        for name, values in every.items()
    }


def unexplained(sums: np.ndarray, falls: np.ndarray) -> np.ndarray:
    """float64[B], 0..1: the part of the falls [B,N] that no multiple, of at least 0, of the sums [B,N] tells."""
    size = np.square(falls).sum(axis=1)
    weight = np.square(sums).sum(axis=1)
    alike = np.maximum((sums * falls).sum(axis=1), 0)
    told = np.divide(np.square(alike), weight, out=np.zeros_like(size), where=weight > 0)
    return np.divide(size - told, size, out=np.full_like(size, np.nan), where=size > 0).clip(0, 1)


def random_squares(count: int, height: int, width: int, seed: int) -> np.ndarray:
    """bool[count,height,width]: squares of sides from 1 to half of the shorter side, anywhere within the image."""
    draw = np.random.default_rng(seed)
    covers = np.zeros((count, height, width), bool)
    for cover in covers:
        side = int(draw.integers(1, max(1, min(height, width) // 2) + 1))
        top, left = int(draw.integers(height - side + 1)), int(draw.integers(width - side + 1))
        cover[top : top + side, left : left + side] = True
    return covers
