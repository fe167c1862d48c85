"""The batches of one epoch, decided by the seed and the number of the epoch alone.

So a training that was interrupted goes on with exactly the images that it would have seen.
"""

from typing import Any

import numpy as np

from .augmentation import augment
from .datasets import Dataset
from .model_fit import describe
from .recipes import Recipe


def targets_of(data: Dataset, loss: str) -> np.ndarray:
    """The labels as the loss wants them: float32[B,K] one-hot for 'categorical_crossentropy', else int64[B]."""
    return data.one_hot() if loss == "categorical_crossentropy" else data.labels


def hold_out(data: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Split at random into what is trained on and what is held out for validation.

    Args:
        data: the training split, B images.
        share: in (0, 1), of the images that are held out; at least one image stays on either side.
        seed: of the choice.

    Example:
        >>> [len(part) for part in hold_out(fashion_mnist("train"), share=0.05, seed=0)]
        [57000, 3000]
    """
    if len(data) < 2:
        raise ValueError(f"Expected at least 2 images to train on, received {len(data)}. Give more images.")
    held = min(max(1, round(len(data) * share)), len(data) - 1)
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(np.sort(order[held:])), data.take(np.sort(order[:held]))


def require_same_kind(training: Dataset, test: Dataset) -> None:
    """Refuse a test split whose images have another shape, or whose labels another meaning, than those of the training."""
    wanted, got = training.images.shape[1:], test.images.shape[1:]
    if wanted != got:
        raise ValueError(
            f"Expected test images of {describe(wanted)}, as those of the training are, received {describe(got)} from "
            f"'{test.source}'. Bring both to one size with --size HxWxC (Dataset.resized and with_channels)."
        )
    if training.class_names != test.class_names:
        raise ValueError(
            f"Expected the test split's classes to be those of the training, {', '.join(training.class_names)}, received "
            f"{', '.join(test.class_names)} from '{test.source}'. Name them alike and in one order, with --class-names FILE "
            "(match_class_names)."
        )


def training_batches(data: Dataset, recipe: Recipe) -> Any:
    """The data as a `keras.utils.PyDataset`: shuffled anew for each epoch, augmented as the recipe says.

    `start_epoch(number)` of the result makes it the data of that epoch.
    """
    import keras

    targets = targets_of(data, recipe.loss)

    class TrainingBatches(keras.utils.PyDataset):
        """Batches of (images float32[b,H,W,C], targets), b the recipe's batch size, less in the last one."""

        def __init__(self):
            super().__init__()
            self.start_epoch(0)

        def start_epoch(self, epoch: int) -> None:
            self._epoch = epoch
            self._order = np.random.default_rng([recipe.seed, epoch]).permutation(len(data))

        def __len__(self) -> int:
            return -(-len(data) // recipe.batch_size)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            chosen = self._order[index * recipe.batch_size : (index + 1) * recipe.batch_size]
            random = np.random.default_rng([recipe.seed, self._epoch, index])
            return augment(data.images[chosen], recipe.augmentation, random), targets[chosen]

    return TrainingBatches()
