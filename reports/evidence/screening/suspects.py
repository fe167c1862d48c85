"""What is suspect in the data, by the model's answers and by the pixels, and what is won by not answering."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....interpret.reference.unlike import unlike_the_rest
from ....interpret.stream.hidden import HiddenStatistic
from ....models.datasets.dataset import Dataset
from ....models.screening.answer_sets import AnswerSets, Refusals, refusals, sets_within
from ....models.screening.data_map import DataMap, data_map, told_apart
from ....models.screening.near_copies import NearCopies, SmallPictures, copies_among, small_pictures
from ....models.screening.suspected_labels import SuspectedLabels, suspected_labels, witnesses_first
from ..seen import Seen
from ..twin import DrawnOnly

MOST_COMPARED = 10_000  # images that near copies are looked for; of more a sample
_MOST_UNLIKE = 24
_LEARNT = 0.02  # by which the accuracy on images of the training must exceed the held-out one
_FEWEST = 100  # images, for the list of those unlike the rest
_CLOSE = 4  # classes that are told apart on a map of their own


@dataclass(frozen=True, eq=False)
class Strangers:
    """The images most unlike the rest."""

    numbers: np.ndarray  # int64[N], the most unlike first
    p_value: np.ndarray  # float64[N]
    rough: bool


@dataclass(frozen=True, eq=False)
class CloseClasses:
    """The most confused classes, told apart in the plane."""

    classes: np.ndarray  # int64[2 to 4]
    numbers: np.ndarray  # int64[N], their images
    points: DrawnOnly[np.ndarray]  # float32[N,2]


@dataclass(frozen=True, eq=False)
class ScreeningEvidence:
    """What is suspect."""

    labels: SuspectedLabels
    witnessed: np.ndarray  # bool[N], suspects with a near copy of another class; they are listed first
    copies: NearCopies  # among the images themselves
    copies_of_other_classes: int  # pairs among them whose labels differ
    training_copies: NearCopies | None  # of the images among those of the training; None where these were not given
    accuracy_without: float  # 0..1, without the images that have a near copy in training; NaN where not known
    strangers: Strangers | None  # None where there is no hidden layer, or where the images are few
    sets: AnswerSets | None  # None where the images are few
    refusals: Refusals
    answers: DrawnOnly[np.ndarray]  # int64[B], the class answered to each image
    map: DrawnOnly[DataMap]
    close: CloseClasses | None


def hidden_of(seen: Seen) -> HiddenStatistic:
    """The last hidden layer, as a statistic of the stream."""
    return HiddenStatistic(len(seen.dataset), seed=seen.plan.seed)


def gather_screening(seen: Seen) -> ScreeningEvidence:
    """Screen the images."""
    dataset, evaluation, seed = seen.dataset, seen.evaluation, seen.plan.seed
    telling = seen.progress("screening the images")
    probabilities, labels = evaluation.probabilities, dataset.labels
    hidden = seen.result(hidden_of(seen))
    whole = len(hidden.numbers) == len(dataset)
    learnt = hidden.features if whole and learnt_from(seen) else None
    suspected = suspected_labels(probabilities, labels, learnt_in=learnt, seed=seed)
    copies = _copies(seen, None)
    across = None if seen.plan.training is None else _copies(seen, seen.plan.training)
    witnessed = witnesses_first(suspected.numbers, copies.pairs, labels)
    if callable(telling):
        telling("", 1, 1)
    return ScreeningEvidence(
        labels=_reordered(suspected, np.argsort(~witnessed, kind="stable")),
        witnessed=np.sort(witnessed)[::-1],
        copies=copies,
        copies_of_other_classes=int((labels[copies.pairs[:, 0]] != labels[copies.pairs[:, 1]]).sum()),
        training_copies=across,
        accuracy_without=_accuracy_without(evaluation.predictions == labels, across),
        strangers=strangers_of(seen),
        sets=sets_within(probabilities, labels, seed=seed),
        refusals=refusals(probabilities, labels),
        answers=evaluation.predictions,
        map=data_map(seen.survey.logits, evaluation.confusion),
        close=_close(evaluation.confusion, labels[hidden.numbers], hidden.numbers, hidden.features),
    )


def learnt_from(seen: Seen) -> bool:
    """Whether the images are those of the training, and the model knows them better than held-out ones."""
    card = seen.card
    training = {} if card is None else card.data.get("training", {})
    if card is None or not training or training.get("files") != dict(seen.dataset.files):
        return False
    held_out = card.results.get("test", {}).get("accuracy")
    return held_out is None or seen.evaluation.accuracy > held_out + _LEARNT


def _reordered(found: SuspectedLabels, order: np.ndarray) -> SuspectedLabels:
    columns = ("numbers", "given", "suggested", "probability")
    return replace(found, **{name: getattr(found, name)[order] for name in columns})


def pictures_of(seen: Seen) -> SmallPictures:
    """The small pictures that near copies are looked for among, as a statistic of the stream."""
    return SmallPictures(seen.dataset, most=MOST_COMPARED, seed=seen.plan.seed)


def _copies(seen: Seen, others: Dataset | None) -> NearCopies:
    """The near copies of a sample, with the numbers of the whole."""
    drawn, own = seen.result(pictures_of(seen))
    other = None if others is None else small_pictures(_alike(others, seen.dataset))
    found = copies_among(own, other, seed=seen.plan.seed)
    pairs = found.pairs.copy()
    named = slice(2) if others is None else slice(1)
    pairs[:, named] = drawn[pairs[:, named]]
    return replace(found, pairs=pairs)


def _alike(others: Dataset, dataset: Dataset) -> np.ndarray:
    """Other pictures in the range of these."""
    low, high = dataset.shown_range
    other_low, other_high = others.shown_range
    if (low, high) == (other_low, other_high):
        return others.shown
    return (others.shown[:] - other_low) / (other_high - other_low) * (high - low) + low


def _accuracy_without(right: np.ndarray, copies: NearCopies | None) -> float:
    if copies is None:
        return float("nan")
    kept = np.setdiff1d(np.arange(len(right)), copies.pairs[:, 0])
    return float(right[kept].mean()) if len(kept) else float("nan")


def strangers_of(seen: Seen) -> Strangers | None:
    """The images most unlike the rest."""
    hidden = seen.result(hidden_of(seen))
    if len(hidden.numbers) < _FEWEST or not hidden.features.shape[1]:
        return None
    found = unlike_the_rest(seen.survey.logits[hidden.numbers], hidden.features, seed=seen.plan.seed)
    order = np.argsort(found.p, kind="stable")
    most = order[:_MOST_UNLIKE]
    if len(order) > _MOST_UNLIKE:  # those that are as unlike as one that has no place are not told from it
        most = most[found.p[most] < found.p[order[_MOST_UNLIKE]]]
    return Strangers(hidden.numbers[most], found.p[most], found.is_rough)


def _close(confusion: np.ndarray, labels: np.ndarray, numbers: np.ndarray, features: np.ndarray) -> CloseClasses | None:
    """The classes of the largest confusions, at most four."""
    wrong = confusion + confusion.T
    np.fill_diagonal(wrong, 0)
    chosen: list[int] = []
    for pair in np.argsort(-wrong, axis=None, kind="stable"):
        one, other = divmod(int(pair), len(wrong))
        if not wrong[one, other] or len(chosen) >= _CLOSE:
            break
        chosen += [label for label in (one, other) if label not in chosen][: _CLOSE - len(chosen)]
    classes = np.array(sorted(chosen), np.int64)
    present = [label for label in classes if (labels == label).sum() > 2]
    if len(present) < 2 or not features.shape[1]:
        return None
    rows, points = told_apart(features, labels, np.array(present))
    return CloseClasses(np.array(present), numbers[rows], points)
