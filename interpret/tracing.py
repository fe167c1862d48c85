"""Trace a Keras model once, and tap every layer on the way.

A layer's `output` may lie on no path to the model's answer (a Sequential from disk keeps several inbound nodes; nested
and subclassed models have no usable graph). What the model computes when it is called is certain: so `model(x,
training=False)` is traced once into a TensorFlow graph, and while it traces, each layer's `call` notes its output. The
noted tensors are on the path by construction, and gradients between any two of them are exact.

The model is left as it was: the `call` methods are put back, also after an error, and nothing of the trace stays in it.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .heads import Head, find_logits
from .inputs import Arrays, InputForm, declared_inputs, observed_inputs, unknown_name

if TYPE_CHECKING:
    import tensorflow as tf

_tracing = threading.RLock()  # `call` methods are replaced for the time of a trace: one trace at a time


@dataclass(frozen=True, eq=False)
class TappedLayer:
    """One call of one layer, as it happened."""

    name: str  # as the user may write it: 'conv1', 'base/conv1', 'conv1:1' for the second call
    path: str  # the full 'outer/inner' name
    layer: Any  # the Keras layer
    tensor: Any  # tf.Tensor [B, ...], what it put out


@dataclass(frozen=True, eq=False)
class Taps:
    """A traced model: symbolic tensors, all in one graph."""

    image: tf.Tensor  # [B,H,W,C], the input that maps are made of
    logits: tf.Tensor  # float32[B,K]
    head: Head
    layers: tuple[TappedLayer, ...]  # in order of execution

    def find(self, name: str) -> TappedLayer:
        """The layer called `name`, or by its full path.

        Raises:
            ValueError: There is no such layer (names the nearest), or several inner layers share this bare name.
        """
        for layer in self.layers:
            if name in (layer.name, layer.path):
                return layer
        shared = [layer.path for layer in self.layers if layer.path.rsplit("/", 1)[-1] == name]
        if shared:
            raise ValueError(
                f"Expected one layer {name!r}; {len(shared)} have this name. Write the full one: {', '.join(shared)}."
            )
        raise ValueError(unknown_name("layer", name, [layer.name for layer in self.layers]))


class TracedModel:
    """A Keras model as a function of its inputs, ready to be turned into programs.

    Args:
        model: Any Keras model on the TensorFlow backend that answers one score per class.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
    """

    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        _refuse_other_backends(model)
        self.model = model
        self.form = declared_inputs(model)
        self._output = output
        self._wrt = wrt

    @property
    def name(self) -> str:
        """The model's own name."""
        return str(getattr(self.model, "name", type(self.model).__name__))

    def form_of(self, arrays: Arrays) -> InputForm:
        """The declared form of the inputs; for a model that declares none, that of `arrays`."""
        return self.form if self.form is not None else observed_inputs(arrays)

    def image_index(self, form: InputForm) -> int:
        """Which of the flat inputs is the image."""
        return form.image_index(self._wrt)

    def build(self, form: InputForm, flat: Sequence[np.ndarray]) -> None:
        """Create the variables of a model that was never called, as its first call would."""
        if not getattr(self.model, "built", True):
            self.model(form.pack([array[:1] for array in flat]), training=False)

    def answer(self, form: InputForm, flat: Sequence[np.ndarray]) -> np.ndarray:
        """The model's own answer, by calling it; float64[B,units]."""
        answer = self._named_output(self.model(form.pack(list(flat)), training=False))
        values = np.asarray(answer).astype(np.float64)
        return values.reshape(len(values), -1)

    def trace(self, form: InputForm, flat: Sequence[tf.Tensor]) -> Taps:
        """Run the model symbolically; call this inside of a graph only."""
        with _tracing, _tapped(self.model) as notes:
            answer = self._named_output(self.model(form.pack(list(flat)), training=False))
        logits, head = find_logits(answer)
        reachable = [note for note in notes if getattr(note.tensor, "graph", None) is answer.graph]
        return Taps(image=flat[self.image_index(form)], logits=logits, head=head, layers=_named(reachable))

    def _named_output(self, answer: Any) -> Any:
        outputs = _outputs_by_name(answer, self.model)
        if self._output is None:
            if len(outputs) == 1:
                return next(iter(outputs.values()))
            raise ValueError(
                f"Expected output= to name one of the model's {len(outputs)} outputs. Received none. "
                f"Use one of: {', '.join(outputs)}."
            )
        if self._output not in outputs:
            raise ValueError(unknown_name("output", self._output, list(outputs)))
        return outputs[self._output]


@dataclass
class _Notes:
    """What the layers of one trace put out, in order, with the stack of calls under way."""

    thread: int
    stack: list[str] = field(default_factory=list)
    made: list[TappedLayer] = field(default_factory=list)


def _outputs_by_name(answer: Any, model: Any) -> dict[str, Any]:
    if isinstance(answer, dict):
        return dict(answer)
    if isinstance(answer, (list, tuple)):
        names = getattr(model, "output_names", None) or [f"output_{i}" for i in range(len(answer))]
        if len(set(names)) != len(answer):
            names = [f"output_{i}" for i in range(len(answer))]
        return dict(zip(names, answer, strict=True))
    return {"output": answer}


@contextmanager
def _tapped(model: Any) -> Iterator[list[TappedLayer]]:
    """For the time of the block, each layer of `model` notes what it puts out."""
    notes = _Notes(threading.get_ident())
    layers = list({id(layer): layer for layer in model._flatten_layers(include_self=False)}.values())
    losses = [
        (layer, list(kept)) for layer in [model, *layers] if (kept := getattr(layer, "_losses", None)) is not None
    ]
    before = [(layer, "call" in vars(layer), layer.call) for layer in layers]
    try:
        for layer, _, call in before:
            object.__setattr__(layer, "call", _noting(layer, call, notes))
        yield notes.made
    finally:
        for layer, own, call in before:
            if own:
                object.__setattr__(layer, "call", call)
            else:
                object.__delattr__(layer, "call")
        for layer, kept in losses:  # an activity regulariser adds a symbolic loss that no one may see later
            layer._losses[:] = kept


def _noting(layer: Any, call: Callable[..., Any], notes: _Notes) -> Callable[..., Any]:
    import tensorflow as tf

    @functools.wraps(call)
    def noted(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != notes.thread:
            return call(*args, **kwargs)
        notes.stack.append(layer.name)
        try:
            outputs = call(*args, **kwargs)
            path = "/".join(notes.stack)
        finally:
            notes.stack.pop()
        for tensor in tf.nest.flatten(outputs)[:1]:
            notes.made.append(TappedLayer(layer.name, path, layer, tensor))
        return outputs

    return tf.autograph.experimental.do_not_convert(noted)


def _named(notes: Sequence[TappedLayer]) -> tuple[TappedLayer, ...]:
    """Give each call its name: the bare one where that is clear, and ':1' for a layer's second call."""
    paths_of: dict[str, set[str]] = {}
    for note in notes:
        paths_of.setdefault(note.name, set()).add(note.path)
    calls: Counter[str] = Counter()
    named = []
    for note in notes:
        suffix = f":{calls[note.path]}" if calls[note.path] else ""
        calls[note.path] += 1
        bare = note.name if len(paths_of[note.name]) == 1 else note.path
        named.append(TappedLayer(bare + suffix, note.path + suffix, note.layer, note.tensor))
    return tuple(named)


def _refuse_other_backends(model: Any) -> None:
    if not type(model).__module__.startswith("tf_keras"):
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
