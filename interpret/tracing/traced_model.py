"""Trace a Keras model once, and tap every layer on the way.

A layer's `output` may lie on no path to the model's answer (a Sequential from disk keeps several inbound nodes; nested
and subclassed models have no usable graph). What the model computes when it is called is certain: so `model(x,
training=False)` is traced once into a TensorFlow graph, and while it traces, each layer's `call` notes its output. The
noted tensors are on the path by construction, and gradients between any two of them are exact.

The model is left as it was (see `layer_hooks`), also after an error.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.head import Head
from ..graph.logits import find_logits
from ..graph.state.model_state import Structure
from ..graph.state.precision import half_types, in_float32, still_half
from ..graph.state.written_variables import kept, variables_of, written_variables
from ..graph.tasks import declared_task
from ..maps.grey_convolution import mend_grey_convolution
from ..maps.volume_pooling import mend_volume_pooling
from .axes import Axes, image_axes, with_axes
from .folding import Folder
from .inputs import Arrays, InputForm, declared_inputs, missing_from_model, observed_inputs
from .layer_hooks import TappedLayer, losses_kept, named, tapped

if TYPE_CHECKING:
    import tensorflow as tf


_tracing = threading.RLock()  # `call` methods are replaced for the time of a trace: one trace at a time
_own_answers: ContextVar[dict[tuple[object, ...], Any] | None] = ContextVar("own answers", default=None)


@contextmanager
def answers_shared() -> Iterator[None]:
    """Let a model's own answer, as a function, be made once for all who trace it, until the end of the block."""
    before = _own_answers.set({} if _own_answers.get() is None else _own_answers.get())
    try:
        yield
    finally:
        _own_answers.reset(before)


@dataclass(frozen=True, eq=False)
class Taps:
    """A traced model: symbolic tensors, all in one graph."""

    image: tf.Tensor  # [B,H,W,C], the input that maps are made of
    layers: tuple[TappedLayer, ...]  # in order of execution
    outputs: tuple[tf.Tensor, ...]  # what the model answers: the output named, or all
    scored: tuple[tf.Tensor, Head] | ValueError  # the scores and the head, or why there are none
    attentions: tuple[
        TappedLayer, ...
    ] = ()  # [B,heads,T,S] of each attention layer, in order; named 'block3/attention'
    labels: tf.Tensor | None = None  # int32[B], the true classes where a program was given them, else -1

    @property
    def has_scores(self) -> bool:
        """Whether the model answers one score per class: not a backbone, an autoencoder, a detector."""
        return not isinstance(self.scored, ValueError)

    @property
    def logits(self) -> tf.Tensor:
        """The scores, float32[B,K].

        Raises:
            ValueError: The model does not answer one score per class, or the output is not named.
        """
        return self._scored()[0]

    @property
    def head(self) -> Head:
        """How the answer follows from the scores.

        Raises:
            ValueError: As for `logits`.
        """
        return self._scored()[1]

    def _scored(self) -> tuple[tf.Tensor, Head]:
        if isinstance(self.scored, ValueError):
            raise self.scored
        return self.scored

    @property
    def ends(self) -> list[tf.Tensor]:
        """What a map can speak of: the scores; where there are none, all that the model answers."""
        return [self.logits] if self.has_scores else list(self.outputs)

    @cached_property
    def axes(self) -> Axes:
        """Which axes of the image are places, and which is its channel."""
        return image_axes(self.image, self.layers)

    def find(self, name: str) -> TappedLayer:
        """The layer called `name`, or by its full path.

        Raises:
            ValueError: There is no such layer (names the nearest), or several inner layers share this bare name.
        """
        every = (*self.layers, *self.attentions)
        for layer in every:
            if name in (layer.name, layer.path):
                return layer
        shared = [layer.path for layer in self.layers if layer.path.rsplit("/", 1)[-1] == name]
        if shared:
            raise ValueError(
                f"Expected one layer {name!r}; {len(shared)} have this name. Write the full one: {', '.join(shared)}."
            )
        raise ValueError(missing_from_model("layer", name, [layer.name for layer in every]))


