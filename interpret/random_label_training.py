"""Train a model on labels that say nothing: for the control of `random_labels`.

Whatever such a model has learnt, it is not what its classes look like. Adam (Kingma, Ba 2014, arXiv:1412.6980) on the
cross-entropy of the model's logits; dropout is off, which makes it easier to learn labels by heart and makes the run
repeatable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import at_least
from .independent_copy import library_of
from .inputs import Arrays, InputForm
from .progress import Progress, steps
from .tracing import TracedModel

_BATCH, _RATE = 64, 1e-3


@dataclass(frozen=True)
class Lesson:
    """What was learnt of random labels."""

    images: int  # training images
    epochs: int
    accuracy: float  # 0..1, on the permuted labels, in the last epoch while it learnt
    chance: float  # 0..1, what the most frequent label alone would reach


def learn_random_labels(
    model: Any,
    images: Arrays,
    labels: np.ndarray,
    *,
    epochs: int,
    draw: np.random.Generator,
    progress: Progress = False,
) -> Lesson:
    """Permute the labels and train `model` on them, in place: give a copy.

    Args:
        model: A Keras model; its trainable weights change.
        images: float32[T,H,W,C] of the model's input shape and range.
        labels: int64[T], 0..K-1; which image has which is drawn anew.
        epochs: Passes over the images, at least 1.
        draw: Of the permutation and the batches.
        progress: True for a bar, or a function called with (done, total), counted in images.

    Raises:
        ValueError: There is not one label per image.
    """
    traced = TracedModel(model)
    form = traced.form_of(images)
    flat = form.flatten(images)
    total = len(flat[0])
    if np.shape(labels) != (total,):
        raise ValueError(
            f"Expected one label for each of the {total} training images. Received shape {np.shape(labels)}. "
            f"Give int[{total}]."
        )
    permuted = draw.permutation(np.asarray(labels)).astype(np.int32)
    learn = _learning_step(traced, form)
    rows, hits = np.concatenate([draw.permutation(total) for _ in range(at_least("epochs", epochs, 1))]), []
    for batch in steps(len(rows), _BATCH, progress):
        chosen = rows[batch]
        hits.append(np.asarray(learn(*(array[chosen] for array in flat), permuted[chosen])))
    last = np.concatenate(hits)[-total:]
    return Lesson(total, epochs, float(last.mean()), float(np.bincount(permuted).max() / total))


def _learning_step(traced: TracedModel, form: InputForm) -> Any:
    """A function of one batch and its labels that trains the model and answers which labels it knew, bool[n]."""
    import tensorflow as tf

    weights = traced.model.trainable_weights
    optimizer = _adam(traced.model)
    optimizer.build(weights)
    specs = [tf.TensorSpec((None, *shape), dtype) for shape, dtype in zip(form.shapes, form.dtypes, strict=True)]

    def step(*tensors: Any) -> Any:
        *inputs, labels = tensors
        with tf.GradientTape() as tape:
            logits = traced.trace(form, inputs).logits
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        slopes = tape.gradient(loss, [getattr(weight, "value", weight) for weight in weights])
        known = [(slope, weight) for slope, weight in zip(slopes, weights, strict=True) if slope is not None]
        optimizer.apply_gradients(known)
        return tf.argmax(logits, axis=1, output_type=tf.int32) == labels

    return tf.function(step, autograph=False, input_signature=[*specs, tf.TensorSpec((None,), tf.int32)])


def _adam(model: Any) -> Any:
    """The optimizer of the library that the model belongs to."""
    return library_of(model).optimizers.Adam(_RATE)
