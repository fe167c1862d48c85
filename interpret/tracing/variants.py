"""The form of every method that runs the model on many variants of each image, in full batches.

Such methods ask for the score (the class's probability, or its logit) of tens or thousands of variants of an image. One
batch here is a block of several images times several variants, close to `batch_size` rows, on one traced function; so a
method costs hardly more than the bare runs that it needs, for one image as for thousands.

A variant depends on its image and its number alone, so a map does not depend on the batch size or on the other images
(beyond the rounding of sums).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import refuse_other_than_pictures
from ..progress import Progress, check_batch_size, steps
from .axes import Axes
from .batched_graph import Compute, OfModel, Program, computed
from .inputs import Arrays, as_dtype
from .sharing import scores_program
from .targets import Classes, target_array
from .traced_model import Taps, TracedModel

Vary = Callable[[slice, slice], np.ndarray]  # (rows I, variants V) -> those images, varied, [I,V, and their axes]
_IMAGES = 16  # images of a block, where there are that many: each variant is then made for several images at once
_NUMBERS = (
    1_250_000  # pixels times channels run at a time (5 MB): 8 of 224 x 224 x 3; 16 take 0.27 GB more, for 3 % less time
)

_most: ContextVar[int | None] = ContextVar("most rows", default=None)


@contextmanager
def rows_limited(most: int | None) -> Iterator[None]:
    """Let no more than `most` images run at a time, whoever asks, until the end of the block; None: as memory allows.

    Example:
        >>> with rows_limited(3):
        ...     rows_at_once(np.zeros((1, 28, 28, 1)))
        3
    """
    before = _most.set(most)
    try:
        yield
    finally:
        _most.reset(before)


def rows_at_once(images: Arrays, batch_size: int = 256) -> int:
    """How many images run at a time, at most `batch_size`: as many as keep the memory of a run small, at least 4.

    Within `rows_limited` they are no more than it says.

    Example:
        >>> rows_at_once(np.zeros((1, 224, 224, 3))), rows_at_once(np.zeros((1, 28, 28, 1)))
        (8, 256)
    """
    check_batch_size(batch_size)
    given = list(images.values()) if isinstance(images, dict) else images
    arrays = given if isinstance(given, (list, tuple)) else [given]
    numbers = sum(int(np.prod(np.shape(array)[1:])) for array in arrays)
    most = _most.get()
    return min(batch_size if most is None else min(batch_size, most), max(4, _NUMBERS // max(numbers, 1)))


@dataclass(frozen=True, eq=False)
class Block:
    """What the model answered to some variants of some images."""

    rows: slice  # which images, I of them
    variants: slice  # which variants, V of them
    results: dict[str, np.ndarray]  # {name: [I,V,...]}, read-only; 'scores' among them, float32[I,V]


@dataclass(frozen=True, eq=False)
class Asked:
    """Images that were checked, and what is asked about each."""

    images: np.ndarray  # [B,H,W,C], the input that is varied
    classes: np.ndarray  # int32[B], the class explained
    scores: np.ndarray  # float32[B], the score of each image as it is
    axes: Axes  # of the images
    originals: dict[str, np.ndarray]  # {name: [B, ...]}, what else was computed of the images as they are
    run: Callable[
        [slice | np.ndarray, np.ndarray], dict[str, np.ndarray]
    ]  # (rows I, variants [I,V,H,W,C]) -> {name: [I*V, ...]}

    def blocks(self, count: int, vary: Vary, batch_size: int, progress: Progress = False) -> Iterator[Block]:
        """The results of variants 0..count-1 of every image; `progress` counts batches."""
        plan = list(_plan(len(self.images), count, rows_at_once(self.images, batch_size)))
        for step in steps(len(plan), 1, progress):
            rows, variants = plan[step.start]
            results = self.run(rows, vary(rows, variants))
            shape = rows.stop - rows.start, variants.stop - variants.start
            yield Block(rows, variants, {k: v.reshape(*shape, *v.shape[1:]) for k, v in results.items()})

    def scores_of(self, images: np.ndarray, batch_size: int) -> np.ndarray:
        """float32[B]: the scores, for the same classes, of other images [B,H,W,C]."""
        blocks = self.blocks(1, lambda rows, _: images[rows, np.newaxis], batch_size)
        return np.concatenate([block.results["scores"][:, 0] for block in blocks])

    def only(self, numbers: np.ndarray) -> Asked:
        """The same question of some of the images alone, int64[n]."""
        kept = {name: values[numbers] for name, values in self.originals.items()}

        def run(rows: slice | np.ndarray, variants: np.ndarray) -> dict[str, np.ndarray]:
            return self.run(numbers[rows], variants)

        return Asked(self.images[numbers], self.classes[numbers], self.scores[numbers], self.axes, kept, run)


class VariantProgram(OfModel):
    """A traced model, ready to be asked about variants of images.

    Args:
        model: A Keras model.
        variants: What is computed of every variant beside its score; None for nothing, which needs no backward run.
        originals: What is computed of every image as it is, beside its score; None for nothing.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        fold: As for `TracedModel`.
    """

    def __init__(
        self,
        model: Any,
        variants: Compute | None = None,
        *,
        originals: Compute | None = None,
        output: str | None,
        wrt: str | None,
        fold: Collection[str] | None = None,
    ) -> None:
        traced = TracedModel(model, output=output, wrt=wrt, fold=fold)
        self._variants = _program(traced, variants)
        self._originals = self._variants if originals == variants else _program(traced, originals)

    @property
    def model(self) -> Any:
        """The Keras model that it was made with."""
        return self._variants.traced.model

    any_form = False  # whether inputs of any form will do, or pictures [B,H,W,C] alone
    any_places = False  # whether series, volumes and grey pictures will do too, as far as their channel is last

    @property
    def head(self) -> Any:
        """The `Head` of the model; known once the model is traced."""
        return self._variants.head

    @property
    def folded(self) -> tuple[str, ...]:
        """Paths of the batch normalisations that were folded; known once the model is traced."""
        return self._variants.traced.folded

    def ask(self, images: Arrays, classes: Classes = None, versus: Classes = None, batch_size: int = 256) -> Asked:
        """The images, checked, with the class of each (the predicted one for None) and its score."""
        original = self._originals.run(images, classes, versus, batch_size=rows_at_once(images, batch_size))
        flat, call = self._variants.prepared(images)
        traced, named = self._variants.traced, original["classes"]
        image = traced.image_index(traced.form_of(images))
        dtype = flat[image].dtype
        axes = _form_taken(self._variants.axes, dtype, any_form=self.any_form, any_places=self.any_places)
        other = target_array(versus, "versus", len(named), self._variants.head.classes)

        def run(rows: slice | np.ndarray, variants: np.ndarray) -> dict[str, np.ndarray]:
            times = variants.shape[1]
            inputs = [np.repeat(array[rows], times, axis=0) if i != image else array for i, array in enumerate(flat)]
            inputs[image] = as_dtype(variants.reshape(-1, *variants.shape[2:]), flat[image].dtype)
            return call(inputs, np.repeat(named[rows], times), np.repeat(other[rows], times))

        return Asked(flat[image], named, original["scores"], axes, original, run)


def _form_taken(axes: Axes | None, dtype: np.dtype, *, any_form: bool, any_places: bool) -> Axes:
    """The axes of an input that is varied.

    Raises:
        ValueError: It is no picture, and the method takes nothing else; or it is of whole numbers, such as tokens.
    """
    if axes is None:
        refuse_other_than_pictures("none")
    if axes.is_picture or any_form:
        return axes
    if not any_places or not axes.has_channel_last:
        refuse_other_than_pictures(axes.words)
    if dtype.kind != "f":
        refuse_other_than_pictures(f"{axes.words} of {dtype.name}")
    return axes


def scores_of(traced: TracedModel) -> Program:
    """The program of a model's scores alone, which others may share (see `sharing`)."""
    return scores_program(traced, lambda: Program(traced, with_scores(None)))


