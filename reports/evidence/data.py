"""What is in the images, and what the model's card tells of the images that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.datasets.exploration import Exploration
from .seen import Seen
from .twin import DrawnOnly


@dataclass(frozen=True, eq=False)
class DataEvidence:
    """One split, without any model."""

    counts: np.ndarray  # int64[K], images of each class
    black_share: float  # 0..1, of all pixel values that are exactly black
    white_share: float  # 0..1, likewise white
    duplicates: tuple[np.ndarray, ...]  # int64[2 or more] each: images that equal each other in every pixel
    compared: int  # images whose nearest neighbours were looked for
    nearest_is_other: float  # 0..1, share of them whose nearest image is of another class; NaN for a single class
    trained_on: np.ndarray | None  # int64[K], images of each class in the training; None where that is not known
    also_in_training: int | None  # images that the model was trained on too; None where they were not compared
    range_remark: str | None  # why the images seem to be in another range than the model takes
    exploration: DrawnOnly[Exploration]


def gather_data(seen: Seen) -> DataEvidence:
    """Explore the images, and ask the card."""
    found = seen.exploration
    several = bool(np.isfinite(found.neighbours.other).any())
    return DataEvidence(
        counts=found.counts,
        black_share=found.black_share,
        white_share=found.white_share,
        duplicates=found.duplicates,
        compared=len(found.neighbours.compared),
        nearest_is_other=float(np.mean(found.neighbours.nearest_is_other)) if several else float("nan"),
        trained_on=_trained_on(seen),
        also_in_training=_also_in_training(seen),
        range_remark=seen.range_remark,
        exploration=found,
    )


def _trained_on(seen: Seen) -> np.ndarray | None:
    """Images of each class that the model was trained on, where its card tells, in the order of the data's classes."""
    counts = None if seen.card is None else seen.card.data.get("training", {}).get("class_counts")
    if seen.card is None or counts is None or seen.card.class_names != seen.dataset.class_names:
        return None
    return np.array(counts, np.int64)


def _also_in_training(seen: Seen) -> int | None:
    """How many of the images the model was trained on, where its card tells of these very files."""
    test = {} if seen.card is None else seen.card.data.get("test", {})
    of_these = test.get("files") == dict(seen.dataset.files) and test.get("images") == len(seen.dataset)
    return int(test["also_in_training"]) if of_these and "also_in_training" in test else None