class TracedModel:
    """A Keras model as a function of its inputs, ready to be turned into programs.

    Args:
        model: Any Keras model on the TensorFlow backend.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        fold: None for the model as it is. Otherwise its batch normalisation is folded into the convolutions before (see
            `folding`), except into the layers named here, of which gradients can then be asked.
    """

    def __init__(
        self, model: Any, *, output: str | None = None, wrt: str | None = None, fold: Collection[str] | None = None
    ) -> None:
        _refuse_other_backends(model)
        self.model = model
        self.form = declared_inputs(model)
        self.output = output
        self.wrt = wrt
        self.half_types = half_types(model)  # the types of 16 bits that its layers compute in
        self.left_half: tuple[str, ...] = ()  # those that stayed in the latest trace
        self._asked_to_fold = fold
        self.fold = self._foldable()
        self.called: tuple[Any, ...] = ()  # the layers that the latest trace went through, in order
        self.folded: tuple[str, ...] = ()  # paths of the batch normalisations that were folded in the latest trace
        self._as_it_computes = False  # while it is traced as it is, and not in float32
        self._answers: dict[tuple[object, ...], Any] = {}  # the model's own answer as a function, for each form

    @property
    def name(self) -> str:
        """The model's own name."""
        return str(getattr(self.model, "name", type(self.model).__name__))

    def form_of(self, arrays: Arrays) -> InputForm:
        """The declared form of the inputs; for a model that declares none, that of `arrays`."""
        return self.form if self.form is not None else observed_inputs(arrays)

    def image_index(self, form: InputForm) -> int:
        """Which of the flat inputs is the image."""
        return form.image_index(self.wrt)

    def build(self, form: InputForm, flat: Sequence[np.ndarray]) -> None:
        """Create the variables of a model that was never called, as its first call would.

        The call is traced and not run: a counter that it makes stays at its first value. A model that cannot be traced is run,
        and says so later.
        """
        import tensorflow as tf

        if getattr(self.model, "built", True):
            return
        one = [tf.convert_to_tensor(array[:1]) for array in flat]
        with _tracing, losses_kept(self.model), kept(variables_of(self.model)):
            try:
                first = tf.function(lambda *given: self.model(form.pack(given), training=False), autograph=False)
                first.get_concrete_function(*one)
            except (TypeError, ValueError, NotImplementedError, tf.errors.OpError):
                self.model(form.pack(one), training=False)

    def answer(
        self, form: InputForm, flat: Sequence[np.ndarray], *, after: int = 0, tap: bool = False, scores: bool = False
    ) -> np.ndarray:
        """The model's own answer, by calling it in a graph; float64[B,units], of several outputs one after another.

        Args:
            form: The form of the inputs.
            flat: The inputs.
            after: So many calls later; another answer than at once says that the model keeps something between calls.
            tap: With its layers tapped, as for a trace.
            scores: The scores behind it, where there are some, with its layers tapped and each computing in its own precision.
        """
        import tensorflow as tf

        key = (form.key, tap, scores)
        if key not in self._answers:
            tapped_too = tap or scores
            self._answers[key] = self._own_function(form, tap, scores) if tapped_too else self._shared_function(form)
        function, written = self._answers[key]
        with kept(written):
            answers = [function(*map(tf.convert_to_tensor, flat)) for _ in range(1 + after)]
        return np.asarray(answers[-1]).astype(np.float64)

    def look_again(self) -> None:
        """Forget what was found out about the model, which was changed."""
        self.form = declared_inputs(self.model)
        self.half_types = half_types(self.model)
        self.fold = self._foldable()
        self._answers.clear()

    def _foldable(self) -> tuple[str, ...] | None:
        """The layers that are not to be folded; None, as for the model as it is, where nothing can be folded."""
        is_normalised = any(type(layer).__name__ == "BatchNormalization" for layer in self.model._flatten_layers())
        return tuple(self._asked_to_fold) if self._asked_to_fold is not None and is_normalised else None

    def trace(
        self, form: InputForm, flat: Sequence[tf.Tensor], replaced: Mapping[str, tf.Tensor] | None = None
    ) -> Taps:
        """Run the model symbolically; call this inside of a graph only.

        A layer whose path is in `replaced` puts out the tensor given there, of the same shape and dtype as its own.
        """
        folder = None if self.fold is None else Folder(self.fold)
        precise = in_float32(self.model) if self.half_types and not self._as_it_computes else nullcontext()
        with _tracing, precise, tapped(self.model, replaced, folder) as notes:
            answer = self.model(form.pack(list(flat)), training=False)
        self.folded = () if folder is None else tuple(folder.folded)
        outputs = self._outputs(answer)
        if not self._as_it_computes:
            self.left_half = still_half(outputs[0].graph, flat[self.image_index(form)])
        reachable = [note for note in notes if getattr(note.tensor, "graph", None) is outputs[0].graph]
        image = flat[self.image_index(form)]
        every = named(reachable)
        layers = _within_attention(with_axes([tap for tap in every if not tap.is_attention]), every)
        self.called = tuple(tap.layer for tap in layers)
        attentions = tuple(tap for tap in every if tap.is_attention)
        return Taps(image, layers, outputs, scored=self._scored(answer), attentions=attentions)

    def _scored(self, answer: Any) -> tuple[tf.Tensor, Head] | ValueError:
        try:
            return find_logits(self._named_output(answer), declared_task(self.model))
        except ValueError as refused:
            return refused

    def _outputs(self, answer: Any) -> tuple[tf.Tensor, ...]:
        """The output named, or all of them."""
        import tensorflow as tf

        asked = answer if self.output is None else self._named_output(answer)
        return tuple(tensor for tensor in tf.nest.flatten(asked) if hasattr(tensor, "graph"))

    def _shared_function(self, form: InputForm) -> tuple[Any, list[Any]]:
        """The model's own answer, as another one who traced it may have made it; a model that was changed since is another."""
        known = _own_answers.get()
        if known is None:
            return self._own_function(form)
        key = (id(self.model), Structure(self.model).digest(), self.output, form.key)  # the function keeps the model
        if key not in known:
            known[key] = self._own_function(form)
        return known[key]

    def _own_function(self, form: InputForm, tap: bool = False, scores: bool = False) -> tuple[Any, list[Any]]:
        import tensorflow as tf

        def answer(*flat: tf.Tensor) -> tf.Tensor:
            made = self._outputs(self.model(form.pack(flat), training=False)) if not (tap or scores) else made_of(flat)
            parts = [tf.reshape(tf.cast(each, tf.float32), [tf.shape(each)[0], -1]) for each in made]
            return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)

        def made_of(flat: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
            taps = self.trace(form, flat)
            return (taps.logits,) if scores and taps.has_scores else taps.outputs

        specs = [tf.TensorSpec((None, *shape), dtype) for shape, dtype in zip(form.shapes, form.dtypes, strict=True)]
        with _tracing, losses_kept(self.model):
            self._as_it_computes = scores
            try:
                function = tf.function(answer, autograph=False).get_concrete_function(*specs)
            finally:
                self._as_it_computes = False
        return function, written_variables(function)

    def _named_output(self, answer: Any) -> Any:
        outputs = outputs_by_name(answer, self.model)
        if self.output is None:
            if len(outputs) == 1:
                return next(iter(outputs.values()))
            raise ValueError(
                f"Expected output= to name one of the model's {len(outputs)} outputs. Received none. "
                f"Use one of: {', '.join(outputs)}."
            )
        if self.output not in outputs:
            raise ValueError(missing_from_model("output", self.output, list(outputs)))
        return outputs[self.output]


def _within_attention(layers: Sequence[TappedLayer], every: Sequence[TappedLayer]) -> tuple[TappedLayer, ...]:
    """The layers, those inside of an attention layer without axes: queries [B,T,heads,C] are no picture, though of its rank."""
    inside = tuple(tap.path.rpartition("/")[0] + "/" for tap in every if tap.is_attention)
    return tuple(replace(tap, axes=None) if tap.path.startswith(inside) else tap for tap in layers)


def outputs_by_name(answer: Any, model: Any) -> dict[str, Any]:
    """What a model answers, by the names of its outputs."""
    if isinstance(answer, dict):
        return dict(answer)
    if isinstance(answer, (list, tuple)):
        names = getattr(model, "output_names", None) or [f"output_{i}" for i in range(len(answer))]
        if len(set(names)) != len(answer):
            names = [f"output_{i}" for i in range(len(answer))]
        return dict(zip(names, answer, strict=True))
    return {"output": answer}


def _refuse_other_backends(model: Any) -> None:
    if not any(ancestor.__module__.startswith("tf_keras") for ancestor in type(model).__mro__):
        import keras

        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                f"Expected Keras on the TensorFlow backend. It runs on {keras.backend.backend()!r}. "
                f"Set KERAS_BACKEND=tensorflow in the environment before Python starts."
            )
    if not callable(model) or not hasattr(model, "_flatten_layers"):
        raise ValueError(
            f"Expected a Keras model. Received {type(model).__module__}.{type(model).__name__}. "
            f"Load it with featurelens.models.load_model, or keras.models.load_model."
        )


