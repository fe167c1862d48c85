"""What lies behind each mistake shown: the right answers next to it, the channels that lead, the smallest change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ....interpret.layers.nearest_answers import NearestAnswers, nearest_answers
from ....interpret.maps.regions import EvidenceRegions, evidence_regions
from ....interpret.pixel_removal.smallest_flip import SmallestFlips, smallest_flips, stride_within
from ....interpret.progress import Progress
from ....interpret.tracing.variants import rows_at_once
from ..mistakes import Mistakes, in_turn
from ..seen import Seen
from .suspects import hidden_of

FLIPS = 12  # mistakes whose smallest flip is searched: the surest of the largest confusions in turn
_FLIP_VALUES = 25_000_000  # pixels times channels that the search runs through, in all
_FLIP_PASSES = 7_000  # forward, in all: every place of every side of one picture of 28 x 28
_CHANNELS = 5
_EACH = 3  # nearest right answers of either class


@dataclass(frozen=True, eq=False)
class ReasonsEvidence:
    """Behind the explained mistakes, in their order."""

    numbers: np.ndarray  # int64[N], of the images in the data set
    true: np.ndarray  # int64[N]
    predicted: np.ndarray  # int64[N]
    regions: EvidenceRegions  # [N], of the contrast
    hidden: str | None  # the layer in which nearness is measured; None where there is none
    nearest: NearestAnswers | None  # [N]; numbers are those of images in the data set
    layer: str | None  # of the channels; None where the image has no gradient, or no layer has channels
    channels: np.ndarray  # int64[N,5], those of the largest part in the lead of the predicted over the true class
    parts: np.ndarray  # float32[N,5], logits
    share: np.ndarray  # float32[N], 0..1: the parts of these channels, without their signs, in those of all
    flipped: np.ndarray  # int64[M], rows of the mistakes that a flip was searched for
    flips: SmallestFlips | None  # [M]


def gather_reasons(seen: Seen, mistakes: Mistakes) -> ReasonsEvidence:
    """Look behind the explained mistakes."""
    channels, parts, share = leading(mistakes.parts)
    hidden, nearest = _nearest(seen, mistakes)
    rows = in_turn(mistakes, FLIPS)
    return ReasonsEvidence(
        numbers=mistakes.numbers,
        true=mistakes.true,
        predicted=mistakes.predicted,
        regions=evidence_regions(mistakes.contrast),
        hidden=hidden,
        nearest=nearest,
        layer=seen.survey.cam_layer,
        channels=channels,
        parts=parts,
        share=share,
        flipped=rows,
        flips=_flips(seen, mistakes.numbers[rows]),
    )


def leading(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The five channels of the largest parts in the lead, these parts, and their share in all.

    Args:
        parts: float32[N,C], of every channel, logits.

    Returns:
        int64[N,5], float32[N,5] and float32[N]; NaN where no channel has a part.
    """
    order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :_CHANNELS]
    chosen = np.take_along_axis(parts, order, axis=1)
    total = np.abs(parts).sum(axis=1)
    share = np.divide(np.abs(chosen).sum(axis=1), total, out=np.full(len(parts), np.nan, np.float32), where=total > 0)
    return order, chosen, share.astype(np.float32)


def _nearest(seen: Seen, mistakes: Mistakes) -> tuple[str | None, NearestAnswers | None]:
    hidden = seen.result(hidden_of(seen))
    if hidden.layer is None:
        return None, None
    places = np.searchsorted(hidden.numbers, mistakes.numbers)
    inside = np.minimum(places, len(hidden.numbers) - 1)
    if not (hidden.numbers[inside] == mistakes.numbers).all():
        return None, None  # a sample of many images does not hold all mistakes
    labels, said = seen.dataset.labels[hidden.numbers], seen.evaluation.predictions[hidden.numbers]
    found = nearest_answers(hidden.features, labels, said, inside, count=_EACH)
    of_true, of_predicted = (
        np.where(rows < 0, -1, hidden.numbers[rows]) for rows in (found.of_true, found.of_predicted)
    )
    return hidden.layer, replace(found, of_true=of_true, of_predicted=of_predicted)


def _flips(seen: Seen, numbers: np.ndarray) -> SmallestFlips | None:
    if not len(numbers):
        return None
    low, high = seen.dataset.value_range
    telling = seen.progress("searching the smallest flips")
    return searched_flips(seen.model, seen.dataset.images[numbers], (low + high) / 2, telling)


def searched_flips(model: Any, images: np.ndarray, grey: float, progress: Progress = False) -> SmallestFlips:
    """The smallest flips within the page's budget, on the finest grid of places on which it pays for every side.

    That is every place for one picture of 28 x 28, every fifth for twelve. Of twelve sure mistakes of Fashion-MNIST every
    place up to 3 x 3 flips one, in 26,268 passes; the grid, up to 14 x 14, flips eight in 4,116.
    """
    height, width = images.shape[1:3]
    budget = max(1, min(_FLIP_PASSES, _FLIP_VALUES // int(np.prod(images.shape[1:]))))
    return smallest_flips(
        model,
        images,
        grey=grey,
        stride=stride_within(budget, len(images), height, width) or max(1, max(height, width) // 28),
        budget=budget,
        batch_size=rows_at_once(images[:1]),
        progress=progress,
    )
