"""Groups of images of a new kind on which a model fails: turned, inverted, blurred pictures among the others.

Raw errors always cluster: every model has hard cases. A group is of a new kind where its attributes, each held against those of
its own class, stand apart: k-means with two, three, four and six centres on one half of the images, 1.5 to 40 % of the images,
and along Fisher's discriminant D = (m1 - m0) / sqrt((s1^2 + s0^2) / 2) of at least 5 (`docs/shortcuts.md`: the largest
without a plant). The discriminant then says which images of all belong to it. That it fails is tested on the other half: Fisher's
exact test, one-sided, corrected by Holm, and an error rate at least 0.2 above that of the rest. No pass of the model is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ... import Record
from ...kinds import Images, checks_kinds
from .attributes import WORDS, attributes_of
from .compared import Compared, compared_in
from .transplants import SIGNIFICANT, holm

LEAST_SEPARATION = 5.0
LEAST_EXCESS = 0.2
_SMALLEST, _LARGEST = 0.015, 0.4
_CENTRES = (2, 3, 4, 6)
_FEWEST = 8
_AGAIN = 2
_SIDE = 4  # pixels: smaller pictures have no attributes
_RIDGE = 0.1  # variance added to each attribute, which are in deviations
_SAME = 0.5  # shared images over those of the smaller group


@dataclass(frozen=True, eq=False)
class FailingGroup(Record):
    """Images of a new kind that are answered wrong more often."""

    numbers: np.ndarray  # int64[n], its images, rising
    images: int  # of the half that it was tested on
    error: float  # 0..1, share of these that are answered wrong
    rest_error: float  # of all others in that half
    p: float  # corrected
    separation: float  # D
    shifts: dict[
        str, float
    ]  # {attribute: how far the group lies from the rest, in deviations within the class}, two largest

    @property
    def words(self) -> str:
        """What is new about it, such as 'darker, with fewer horizontal lines'."""
        return ", ".join(WORDS[name][0 if shift > 0 else 1] for name, shift in self.shifts.items())


@dataclass(frozen=True, eq=False)
class HardCase(Record):
    """A class that is answered wrong more often than the others: a fact, no alarm."""

    label: int
    images: int
    error: float  # 0..1


@dataclass(frozen=True, eq=False)
class FailingGroups(Record):
    """What was found."""

    found: tuple[FailingGroup, ...]  # the largest excess first
    hard: tuple[HardCase, ...]  # the three classes of the most errors, where they lie above the mean
    looked_at: int  # images


@checks_kinds
def find_failing_groups(
    images: Images,
    labels: np.ndarray,
    predictions: np.ndarray,
    *,
    most: int = 20_000,
    compared: Compared | None = None,
    seed: int = 0,
) -> FailingGroups:
    """Find groups of a new kind that a model fails on.

    Args:
        images: float32[B,H,W,C], or a `Dataset`.
        labels: int64[B], the true classes.
        predictions: int64[B], what the model answers.
        most: Images that are looked at; of more, a sample is drawn.
        compared: Their small pictures, where a pass over them has given these (see `compared`); None: a pass of its own
            reads those of the images that are looked at.
        seed: Of all draws.

    Raises:
        ValueError: There is not one label and one answer for each image.

    Example:
        Of 1,000 pictures 100 are inverted, and half of these are answered wrong: the group is found, and its words say that
        it is brighter, with a brighter border.
    """
    pictures = getattr(images, "images", images)
    truth, said = np.asarray(labels), np.asarray(predictions)
    if not len(pictures) == len(truth) == len(said):
        raise ValueError(
            f"Expected one label and one answer for each image. Received {len(pictures)} images, {len(truth)} labels and "
            f"{len(said)} answers. Give int[{len(pictures)}] for both."
        )
    random = np.random.default_rng(seed)
    numbers = _drawn(len(truth), most, random)
    wrong, hard = (truth != said)[numbers], _hard_cases(truth, said)
    if len(numbers) < 4 * _FEWEST or not wrong.any() or min(pictures.shape[1:3]) < _SIDE:
        return FailingGroups((), hard, len(numbers))
    small = (compared_in(pictures, numbers) if compared is None else compared).of(numbers)
    with threadpool_limits(1, "blas"):  # several threads wait for each other, at many times the cost
        seen = _within_classes(attributes_of(small, truth[numbers]), truth[numbers])
        return FailingGroups(tuple(_failing(seen, wrong, numbers, random, seed)), hard, len(numbers))


def looked_at(total: int, most: int, seed: int) -> np.ndarray:
    """int64[n], rising: the images that `find_failing_groups` looks at."""
    return _drawn(total, most, np.random.default_rng(seed))


def _drawn(total: int, most: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.permutation(total)[:most])


def _within_classes(attributes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Attributes in deviations from the median of their class; the deviation is that of the middle half, which few
    strangers do not widen, and at least a tenth of that of all images."""
    made = np.zeros_like(attributes)
    everywhere = _middle_deviation(attributes)
    for label in np.unique(labels):
        rows = labels == label
        spread = np.maximum(_middle_deviation(attributes[rows]), 0.1 * everywhere)
        centred = attributes[rows] - np.median(attributes[rows], axis=0)
        made[rows] = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9)
    return np.clip(made, -8, 8)