def gradients(scores: Any, tensors: dict[str, Any]) -> list[Any]:
    """d score / d tensor of each image, float32, for several tensors in one backward pass; inside of a graph.

    Args:
        scores: float32[B], the score of each image.
        tensors: {what it is, for the message: tensor [B, ...]}.

    Raises:
        ValueError: The scores do not depend on a tensor by anything that can be differentiated.
    """
    import tensorflow as tf

    for what, tensor in tensors.items():
        if not tensor.dtype.is_floating:
            raise ValueError(
                f"Expected real numbers where a gradient is taken. Received {tensor.dtype.name} for {what}, which has none. "
                f"Use a method that needs no gradient there: GradCAM and the other class activation maps, Occlusion, RISE "
                f"or ScoreCAM for a picture of whole numbers; ActivationExtractor for words."
            )
    mend_volume_pooling(scores.graph)
    mend_grey_convolution(scores.graph)
    slopes = tf.gradients(scores, list(tensors.values()))
    for what, slope in zip(tensors, slopes, strict=True):
        if slope is None:
            raise ValueError(
                f"Expected the logits to depend on {what}. No gradient leads there: it is not on the way to this "
                f"output, or is made of whole numbers. Choose another layer, input (wrt=) or output (output=)."
            )
    return [tf.cast(tf.convert_to_tensor(slope), tf.float32) for slope in slopes]
