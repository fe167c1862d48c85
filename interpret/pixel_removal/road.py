"""ROAD: remove and debias. The class's score when the most, or the least, relevant pixels are filled in.

Rong, Leemann, Borisov, Kasneci, Kasneci, "A Consistent and Efficient Evaluation Strategy for Attribution Methods", ICML
2022, arXiv:2202.00449. Pixels set to one colour leave their outline behind, and a model may read the class off the
outline; filled in from their neighbours (see `imputation`) they leave little. With f the share of pixels removed:

    most(f)  = y(image with its f most relevant pixels imputed)        falls at once for a faithful map
    least(f) = y(image with its f least relevant pixels imputed)       stays for a faithful map
    gain     = mean over f of least(f) - most(f)

The paper reports accuracies; here `kept` says of how many images the class stays the predicted one, and the score is
kept per image, so that methods can be compared image by image, with a bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..given import takes_given
from ..intervals import Comparison, compare
from ..methods.attribution import Method
from ..progress import Progress
from ..stream.image_choice import sample_of
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.variants import VariantScores, Vary
from .imputation import imputed
from .pixel_order import BRIGHTNESS, RANDOM, orders


@dataclass(frozen=True, eq=False)
class Removal:
    """What is left of the class when pixels go in one order; F shares, B images."""

    most: np.ndarray  # float32[B,F], the score with the share of most relevant pixels imputed
    least: np.ndarray  # float32[B,F], likewise the least relevant
    kept_most: np.ndarray  # bool[B,F], whether the class is still the predicted one
    kept_least: np.ndarray  # bool[B,F]

    @property
    def gain(self) -> np.ndarray:
        """float32[B]: mean over shares of least - most, in the score's unit; 0 for an order that knows nothing."""
        return (self.least - self.most).mean(axis=1)


@dataclass(frozen=True, eq=False)
class Road(Record):
    """One method's order of the pixels by ROAD."""

    method: str
    numbers: np.ndarray  # int64[B], which images were measured
    total: int  # of how many
    classes: np.ndarray  # int32[B], the class explained
    score: str  # 'probability' or 'logit'
    shares: tuple[float, ...]  # F of them, 0..1
    removal: Removal  # in the method's order
    random: Removal  # in a random order
    brightness: Removal  # in the order of the image's own brightness
    against_random: Comparison
    against_brightness: Comparison


@takes_given
def road(
    model: Any,
    images: Arrays,
    methods: Mapping[str, np.ndarray | Method],
    classes: Classes = None,
    *,
    shares: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    noise: float = 0.01,
    score: str = "probability",
    sample: int | None = 100,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    scores: VariantScores | None = None,
    progress: Progress = False,
) -> dict[str, Road]:
    """Measure several methods on the same images, beside a random and a brightness order.

    Args:
        model, images, methods, classes: As for `faithfulness`.
        shares: Of the pixels removed, each more than 0 and less than 1.
        noise: Standard deviation of what is added to the removed pixels, as a part of the image's range (max - min).
        score, sample, seed, output, wrt, batch_size, scores, progress: As for `faithfulness`.

    Solving for the removed pixels takes longer than a small model's run: about 2 ms per variant of 28x28 pixels.

    Raises:
        ValueError: Maps, images, classes or settings do not fit.
    """
    _check_shares(shares)
    scores = scores or VariantScores(model, score, output=output, wrt=wrt, any_places=True)
    drawn = sample_of(images, sample, seed)
    asked = scores.ask(drawn.images, drawn.classes(classes), batch_size=batch_size)
    ranks = orders(drawn.maps(methods, asked.classes), asked.images, drawn.numbers, seed)
    count = len(ranks) * 2 * len(shares)
    values, kept = (np.empty((len(asked.images), count), kind) for kind in (np.float32, bool))
    vary = _varying(asked.images, np.stack(list(ranks.values())), np.asarray(shares), noise, drawn.numbers, seed)
    for rows, variants, found, predicted in scores.blocks(asked, count, vary, batch_size, progress):
        values[rows, variants], kept[rows, variants] = found, predicted == asked.classes[rows, np.newaxis]
    removals = dict(zip(ranks, _removals(values, kept, len(ranks), len(shares)), strict=True))
    random, brightness = removals[RANDOM], removals[BRIGHTNESS]
    return {
        name: Road(
            method=name,
            numbers=drawn.numbers,
            total=drawn.total,
            classes=asked.classes,
            score=scores.score,
            shares=tuple(shares),
            removal=removals[name],
            random=random,
            brightness=brightness,
            against_random=compare(removals[name].gain, random.gain, seed=seed),
            against_brightness=compare(removals[name].gain, brightness.gain, seed=seed),
        )
        for name in methods
    }


def _varying(
    images: np.ndarray, ranks: np.ndarray, shares: np.ndarray, noise: float, numbers: np.ndarray, seed: int
) -> Vary:
    """Variants in the order (order of pixels, most or least relevant first, share); see `_removals`."""
    pixels = ranks[0, 0].size
    counts = np.clip(np.rint(shares * pixels), 1, pixels - 1).astype(np.int64)

    def removed(image: int, variant: int) -> np.ndarray:
        order, least, share = np.unravel_index(variant, (len(ranks), 2, len(counts)))
        ranked = ranks[order, image]
        return ranked >= pixels - counts[share] if least else ranked < counts[share]

    def varied(rows: slice, variants: slice) -> np.ndarray:
        block = np.empty((rows.stop - rows.start, variants.stop - variants.start, *images.shape[1:]), np.float32)
        for row, image in enumerate(range(rows.start, rows.stop)):
            draw = np.random.default_rng((seed, int(numbers[image]), 1))
            added = noise * np.ptp(images[image]) * draw.standard_normal(images.shape[1:], dtype=np.float32)
            for column, variant in enumerate(range(variants.start, variants.stop)):
                gone = removed(image, variant)
                block[row, column] = imputed(images[image], gone) + gone[..., np.newaxis] * added
        return block

    return varied


def _removals(values: np.ndarray, kept: np.ndarray, orders: int, shares: int) -> list[Removal]:
    """Scores and predictions [B,V] by order."""
    shape = (len(values), orders, 2, shares)
    scores, stays = (part.reshape(shape).transpose(1, 2, 0, 3) for part in (values, kept))
    return [Removal(*scores[order], *stays[order]) for order in range(orders)]


def _check_shares(shares: Sequence[float]) -> None:
    if not len(shares) or any(not 0 < share < 1 for share in shares):
        raise ValueError(
            f"Expected shares of the pixels, each more than 0 and less than 1. Received {tuple(shares)}. "
            f"Give shares=(0.1, 0.3, 0.5, 0.7, 0.9), for example."
        )
