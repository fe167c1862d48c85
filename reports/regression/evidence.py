"""What is measured of a regression: its errors, and maps of the pictures with the largest ones and of the extreme answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...interpret.stream.image_choice import sample_numbers
from ...models.evaluation.numbers import NumberFigures
from ..evidence.twin import DrawnOnly
from ..tasks.picture_maps import Maps
from .seen import NumbersSeen

WORST = 24  # pictures with the largest errors
EXTREMES = 8  # with the highest answers, and with the lowest
_AVERAGED = 200  # pictures whose maps are averaged


@dataclass(frozen=True, eq=False)
class ShownPictures:
    """Some pictures with the number that is explained, and maps of it."""

    numbers: np.ndarray  # int64[n], of the pictures
    true: np.ndarray  # float64[n]
    answered: np.ndarray  # float64[n]
    maps: Maps  # `signed` above 0 raises the number whatever the direction; the others are of the direction


@dataclass(frozen=True, eq=False)
class MeanMaps:
    """Where the number is raised and lowered on average over some pictures."""

    images: int
    picture: DrawnOnly[np.ndarray]  # float32[1,H,W,C], their mean
    maps: Maps  # of one row: the mean signed map; no others
    raised: float  # mean over pictures of the sum of what raises, in the number's unit
    lowered: float  # likewise of what lowers, at most 0


@dataclass(frozen=True, eq=False)
class RegressionEvidence:
    """All of the page but the layers, the trust, the model and the data."""

    figures: tuple[NumberFigures, ...]  # of each number
    names: tuple[str, ...]  # of the numbers
    unit: str  # of all of them; '' where it is not known
    explained: int  # the number that maps and trust are of
    direction: str  # 'up' or 'down'
    cam_layer: str | None  # where the maps are taken; None: at the input
    worst: ShownPictures  # the largest error first
    highest: ShownPictures  # the highest answer first
    lowest: ShownPictures  # the lowest answer first
    average: MeanMaps | None  # None where there are no maps


def gather_regression(seen: NumbersSeen) -> RegressionEvidence:
    """The errors, with maps of the few pictures that are shown."""
    figures, place = seen.figures, seen.asked.number
    errors, answered = np.abs(figures.errors[:, place]), figures.answers[:, place]
    few = min(EXTREMES, max(1, len(answered) // 2))
    return RegressionEvidence(
        figures=figures.figures,
        names=figures.names,
        unit=figures.unit,
        explained=place,
        direction=seen.asked.direction,
        cam_layer=seen.information.cam_layer,
        worst=_shown(seen, np.argsort(-errors, kind="stable")[:WORST]),
        highest=_shown(seen, np.argsort(-answered, kind="stable")[:few]),
        lowest=_shown(seen, np.argsort(answered, kind="stable")[:few]),
        average=_average(seen),
    )


def _shown(seen: NumbersSeen, numbers: np.ndarray) -> ShownPictures:
    figures, place = seen.figures, seen.asked.number
    maps = raising(seen, seen.makers(seen.images(numbers)))
    return ShownPictures(numbers, figures.truth[numbers, place], figures.answers[numbers, place], maps)


def raising(seen: NumbersSeen, maps: Maps) -> Maps:
    """The maps with what raises the number above 0, also where what lowers it is explained."""
    if seen.asked.direction == "up" or maps.signed is None:
        return maps
    return replace(maps, signed=-maps.signed)


def _average(seen: NumbersSeen) -> MeanMaps | None:
    numbers = np.sort(sample_numbers(len(seen.dataset), _AVERAGED, seen.plan.seed))
    signed, pictures = [], np.zeros(seen.dataset.shown.shape[1:], np.float64)
    method, size = seen.makers.signed, max(1, seen.batch_size)
    if method is None:
        return None
    for start in range(0, len(numbers), size):
        some = numbers[start : start + size]
        found = method(seen.images(some), np.zeros(len(some), np.int32), batch_size=size)
        signed.append(found if seen.asked.direction == "up" else -found)
        pictures += np.asarray(seen.dataset.shown[some], np.float64).sum(axis=0)
    every = np.concatenate(signed)
    mean = every.mean(axis=0, dtype=np.float64).astype(np.float32)[np.newaxis]
    return MeanMaps(
        len(numbers),
        (pictures / len(numbers)).astype(np.float32)[np.newaxis],
        Maps(mean, None, None, seen.makers.signed_by),
        float(np.maximum(every, 0).sum(axis=(1, 2), dtype=np.float64).mean()),
        float(np.minimum(every, 0).sum(axis=(1, 2), dtype=np.float64).mean()),
    )