def _program(traced: TracedModel, compute: Compute | None) -> Program:
    """The program of what is computed beside the scores; of nothing: that of the scores alone."""
    return scores_of(traced) if compute is None else Program(traced, with_scores(compute))


def with_scores(compute: Compute | None) -> Compute:
    """`compute` that gives the scores too; they alone, which needs no backward run, for None."""

    def with_them(taps: Taps, scores: Any) -> dict[str, Any]:
        made = {} if compute is None else computed(compute(taps, scores)).tensors
        return {"scores": scores, **made}

    return with_them


def _plan(images: int, count: int, batch_size: int) -> Iterator[tuple[slice, slice]]:
    """Rows and variants of each block: blocks of about one size, as near to `batch_size` rows as it goes."""
    together = min(images, batch_size, max(_IMAGES, batch_size // count))
    for rows in _even_parts(images, together):
        for variants in _even_parts(count, max(1, batch_size // together)):
            yield rows, variants


def _even_parts(total: int, largest: int) -> Iterator[slice]:
    parts = -(-total // largest)
    for part in range(parts):
        yield slice(total * part // parts, total * (part + 1) // parts)


SCORES = ("probability", "logit")


class VariantScores(VariantProgram):
    """The score of many variants of each image, in full batches on one traced forward run, batch normalisation folded.

    Args:
        model: A Keras model.
        score: 'probability' (0..1, the same scale for every image) or 'logit' (the unit of the maps).
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        any_places: Whether series [B,L,C] and volumes [B,D,H,W,C] are taken too, or pictures alone.

    Raises:
        ValueError: The score is neither.
    """

    def __init__(
        self, model: Any, score: str, *, output: str | None, wrt: str | None, any_places: bool = False
    ) -> None:
        if score not in SCORES:
            raise ValueError(f"Expected the score 'probability' or 'logit'. Received {score!r}. Give one of the two.")
        self.score, self.any_places = score, any_places
        super().__init__(model, output=output, wrt=wrt, fold=())

    def ask(self, images: Arrays, classes: Classes = None, versus: Classes = None, batch_size: int = 256) -> Asked:
        """As of `VariantProgram`; what has no channel is refused, as its last axis would be taken for one."""
        asked = super().ask(images, classes, versus, batch_size)
        if asked.axes.channel is None:
            refuse_other_than_pictures(asked.axes.words)
        return asked

    def blocks(
        self, asked: Asked, count: int, vary: Vary, batch_size: int, progress: Progress = False
    ) -> Iterator[tuple[slice, slice, np.ndarray, np.ndarray]]:
        """For each block of images and variants: their slices, scores float32[I,V] and predicted classes int64[I,V]."""
        for block in asked.blocks(count, vary, batch_size, progress):
            logits, classes = block.results["logits"], asked.classes[block.rows]
            values = block.results["scores"]
            if self.score == "probability":
                self._refuse_without_probabilities()
                flat = self.head.probabilities(logits.reshape(-1, logits.shape[-1]))
                values = np.take_along_axis(flat.reshape(logits.shape), classes[:, None, None], axis=2)[..., 0]
            yield block.rows, block.variants, values, logits.argmax(axis=2)

    def _refuse_without_probabilities(self) -> None:
        if not self.head.has_probabilities:
            raise ValueError(
                f"Expected a model with probabilities for the score 'probability'. This one answers a number ("
                f"{self.head.task}). Give score='logit', which is that number; or, if it is the logit of two classes, "
                f"say so: declare_task(model, 'binary')."
            )
