"""The batches of one epoch: their order and their augmentation follow from the seed and the number of the epoch alone.

So a training that was interrupted resumes with exactly the images that it would have seen. Augmentation leaves a class as
it is: each step takes images float32[B,H,W,C] and a generator and returns new images. Random erasing: Zhong, Zheng, Kang,
Li, Yang, 2017, arXiv:1708.04896; here every rectangle lies wholly inside the image and is filled with uniform noise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..datasets.dataset import Dataset
from ..datasets.resizing import describe
from ..networks.recipes import Recipe


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
        raise ValueError(f"Expected at least 2 images to train on. Received {len(data)}. Give more images.")
    held = min(max(1, round(len(data) * share)), len(data) - 1)
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(np.sort(order[held:])), data.take(np.sort(order[:held]))


def require_same_kind(training: Dataset, test: Dataset) -> None:
    """Refuse a test split whose images have another shape, or whose labels another meaning, than those of the training."""
    wanted, got = training.images.shape[1:], test.images.shape[1:]
    if wanted != got:
        raise ValueError(
            f"Expected test images of {describe(wanted)}, as those of the training are. Received {describe(got)} from "
            f"'{test.source}'. Bring both to one size with --size HxWxC (Dataset.resized and with_channels)."
        )
    if training.class_names != test.class_names:
        raise ValueError(
            f"Expected the test split's classes to be those of the training, {', '.join(training.class_names)}. Received "
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


REACH = 2  # pixels: how far an image is shifted at most
ERASED = (0.1, 0.4)  # share of an image's height, and of its width, that a rectangle covers


def augment(images: np.ndarray, steps: Sequence[str], random: np.random.Generator) -> np.ndarray:
    """Apply the named steps, one after the other.

    Args:
        images: float32[B,H,W,C], in [0, 1].
        steps: of 'shift', 'flip', 'erase'; each image gets its own draw.
        random: where the draws come from.

    Returns:
        float32[B,H,W,C], in [0, 1].

    Example:
        >>> augment(np.ones((1, 8, 8, 1), np.float32), [], np.random.default_rng(0)).min()
        np.float32(1.0)
    """
    known = {"shift": shift, "flip": flip, "erase": erase}
    for step in steps:
        images = known[step](images, random)
    return images


def shift(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Move each image by up to `REACH` pixels along both axes; what comes in is zero."""
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (REACH, REACH), (REACH, REACH), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))  # B, y, x, C, H, W
    down, right = random.integers(0, 2 * REACH + 1, (2, count))
    return np.moveaxis(windows[np.arange(count), down, right], 1, -1)


def flip(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mirror each image, left to right, with probability one half."""
    mirrored = random.random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)


def erase(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Put a rectangle of noise over each image with probability one half."""
    count, height, width, _ = images.shape
    chosen = random.random(count) < 0.5
    rows = _span(height, count, random)
    columns = _span(width, count, random)
    covered = chosen[:, None, None] & rows[:, :, None] & columns[:, None, :]
    noise = random.random(images.shape, dtype=np.float32)
    return np.where(covered[..., None], noise, images)


def _span(length: int, count: int, random: np.random.Generator) -> np.ndarray:
    """bool[count, length]: a random stretch of each row, between the two shares of `ERASED` long."""
    sizes = np.maximum(1, np.round(length * random.uniform(*ERASED, count))).astype(int)
    starts = (random.random(count) * (length - sizes + 1)).astype(int)
    positions = np.arange(length)
    return (positions >= starts[:, None]) & (positions < (starts + sizes)[:, None])
