"""A copy of a model that shares nothing with it, so that the user's model is never touched.

There is no one way that copies every Keras model, so several are tried, and each copy has to prove itself: none of its
weights is one of the model's, none of its layers is either, and it answers as the model does. The ways:

1. `clone_model`, which knows Sequential and Functional models, with layers that no file could name;
2. `from_config(get_config())`, which knows subclassed models that say how they are made;
3. a deep copy, by which Keras writes the model to a buffer and reads it back;
4. its class, called without arguments, which many a subclassed model allows.

Weights are then set to the model's. Where no way leads to a copy that proves itself, the user is asked for one: shuffling
the weights in place and putting them back would leave a broken model behind an interruption.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..graph.keras_library import library_of
from ..graph.state.written_variables import kept, variables_of
from ..graph.tasks import declare_task, declared_task
from ..tracing.inputs import Arrays
from ..tracing.layer_hooks import losses_kept
from ..tracing.traced_model import TracedModel

Copier = Callable[[Any], Any]  # a model -> another one, built alike

_PROOF_IMAGES = 4
_TOLERANCE = 1e-4  # of the largest answer


def independent_copy(model: Any, images: Arrays, copier: Copier | None = None) -> Any:
    """A copy with weights of its own that answers as `model` does.

    Args:
        model: A Keras model.
        images: Some that it takes, to prove the copy by; the first four are used.
        copier: Makes another model that is built alike, where the known ways fail; its weights are set here.

    Raises:
        ValueError: No way gives a copy that is independent and answers alike; the message says why each failed.
    """
    ways: Sequence[tuple[str, Copier]] = [("copier", copier)] if copier is not None else _WAYS
    answers = _answers(model, images)  # also since a model that was never called has no weights yet
    failures = []
    for name, way in ways:
        try:
            made = _with_weights(model, way, images)
        except Exception as error:  # a way that fails may do so by any error of Keras or of the user's layers
            failures.append(f"{name}: {type(error).__name__}: {str(error).strip().splitlines()[0][:160]}")
            continue
        flaw = _flaw(model, made, images, answers)
        if flaw is None:
            return made
        failures.append(f"{name}: {flaw}")
    raise ValueError(
        f"Expected a model that can be copied, since its own weights must not be touched. Model "
        f"{getattr(model, 'name', type(model).__name__)!r} could not be ({'; '.join(failures)}). "
        f"Give copier=, a function that builds such a model anew: copier=lambda model: MyModel()."
    )


def _with_weights(model: Any, way: Copier, images: Arrays) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a way that may fail: then another is tried
        made = way(model)
    if _shares(made, model):
        return made
    _unfreeze(made)
    if len(made.weights) < len(model.weights):
        _answers(made, images)  # makes the weights of a model that has none before its first call
    if not _shares(made, model):
        made.set_weights(model.get_weights())
        declare_task(made, declared_task(model))
    return made


def _flaw(model: Any, made: Any, images: Arrays, answers: list[np.ndarray]) -> str | None:
    """What is wrong with a copy of a model that gives these answers; None where nothing is."""
    if _shares(made, model):
        return "it shares layers or weights with the model"
    for expected, found in zip(answers, _answers(made, images), strict=True):
        if np.abs(found - expected).max() > _TOLERANCE * max(1.0, np.abs(expected).max()):
            return "it does not answer as the model does"
    return None


def _answers(model: Any, images: Arrays) -> list[np.ndarray]:
    """All outputs for the first images."""
    import tensorflow as tf

    traced = TracedModel(model)
    form = traced.form_of(images)
    inputs = form.pack([array[:_PROOF_IMAGES] for array in form.flatten(images)])
    with losses_kept(model), kept(variables_of(model)):
        return [np.asarray(output, dtype=np.float32) for output in tf.nest.flatten(model(inputs, training=False))]


def _unfreeze(made: Any) -> None:
    """Let a `call` that is a tf.function run as plain Python: Keras's layers inside of it keep their first weights."""
    for part in [made, *made._flatten_layers(include_self=False)]:
        plain = getattr(part.call, "python_function", None)
        if plain is not None:
            object.__setattr__(part, "call", plain)


def _shares(one: Any, other: Any) -> bool:
    return not _parts(one).isdisjoint(_parts(other))


def _parts(model: Any) -> set[int]:
    """Identities of the model, its layers and its weights."""
    return {id(part) for part in [model, *model._flatten_layers(include_self=False), *model.weights]}


_WAYS: tuple[tuple[str, Copier], ...] = (
    ("clone_model", lambda model: library_of(model).models.clone_model(model)),
    ("from_config", lambda model: type(model).from_config(model.get_config())),
    ("a copy by way of its file", copy.deepcopy),
    ("its class without arguments", lambda model: type(model)()),
)
