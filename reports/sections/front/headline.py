"""The sentence at the top of the page, computed: degenerate cases first, then where the mistakes lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....models.evaluation.calibration import accuracy_interval
from ...drawing.wording import count, listed, percent

FEWEST = 20  # images; below, no interval is told
_COMMON = 0.2  # share of the mistakes from which a kind of them is told by its names
_FEWEST_WRONG = 10  # mistakes; of fewer no share is told
_GROUP = 0.5  # share of the mistakes that a group of classes must hold to be named


def headline(confusion: np.ndarray, names: Sequence[str]) -> str:
    """What the model's answers amount to, in one or two sentences.

    Args:
        confusion: int[K,K], images; row: true class, column: predicted class.
        names: Of the classes.

    Example:
        >>> headline(np.array([[3, 0], [0, 4]]), ["cat", "dog"])
        'Right on all 7 images.'
    """
    images, right = int(confusion.sum()), int(np.trace(confusion))
    said = np.flatnonzero(confusion.sum(axis=0))
    if images == 1:
        true = int(np.flatnonzero(confusion.sum(axis=1))[0])
        answer = names[said[0]]
        return (
            f"Right on the one image: {answer}."
            if right
            else f"Wrong on the one image: {names[true]}, taken for {answer}."
        )
    if len(said) == 1 and len(names) > 1:
        return f"Always answers {names[said[0]]}: right on {percent(right / images, 2)} of {count(images, 'image')}."
    if right == images:
        return f"Right on all {count(images, 'image')}."
    if not right:
        return f"Wrong on all {count(images, 'image')}."
    share = f"{percent(right / images, 2)}{_range(right, images)}"
    return f"Right on {share} of {count(images, 'image')}. {_mistakes(confusion, names)}"


def _range(right: int, images: int) -> str:
    if images < FEWEST:
        return ""
    low, high = accuracy_interval(right, images)
    return f" ({100 * low:.1f} to {100 * high:.1f})"


def _mistakes(confusion: np.ndarray, names: Sequence[str]) -> str:
    """Where the mistakes lie: among a few classes, or how many confusions there are."""
    wrong = confusion - np.diag(np.diag(confusion))
    group = close_classes(wrong) if wrong.sum() >= _FEWEST_WRONG else []
    if group:
        share = wrong[np.ix_(group, group)].sum() / wrong.sum()
        return f"{percent(share, 0)} of its mistakes lie among {listed([names[each] for each in group])}."
    kinds, total, most = int((wrong > 0).sum()), int(wrong.sum()), int(wrong.max())
    true, said = (names[int(each)] for each in np.unravel_index(wrong.argmax(), wrong.shape))
    if kinds == 1:
        return f"{'Its one mistake' if total == 1 else f'All of its {total:,} mistakes'}: {true} taken for {said}."
    if int((wrong == most).sum()) == 1 and most >= _COMMON * total:
        return f"{percent(most / total, 0)} of its {total:,} mistakes are {true} taken for {said}."
    return f"Its {total:,} mistakes are of {kinds:,} kinds{', none of them common' if most < _COMMON * total else ''}."


def close_classes(wrong: np.ndarray) -> list[int]:
    """The smallest group, of at most half of the classes and at most five, that holds half of the mistakes; [] for none."""
    total, both = wrong.sum(), wrong + wrong.T
    if not total or len(wrong) < 4:
        return []
    group = [int(each) for each in np.unravel_index(both.argmax(), both.shape)]
    while wrong[np.ix_(group, group)].sum() < _GROUP * total or _one_more(both, group, total):
        if len(group) >= min(5, len(wrong) // 2):
            break
        group.append(_nearest(both, group))
    return sorted(group) if wrong[np.ix_(group, group)].sum() >= _GROUP * total else []


def _nearest(both: np.ndarray, group: list[int]) -> int:
    gains = both[group].sum(axis=0).astype(np.float64)
    gains[group] = -1
    return int(gains.argmax())


def _one_more(both: np.ndarray, group: list[int], total: int) -> bool:
    """Whether one class more adds a tenth of all mistakes."""
    gains = both[group].sum(axis=0)
    gains[group] = 0
    return bool(gains.max() >= 0.1 * total)
