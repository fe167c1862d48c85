"""Does a map depend on what the labels say? The maps of a copy that was trained on labels that say nothing.

Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv:1810.03292,
section 3.2. Whatever such a copy has learnt, it is not what the classes look like; a method whose maps stay the same
shows the picture. The copy is trained with Adam (Kingma, Ba 2014, arXiv:1412.6980) on the cross-entropy of its logits;
dropout is off, which makes labels easier to learn by heart and the run repeatable. Departure: the paper trains until
nearly all labels are known by heart; here as long as is asked, and the `lesson` says how far it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import takes_given
from ..graph.keras_library import library_of
from ..progress import Progress, steps
from ..tracing.inputs import Arrays, InputForm
from ..tracing.targets import Classes
from ..tracing.traced_model import TracedModel
from .independent_copy import Copier, independent_copy
from .weight_randomization import Factory, asked_about, likeness, maps_without_sign
from .weight_shuffling import layers_from_the_last, shuffle


@dataclass(frozen=True, eq=False)
class RandomLabels(Record):
    """How alike a method's maps are to those of a copy that was trained on random labels."""

    method: str
    numbers: np.ndarray  # int64[B], which images were explained
    total: int  # of how many
    classes: np.ndarray  # int32[B], the class explained
    lesson: Lesson  # what the copy learnt
    rank_correlation: np.ndarray  # float32[B], -1..1; NaN where a map is constant
    ssim: np.ndarray  # float32[B]; NaN where a map is zero


@takes_given
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
        progress: True for a bar, or a function called with (what, done, total), counted in training images.

    Raises:
        ValueError: The model cannot be copied, or data and labels do not fit.
    """
    asked = asked_about(model, images, classes, sample, seed, None, None)
    copied = independent_copy(model, asked.images, copier)
    trained = maps_without_sign(copied, methods, asked)
    draw = np.random.default_rng(seed)
    for layer in layers_from_the_last(copied, asked.images, output=None, wrt=None):
        shuffle(layer, draw)
    lesson = learn_random_labels(copied, training_images, training_labels, epochs=epochs, draw=draw, progress=progress)
    return {
        name: RandomLabels(name, asked.numbers, asked.total, asked.classes, lesson, *likeness(trained[name], maps))
        for name, maps in maps_without_sign(copied, methods, asked).items()
    }


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
        progress: True for a bar, or a function called with (what, done, total), counted in images.

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
