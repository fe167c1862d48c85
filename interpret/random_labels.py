"""Does a map depend on what the labels say? The maps of a copy that was trained on labels that say nothing.

Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv:1810.03292,
section 3.2. Whatever such a copy has learnt, it is not what the classes look like; a method whose maps stay the same
shows the picture. Departure: the paper trains until nearly all labels are known by heart; here as long as is asked, and
the `lesson` says how far it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .independent_copy import Copier, independent_copy
from .inputs import Arrays
from .progress import Progress
from .random_label_training import Lesson, learn_random_labels
from .sanity_checks import Factory, drawn_images, likeness
from .targets import Classes
from .weight_shuffling import layers_from_the_last, shuffle


@dataclass(frozen=True, eq=False)
class RandomLabels:
    """How alike a method's maps are to those of a copy that was trained on random labels."""

    method: str
    numbers: np.ndarray  # int64[B], which images were explained
    total: int  # of how many
    classes: np.ndarray  # int32[B], the class explained
    lesson: Lesson  # what the copy learnt
    rank_correlation: np.ndarray  # float32[B], -1..1; NaN where a map is constant
    ssim: np.ndarray  # float32[B]; NaN where a map is zero


def random_label_check(
    model: Any,
    images: Arrays,
    methods: Mapping[str, Factory],
    training_images: np.ndarray,
    training_labels: np.ndarray,
    classes: Classes = None,
    *,
    epochs: int = 1,
    sample: int | None = 128,
    seed: int = 0,
    copier: Copier | None = None,
    progress: Progress = False,
) -> dict[str, RandomLabels]:
    """Compare the maps of several methods with those of a copy that was trained on permuted labels.

    Args:
        model, images, methods, classes, sample, copier: As for `randomization_check`.
        training_images: float32[T,H,W,C]; a few thousand will do.
        training_labels: int64[T]; they are permuted before the copy sees them.
        epochs: Passes over the training images. The `lesson` says how far the copy came: the paper trains until it knows
            nearly all labels by heart, which takes many.
        seed: Of the sample, the weights to begin with, the permutation and the batches.
        progress: True for a bar, or a function called with (done, total), counted in training images.

    Raises:
        ValueError: The model cannot be copied, or data and labels do not fit.
    """
    shown, numbers, named, total = drawn_images(model, images, classes, sample, seed, None, None)
    copied = independent_copy(model, shown, copier)
    trained = {name: np.abs(make(copied)(shown, named)) for name, make in methods.items()}
    draw = np.random.default_rng(seed)
    for layer in layers_from_the_last(copied, shown, output=None, wrt=None):
        shuffle(layer, draw)
    lesson = learn_random_labels(copied, training_images, training_labels, epochs=epochs, draw=draw, progress=progress)
    return {
        name: RandomLabels(name, numbers, total, named, lesson, *likeness(trained[name], make(copied)(shown, named)))
        for name, make in methods.items()
    }
