"""What is measured of independent labels, and maps of the few pictures that are shown: one for each of a picture's labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...models.evaluation.labels import LabelEvaluation, LabelFigures, Together, share, worst_images
from ...models.evaluation.metrics import thinned
from ...models.evaluation.numbers import Estimate
from ..tasks.picture_maps import Maps
from .seen import LabelsSeen

WORST = 18  # pictures with the most wrong labels
OF_LABEL = 6  # of each label: the surest right ones, and as many of the surest wrong ones
MOST_LABELS = 30  # with pictures; of more those that are wrong most often
_ON_CARD = 6  # labels of a picture with a map: wrong ones first, then the likeliest
_FEWEST = 5  # images behind a finding about two labels


@dataclass(frozen=True, eq=False)
class LabelMaps:
    """Some pictures with a label each, and maps of that label."""

    numbers: np.ndarray  # int64[n], of the pictures; one may come several times
    labels: np.ndarray  # int64[n]
    probabilities: np.ndarray  # float64[n], 0..1, of the label
    borne: np.ndarray  # bool[n], whether the picture bears it
    answered: np.ndarray  # bool[n]
    maps: Maps


@dataclass(frozen=True, eq=False)
class OneLabel:
    """What the model looks for where it answers a label."""

    label: int
    right: LabelMaps  # pictures that bear it and are answered it, the surest first
    added: LabelMaps  # that do not bear it and are answered it, the surest first
    missed: LabelMaps  # that bear it and are not answered it, the least likely first


@dataclass(frozen=True, eq=False)
class Pair:
    """Two labels of which the one leads to a wrong answer of the other."""

    beside: int  # the label that is borne
    added: int  # the label that is answered and not borne
    rate: Estimate  # 0..1, of the pictures with the first and without the second, the share answered the second
    elsewhere: Estimate  # 0..1, the same of pictures without the first
    images: int  # wrong answers beside the first


@dataclass(frozen=True, eq=False)
class LabelsEvidence:
    """All of the page but the layers, the trust, the model and the data."""

    figures: tuple[LabelFigures, ...]  # of each label
    together: Together
    names: tuple[str, ...]
    exact: Estimate
    wrong_a_picture: float
    borne: float
    macro_average_precision: float
    micro_f1: float
    wrong_pictures: int  # with at least one wrong label
    cam_layer: str | None
    worst: LabelMaps  # a row for each label shown of each of the worst pictures, picture by picture
    labels: tuple[OneLabel, ...]  # those that are wrong most often first
    led_astray: tuple[Pair, ...]  # the largest difference first


def gather_labels(seen: LabelsSeen) -> LabelsEvidence:
    """The figures, with maps of the few pictures that are shown."""
    found = seen.figures
    worst = worst_images(found.marks, found.probabilities, found.answered)
    wrong = (found.answered != found.marks).sum(axis=0)
    chosen = np.argsort(-wrong, kind="stable")[:MOST_LABELS]
    return LabelsEvidence(
        figures=tuple(replace(each, curve=thinned(each.curve)) for each in found.figures),
        together=found.together,
        names=found.names,
        exact=found.exact,
        wrong_a_picture=found.wrong_a_picture,
        borne=found.borne,
        macro_average_precision=found.macro_average_precision,
        micro_f1=found.micro_f1,
        wrong_pictures=len(worst),
        cam_layer=seen.information.cam_layer,
        worst=_of_pictures(seen, worst[:WORST]),
        labels=tuple(_of_label(seen, int(label)) for label in chosen),
        led_astray=tuple(led_astray(found)),
    )


def _of_pictures(seen: LabelsSeen, numbers: np.ndarray) -> LabelMaps:
    """The labels of each picture that are worth a map: wrong ones, then those answered, then the likeliest."""
    found = seen.figures
    pairs = [(int(image), int(label)) for image in numbers for label in labels_of(found, int(image))]
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return _maps(seen, rows[:, 0], rows[:, 1])


def labels_of(found: LabelEvaluation, image: int) -> np.ndarray:
    """The labels of a picture that are shown, int64[n]: wrong ones first, then right ones that it bears."""
    borne, said = found.marks[image], found.answered[image]
    order = np.lexsort((-found.probabilities[image], ~borne, borne == said))
    return order[(borne | said)[order]][:_ON_CARD]


def _of_label(seen: LabelsSeen, label: int) -> OneLabel:
    found = seen.figures
    borne, said, likely = found.marks[:, label], found.answered[:, label], found.probabilities[:, label]
    groups = ((borne & said, -likely), (~borne & said, -likely), (borne & ~said, likely))
    shown = []
    for chosen, key in groups:
        numbers = np.flatnonzero(chosen)
        numbers = numbers[np.argsort(key[numbers], kind="stable")][:OF_LABEL]
        shown.append(_maps(seen, numbers, np.full(len(numbers), label)))
    return OneLabel(label, *shown)


def _maps(seen: LabelsSeen, numbers: np.ndarray, labels: np.ndarray) -> LabelMaps:
    found, numbers = seen.figures, numbers.astype(np.int64)
    return LabelMaps(
        numbers,
        labels.astype(np.int64),
        found.probabilities[numbers, labels].astype(np.float64),
        found.marks[numbers, labels],
        found.answered[numbers, labels],
        seen.makers(seen.images(numbers), labels.astype(np.int32)),
    )


def led_astray(found: LabelEvaluation) -> list[Pair]:
    """Labels that are answered wrongly more often beside another one than without it, beyond both intervals."""
    together, pairs = found.together, []
    for i, j in np.argwhere(together.added_beside >= _FEWEST):
        beside = share(int(together.added_beside[i, j]), int(together.could_beside[i, j]))
        without = share(int(together.added_without[i, j]), int(together.could_without[i, j]))
        if i != j and beside.low > (without.high if np.isfinite(without.value) else 0.0):
            pairs.append(Pair(int(i), int(j), beside, without, int(together.added_beside[i, j])))
    return sorted(pairs, key=lambda pair: -(pair.rate.value - np.nan_to_num(pair.elsewhere.value)))
