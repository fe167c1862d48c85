"""Count what becomes of a model's answers when channels are taken away one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class AblationEffects:
    """What changes when each of some channels is taken away alone, over one set of images."""

    channels: np.ndarray  # int64[N]
    logit_change: np.ndarray  # float64[N,K], of each class's mean logit
    accuracy_change: np.ndarray  # float64[N], -1..1
    broken: np.ndarray  # int64[N,K], images by class that were answered correctly and no longer are
    repaired: np.ndarray  # int64[N], images of the confusion now answered correctly; 0 where there is no confusion
    confusion_change: np.ndarray  # int64[N], of the number of images of its true class taken for its other class
    gap_change: np.ndarray  # float64[N], of logit[predicted] - logit[true], mean over its images; NaN without one

    def ranked(self) -> AblationEffects:
        """What repairs most first, at equal numbers what closes the gap most; without a confusion what harms most."""
        gap = np.nan_to_num(self.gap_change)
        return self.taken(np.lexsort((self.channels, self.accuracy_change, gap, -self.repaired)))

    def taken(self, places: np.ndarray) -> AblationEffects:
        """The effects at these places, in this order."""
        return AblationEffects(**{field.name: getattr(self, field.name)[places] for field in fields(self)})


class AblationTally:
    """Sums over images for each channel and confusion.

    Args:
        before: float32[B,K], the logits with all channels.
        labels: int64[B], the true classes.
        confusions: F pairs (true class, predicted class) to follow.
        channels: int64[V], the channels that are taken away.

    Raises:
        ValueError: A confusion is not a pair of different classes, or no image is of it.
    """

    def __init__(
        self, before: np.ndarray, labels: np.ndarray, confusions: Sequence[tuple[int, int]], channels: np.ndarray
    ) -> None:
        images, classes = before.shape
        self._labels, self._channels = labels, channels
        self._answers = before.argmax(axis=1)
        self._of_class = np.eye(classes)[labels]  # [B,K]
        self.right = self._of_class[self._answers == labels].sum(axis=0).astype(np.int64)
        self.confusions = tuple(_checked(pair, labels, self._answers, classes) for pair in confusions)
        self._members = np.array(
            [(labels == true) & (self._answers == predicted) for true, predicted in self.confusions]
        ).reshape(-1, images)  # bool[F,B]
        self.confused = self._members.sum(axis=1)
        shape = (len(self.confusions), len(channels))
        self._logits, self._broken = np.zeros((len(channels), classes)), np.zeros((len(channels), classes))
        self._mended = np.zeros(len(channels))
        self._repaired, self._moved, self._gap = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def add(self, rows: slice, places: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
        """Count images `rows`, logits before float32[I,K], and after taking away each of `places`, float32[I,V,K]."""
        labels, answers = self._labels[rows], after.argmax(axis=2)
        right, was_right = answers == labels[:, np.newaxis], (self._answers[rows] == labels)[:, np.newaxis]
        change = after - before[:, np.newaxis]
        self._logits[places] += change.sum(axis=0, dtype=np.float64)
        self._broken[places] += (was_right & ~right).T @ self._of_class[rows]
        self._mended[places] += (right & ~was_right).sum(axis=0)
        for place, (true, predicted) in enumerate(self.confusions):
            members = self._members[place, rows]
            self._repaired[place, places] += right[members].sum(axis=0)
            taken_for = (answers == predicted) & (labels == true)[:, np.newaxis]
            self._moved[place, places] += taken_for.sum(axis=0) - members.sum()
            gap = change[members][:, :, predicted] - change[members][:, :, true]
            self._gap[place, places] += gap.sum(axis=0, dtype=np.float64)

    def effects(self, channels: np.ndarray, confusion: int | None) -> AblationEffects:
        """The effects of these channels on the confusion of this number, in the order of `channels`."""
        places = np.searchsorted(self._channels, channels)
        images, nothing = len(self._labels), np.zeros(len(channels))
        followed = confusion is not None
        return AblationEffects(
            channels=np.asarray(channels),
            logit_change=self._logits[places] / images,
            accuracy_change=(self._mended - self._broken.sum(axis=1))[places] / images,
            broken=self._broken[places].astype(np.int64),
            repaired=(self._repaired[confusion, places] if followed else nothing).astype(np.int64),
            confusion_change=(self._moved[confusion, places] if followed else nothing).astype(np.int64),
            gap_change=self._gap[confusion, places] / self.confused[confusion] if followed else nothing + np.nan,
        )


def _checked(pair: tuple[int, int], labels: np.ndarray, answers: np.ndarray, classes: int) -> tuple[int, int]:
    true, predicted = pair
    if true == predicted or not all(0 <= label < classes for label in pair):
        raise ValueError(
            f"Expected a confusion of two different classes from 0 to {classes - 1}. Received {pair}. "
            f"Give (true class, predicted class)."
        )
    if not ((labels == true) & (answers == predicted)).any():
        found = sorted({(int(a), int(b)) for a, b in zip(labels, answers, strict=True) if a != b})
        raise ValueError(
            f"Expected images of class {true} that the model takes for class {predicted}. None of the {len(labels)} is. "
            f"Add such images, or ask about one that occurs: {', '.join(map(str, found[:8])) or 'there is none'}."
        )
    return int(true), int(predicted)
