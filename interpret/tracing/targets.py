"""What a map is asked about: a class, or one class rather than another; and the true classes of images, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf
from typing import Any

Classes = int | str | np.ndarray | Sequence[int] | Sequence[str] | None  # names become numbers in `given`
NONE = -1  # in the traced graph: 'the predicted class' for `classes`, 'no other class' for `versus`


def target_array(classes: Classes, name: str, images: int, known: int) -> np.ndarray:
    """One class number per image, int32[B]; -1 stands for None.

    Args:
        classes: None, an int for all images, or int[B].
        name: `classes` or `versus`, for the message.
        images: Number of images B.
        known: Number of classes K of the model.

    Raises:
        ValueError: Not whole numbers, not one per image, or outside 0..K-1.
    """
    if classes is None:
        return np.full(images, NONE, dtype=np.int32)
    given = np.asarray(classes)
    if given.dtype.kind not in "iu":
        raise ValueError(
            f"Expected whole numbers for {name}. Received dtype {given.dtype}. "
            f"Give class numbers 0 to {known - 1}: an int, or one per image."
        )
    if given.ndim > 1 or (given.ndim == 1 and len(given) != images):
        raise ValueError(
            f"Expected {name} to be one class number, or one for each of the {images} images. "
            f"Received shape {given.shape}. Give an int or int[{images}]."
        )
    outside = given[(given < 0) | (given >= known)]
    if outside.size:
        raise ValueError(
            f"Expected {name} from 0 to {known - 1}. Received {int(outside.flat[0])}. "
            f"The model has {known} classes: use one of their numbers."
        )
    return np.broadcast_to(given.astype(np.int32), (images,))


def resolve(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """The classes asked for, int32[B], the predicted one where none was named; inside of a graph."""
    import tensorflow as tf

    return tf.where(classes < 0, tf.argmax(logits, axis=1, output_type=tf.int32), classes)


def scores(logits: tf.Tensor, classes: tf.Tensor, versus: tf.Tensor) -> tf.Tensor:
    """Score of each image, float32[B]: logit[class], less logit[versus] where one is named; inside of a graph."""
    return _of(logits, classes) - _of(logits, versus)


def _of(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """The logit of each image's class, float32[B], 0 for `NONE`; exact, as all others are taken as zeros.

    The gradient of a gather would be as exact, and takes a dozen operations more: half of the time of a small model's trace.
    """
    import tensorflow as tf

    own = tf.range(tf.shape(logits)[1]) == classes[:, tf.newaxis]
    return tf.reduce_sum(tf.where(own, logits, tf.zeros_like(logits)), axis=1)


def label_array(labels: Any, images: int, known: int) -> np.ndarray:
    """The labels as int64[B].

    Args:
        labels: int[B], the true class of each image.
        images: Number of images B.
        known: Number of classes K of the model.

    Raises:
        ValueError: Not one whole number per image, or outside 0..K-1.
    """
    if np.ndim(labels) != 1:
        raise ValueError(
            f"Expected labels, one class number for each of the {images} images. Received "
            f"{'none' if labels is None else f'shape {np.shape(labels)}'}. Give int[{images}]."
        )
    return target_array(labels, "labels", images, known).astype(np.int64)