def _middle_deviation(values: np.ndarray) -> np.ndarray:
    low, high = np.percentile(values, (25, 75), axis=0)
    return (high - low) / 1.349  # what it is for a normal distribution


def _failing(
    seen: np.ndarray, wrong: np.ndarray, numbers: np.ndarray, random: Any, seed: int
) -> Iterator[FailingGroup]:
    order = random.permutation(len(seen))
    first, second = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    tried = []
    for side, apart in _groups(seen[first], seed):
        inside = side.holds(seen)
        if _both_sides(inside[second]):
            tried.append((inside, apart, _fisher(inside[second], wrong[second])))
    if not tried:
        return
    corrected = holm(np.array([p for _, _, p in tried]))
    excess = [float(wrong[second][i[second]].mean() - wrong[second][~i[second]].mean()) for i, _, _ in tried]
    taken: list[np.ndarray] = []
    for place in np.argsort(-np.array(excess), kind="stable").tolist():
        inside, apart, _ = tried[place]
        new = all((inside & other).sum() < _SAME * min(inside.sum(), other.sum()) for other in taken)
        if corrected[place] < SIGNIFICANT and excess[place] >= LEAST_EXCESS and new:
            taken.append(inside)
            yield _record(inside, second, seen, wrong, numbers, apart, float(corrected[place]))


def _both_sides(members: np.ndarray) -> bool:
    """Whether there are enough images in a group and outside."""
    return bool(_FEWEST <= members.sum() <= len(members) - _FEWEST)


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of Fisher's discriminant."""

    line: np.ndarray  # float64[A]
    least: float  # projections from here on are inside

    def holds(self, seen: np.ndarray) -> np.ndarray:
        """bool[n]."""
        return seen @ self.line >= self.least


def _groups(seen: np.ndarray, seed: int) -> Iterator[tuple[_Side, float]]:
    """The clusters that stand apart, each as a side of its discriminant, with D."""
    import cv2

    rows = np.ascontiguousarray(seen, np.float32)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)
    for centres in _CENTRES:
        cv2.setRNGSeed(seed)
        _, found, _ = cv2.kmeans(rows, centres, np.empty(0), stop, 3, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
        for label in range(centres):
            members = found[:, 0] == label
            if _both_sides(members) and _SMALLEST <= members.mean() <= _LARGEST:
                side, apart = _discriminant(seen, members)
                if apart >= LEAST_SEPARATION:
                    yield side, apart


def _discriminant(seen: np.ndarray, members: np.ndarray) -> tuple[_Side, float]:
    """The side that a cluster lies on, and how far it stands apart: the images that it holds are taken for the cluster twice
    more, since k-means cuts through what is long."""
    side, apart = _fitted(seen, members)
    if apart < LEAST_SEPARATION:
        return side, apart
    for _ in range(_AGAIN):
        members = side.holds(seen)
        if not (_both_sides(members) and _SMALLEST <= members.mean() <= _LARGEST):
            break
        side, _ = _fitted(seen, members)
    return side, apart


def _fitted(seen: np.ndarray, members: np.ndarray) -> tuple[_Side, float]:
    inside, rest = seen[members], seen[~members]
    spread = (np.cov(inside.T) + np.cov(rest.T)) / 2 + _RIDGE * np.eye(seen.shape[1])
    line = np.linalg.solve(spread, inside.mean(axis=0) - rest.mean(axis=0))
    line /= np.linalg.norm(line) + 1e-12
    on, off = inside @ line, rest @ line
    deviations = np.array([on.std(), off.std()]) + 1e-6
    least = (
        on.mean() * deviations[1] + off.mean() * deviations[0]
    ) / deviations.sum()  # as many deviations from either
    return _Side(line, float(least)), float((on.mean() - off.mean()) / np.sqrt(np.square(deviations).mean()))


def _fisher(inside: np.ndarray, wrong: np.ndarray) -> float:
    from scipy.stats import hypergeom

    return float(hypergeom.sf((inside & wrong).sum() - 1, len(wrong), wrong.sum(), inside.sum()))


def _record(
    inside: np.ndarray,
    second: np.ndarray,
    seen: np.ndarray,
    wrong: np.ndarray,
    numbers: np.ndarray,
    apart: float,
    p: float,
) -> FailingGroup:
    tested, failed = inside[second], wrong[second]
    shift = seen[inside].mean(axis=0) - seen[~inside].mean(axis=0)
    names = list(WORDS)
    return FailingGroup(
        numbers=numbers[inside],
        images=int(tested.sum()),
        error=float(failed[tested].mean()),
        rest_error=float(failed[~tested].mean()),
        p=p,
        separation=apart,
        shifts={names[each]: float(shift[each]) for each in np.argsort(-np.abs(shift), kind="stable")[:2].tolist()},
    )


def _hard_cases(labels: np.ndarray, said: np.ndarray) -> tuple[HardCase, ...]:
    mean = float((labels != said).mean()) if len(labels) else 0.0
    cases = [
        HardCase(int(label), int((labels == label).sum()), float((said[labels == label] != label).mean()))
        for label in np.unique(labels)
    ]
    above = sorted((each for each in cases if each.error > mean), key=lambda each: -each.error)
    return tuple(above[:3])
