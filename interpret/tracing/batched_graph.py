"""A program: what one method computes from a traced model, as one TensorFlow function, run batch by batch.

Each program is traced once per input signature; a model that declares its inputs is traced when the program is made, so
that an unknown layer is found before any image is. The first batch proves the logits (see `proof`). A model that was
changed since it was traced is traced again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import Shown
from ..graph.state.model_state import Structure
from ..graph.state.precision import precision_words
from ..graph.state.written_variables import kept, written_variables
from ..progress import Progress, steps
from .axes import Axes
from .inputs import Arrays, InputForm
from .proof import PROOF_IMAGES, Proof, prove
from .targets import NONE, Classes, resolve, scores, target_array
from .traced_model import Taps, TracedModel

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Computed:
    """What is made out of a traced model: tensors, and what the trace alone tells, such as the name of a layer."""

    tensors: Mapping[str, tf.Tensor]
    facts: Mapping[str, Any] = field(default_factory=dict)


Compute = Callable[[Taps, Any], "Mapping[str, tf.Tensor] | Computed"]
Batch = Callable[[list[np.ndarray], np.ndarray, np.ndarray], dict[str, np.ndarray]]  # (flat inputs, classes, versus)


def computed(made: Mapping[str, tf.Tensor] | Computed) -> Computed:
    """What a computation gave, as a record; without facts where it gave tensors only."""
    return made if isinstance(made, Computed) else Computed(made)


class Program:
    """`compute(taps, scores)` of a traced model, ready to run.

    Args:
        traced: The model.
        compute: Makes named tensors [B, ...] out of the taps and the scores float32[B] of the classes asked for, with
            facts where the trace tells something. Runs inside of the graph, once per input signature.
        stored: (black, white), where the one input comes as uint8 from 0 to 255 and is brought to that range inside of
            the graph; None: images come as the model takes them.
    """

    def __init__(self, traced: TracedModel, compute: Compute, *, stored: tuple[float, float] | None = None) -> None:
        self.traced = traced
        self.stored = stored
        self.tracings = 0  # how often the model was traced
        self.facts: dict[str, Any] = {}  # what the last trace told
        self.proof: Proof | None = None  # of the logits; None before the first batch
        self._structure: Structure | None = None  # of the model, when it was traced
        self._compute = compute
        self._functions: dict[tuple[object, ...], Any] = {}
        self._written: dict[int, list[Any]] = {}  # {id of a function: the variables that it may write}
        self._head: Any = None
        self.axes: Axes | None = None  # of the image; known once the model is traced
        if traced.form is not None and getattr(traced.model, "built", True):
            self._function(traced.form)

    @property
    def head(self) -> Any:
        """The `Head` of the model; known once the model is traced, and surely once it is proven."""
        if self._head is None:
            return None
        head = self._head if self.proof is None else self._head.seen(self.proof.stay_within_0_and_1)
        said = precision_words(self.traced.half_types, self.traced.left_half, self.logit_error)
        return head if said is None else replace(head, precision=said)

    @property
    def logit_error(self) -> float | None:
        """Largest |head(logits) - model(x)| seen; None before the first batch."""
        return None if self.proof is None else self.proof.error

    def run(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        *,
        batch_size: int = 256,
        progress: Progress = False,
        names: Collection[str] | None = None,
        labels: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """All results of all images, or those of some names, gathered: {name: [B, ...]}; `labels` are `taps.labels`."""
        gathered: dict[str, np.ndarray] = {}
        for rows, total, results in self._batches(images, classes, versus, batch_size, progress, labels):
            for name, values in results.items():
                if names is not None and name not in names:
                    continue
                if name not in gathered:
                    gathered[name] = np.empty((total, *values.shape[1:]), dtype=values.dtype)
                gathered[name][rows] = values
        return gathered

    def stream(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        *,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> Iterator[dict[str, np.ndarray]]:
        """The results of one batch after another; read-only views of TensorFlow's memory, not copied."""
        # map keeps no batch back: its memory is free for the next one as soon as the caller lets go of it
        return map(itemgetter(2), self._batches(images, classes, versus, batch_size, progress))

    def prepare(self, images: Arrays) -> list[np.ndarray]:
        """Check images and trace what they need, anew if the model was changed; the flat inputs."""
        self._forget_if_changed()
        form = self.traced.form_of(images)
        flat = self.flatten(images)
        if form is not self.traced.form or not self._functions:
            self.traced.build(form, flat)
        self._function(form)
        if self.proof is None:
            self.proof = self._prove(form, flat)
            self._leave_out_what_a_run_writes()
        return flat

    def proved(self, images: Arrays) -> Proof:
        """The proof of the logits, made on these images unless it was made before."""
        self.prepare(images)
        assert self.proof is not None  # by prepare
        return self.proof

    def flatten(self, images: Arrays) -> list[np.ndarray]:
        """The flat inputs of images, checked against the form that the model takes."""
        form = self.traced.form_of(images)
        return (form if self.stored is None else replace(form, dtypes=("uint8",))).flatten(images)

    def prepared(self, images: Arrays) -> tuple[list[np.ndarray], Batch]:
        """The checked flat inputs, and a function that runs one batch of such inputs as they are."""
        flat = self.prepare(images)
        function = self._function(self.traced.form_of(images))
        return flat, lambda inputs, classes, versus: self._call(function, inputs, classes, versus)

    def labelled(self, images: Arrays, labels: np.ndarray) -> dict[str, np.ndarray]:
        """The results of one batch for its predicted classes; its true ones are `taps.labels` inside of the graph."""
        function = self._function(self.traced.form_of(images))
        flat = self.flatten(images)
        nobody = np.full(len(flat[0]), NONE, dtype=np.int32)
        return self._call(function, flat, nobody, nobody, labels.astype(np.int32))

    def _batches(
        self,
        images: Arrays,
        classes: Classes,
        versus: Classes,
        batch_size: int,
        progress: Progress,
        labels: np.ndarray | None = None,
    ) -> Iterator[tuple[slice, int, dict[str, np.ndarray]]]:
        flat = self.prepare(images)
        function = self._function(self.traced.form_of(images))
        total = len(flat[0])
        named = target_array(classes, "classes", total, self._classes)
        other = target_array(versus, "versus", total, self._classes)
        for rows in steps(total, batch_size, progress):
            known = None if labels is None else labels[rows]
            yield rows, total, self._call(function, [array[rows] for array in flat], named[rows], other[rows], known)

    def _call(
        self,
        function: Any,
        flat: list[np.ndarray],
        classes: np.ndarray,
        versus: np.ndarray,
        labels: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        import tensorflow as tf

        known = np.full(len(classes), NONE, dtype=np.int32) if labels is None else labels
        with kept(self._written[id(function)]):
            results = function(*(tf.convert_to_tensor(array) for array in (*flat, classes, versus, known)))
        return {name: np.asarray(memoryview(tensor)) for name, tensor in results.items()}

    def _function(self, form: InputForm) -> Any:
        if form.key not in self._functions:
            self._functions[form.key] = self._trace(form)
            self._structure = Structure(self.traced.model)  # a trace may note something on the layers
        return self._functions[form.key]

    def _forget_if_changed(self) -> None:
        """Start anew where the model's structure or constants are not those of the trace."""
        if self._structure is not None and not self._structure.is_still_of(self.traced.model):
            self._functions.clear()
            self.traced.look_again()
            self.proof = None

    def _leave_out_what_a_run_writes(self) -> None:
        """A list that the model itself appends to while it runs is no change of the model."""
        model = self.traced.model
        if self._structure is not None and (written := self._structure.written_since(model)):
            self._structure = Structure(model, written)

    def _trace(self, form: InputForm) -> Any:
        import tensorflow as tf

        def traced(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            *flat, classes, versus, labels = tensors
            if self.stored is not None:
                flat = [unpacked(flat[0], *self.stored, form.dtypes[0])]
            taps = replace(self.traced.trace(form, flat), labels=labels)
            self.axes = taps.axes
            return {name: _as_float32(tensor) for name, tensor in self._results(taps, classes, versus).items()}

        dtypes = form.dtypes if self.stored is None else ("uint8",)
        specs = [tf.TensorSpec((None, *shape), dtype) for shape, dtype in zip(form.shapes, dtypes, strict=True)]
        targets = [tf.TensorSpec((None,), tf.int32)] * 3
        function = tf.function(traced, autograph=False).get_concrete_function(*specs, *targets)
        self._written[id(function)] = written_variables(function)
        self.tracings += 1
        return function

    def _results(self, taps: Taps, classes: tf.Tensor, versus: tf.Tensor) -> dict[str, tf.Tensor]:
        self._head = taps.head
        named = resolve(taps.logits, classes)
        made = self._made(taps, scores(taps.logits, named, versus))
        return {"logits": taps.logits, "classes": named, **made}

    def _made(self, taps: Taps, scores: tf.Tensor | None) -> dict[str, tf.Tensor]:
        made = computed(self._compute(taps, scores))
        self.facts = dict(made.facts)
        return dict(made.tensors)

    @property
    def _classes(self) -> int:
        """How many classes can be asked about."""
        return 0 if self._head is None else self._head.classes

    def _prove(self, form: InputForm, flat: list[np.ndarray]) -> Proof:
        taken = (
            flat
            if self.stored is None
            else [np.asarray(unpacked(flat[0][:PROOF_IMAGES], *self.stored, form.dtypes[0]))]
        )
        return prove(self.traced, form, taken, partial(self._answer, form, flat), self._head)

    def _answer(self, form: InputForm, flat: list[np.ndarray], few: list[np.ndarray]) -> np.ndarray:
        """head(logits) of as many of the first images as there are in `few`, float64[B,units].

        For a model without scores it is what it answers with its layers tapped.
        """
        if self._head is None:
            return self.traced.answer(form, few, tap=True)
        first = [array[: len(few[0])] for array in flat]
        nobody = np.full(len(few[0]), NONE, dtype=np.int32)
        return self._head.answer(self._call(self._function(form), first, nobody, nobody)["logits"])


def unpacked(stored: Any, low: float, high: float, dtype: str = "float32") -> tf.Tensor:
    """Pixels uint8, 0 for black and 255 for white, as float32 with `low` for black and `high` for white.

    Exactly what `stored / 255 * (high - low) + low` is in float32: TensorFlow's own division by a constant is a product
    with its rounded inverse, so the quotient is taken with more digits and then rounded.
    """
    import tensorflow as tf

    if (low, high) == (0.0, 255.0):
        return tf.cast(stored, dtype)
    unit = tf.cast(tf.cast(stored, tf.float64) * (1 / 255), tf.float32)
    return tf.cast(unit if (low, high) == (0.0, 1.0) else unit * (high - low) + low, dtype)


class OfModel(Shown):
    """What is made once with a model, as a program of it, and then called on images."""

    _program: Program

    @property
    def model(self) -> Any:
        """The Keras model that it was made with."""
        return self._program.traced.model


class LayerProgram(Program):
    """A program that asks for no class: it takes models that answer no score per class, too.

    For such a model `compute` gets None for the scores, the results hold no logits, and there is no head. The proof is
    then that the model with its layers tapped answers what it answers by itself.
    """

    def _results(self, taps: Taps, classes: tf.Tensor, versus: tf.Tensor) -> dict[str, tf.Tensor]:
        return super()._results(taps, classes, versus) if taps.has_scores else self._made(taps, None)


def _as_float32(tensor: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.cast(tensor, tf.float32) if tensor.dtype.is_floating else tensor
