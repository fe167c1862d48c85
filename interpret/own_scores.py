"""Another number than a class: a model whose answer is the number to explain, so that everything that explains a model does.

`scored(model, "conv2:31")` shares the layers and the weights of the model it is made of, and answers how far channel 31 of conv2
goes: its Grad-CAM is the evidence for that channel. So every method, `versus`, the removal of pixels and the measures of trust
work on it as on any regression, and the proof that what was traced is what the model answers holds of it, too.

Over a mask: Vinogradova, Dibrov, Myers, "Towards Interpretable Semantic Segmentation via Gradient-weighted Class Activation
Mapping", 2020, arXiv:2002.11434: the score is the sum of a class's logits over the places of a mask (eq. 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..kinds import checks_kinds
from .graph.head import REGRESSION
from .graph.keras_library import library_of
from .graph.tasks import declare_task, declared_task
from .tracing.inputs import missing_from_model

Score = str | Callable[[Any], Any]
_NEURON = re.compile(r"^(?P<layer>.+):(?P<channel>\d+)(?:@(?P<row>\d+),(?P<column>\d+))?$")
_SQUASHING = ("softmax", "sigmoid")
DIRECTIONS = ("up", "down")


@dataclass(frozen=True)
class Scored:
    """What a scored model answers, in words."""

    name: str  # 'conv2:31', or that of the function
    unit: str  # 'activation', or as it was given


_told: WeakKeyDictionary[Any, Scored] = WeakKeyDictionary()


@checks_kinds
def scored(model: Any, score: Score, *, unit: str | None = None) -> Any:
    """A model that answers a number of one's own choice, to be explained in the place of a class.

    Args:
        model: A Keras model with a graph of its own (Sequential or Functional); for a function also a subclassed one.
        score: 'conv2:31', the mean of channel 31 over the places of layer conv2; 'conv2:31@4,5', that channel at row 4 and
            column 5; 'dense1:7', a unit; 'region:2', class 2 of a model of pixels over its region, as `over_region`.
            Or a function of the model's outputs, as tensors: the logits, where the last layer is a
            softmax or a sigmoid and can be seen, else what the model answers. It gives [B], or [B,N] for N numbers, of which
            `classes` and `versus` then choose. `over_mask` makes one for a class over a mask.
        unit: Of the number; None: 'activation' for a layer, 'score' for a function.

    Returns:
        A Keras model of the same inputs and weights, declared a regression: no probability and no class name is told of it.

    Raises:
        ValueError: The layer, its channel or its place is unknown, or the model has no graph to find it in; or the function
            gives something else than [B] or [B,N].

    Example:
        >>> GradCAM(scored(model, "conv2:31"))(data).shape
        (20, 14, 14)
        >>> Saliency(scored(model, lambda logits: logits[:, 9] - logits[:, 7], unit="logit"))(data).shape
        (20, 28, 28)
    """
    if isinstance(score, str) and score.startswith("region:") and not _has_layer(model, "region"):
        made, told = _of_function(model, _region(model, score)), Scored(score, unit or "logit")
    elif isinstance(score, str):
        made, told = _of_layer(model, score), Scored(score, unit or "activation")
    else:
        made, told = _of_function(model, score), Scored(getattr(score, "__name__", "score"), unit or "score")
    declare_task(made, REGRESSION)
    _told[made] = told
    return made


def scored_as(model: Any) -> Scored | None:
    """What a model that `scored` made answers; None for any other."""
    return _told.get(model)


@checks_kinds
def over_mask(mask: np.ndarray, label: int) -> Callable[[Any], Any]:
    """The score of a class over a mask: the sum of its values at the places of the mask (arXiv:2002.11434, eq. 3).

    Args:
        mask: bool or float[H,W], at the size of the model's answers [B,H,W,K].
        label: The class.

    Example:
        >>> scored(segmenter, over_mask(mask, 2), unit="logit")                                 # doctest: +SKIP
    """
    weights = np.asarray(mask, np.float32)
    if weights.ndim != 2 or not weights.size:
        raise ValueError(
            f"Expected a mask [H,W] at the size of the answers. Received shape {list(weights.shape)}. Give the mask of one image."
        )

    def summed(outputs: Any) -> Any:
        import tensorflow as tf

        shape = tuple(outputs.shape)[1:]
        if len(shape) != 3 or shape[:2] != weights.shape or not 0 <= label < shape[2]:
            raise ValueError(
                f"Expected answers (B, {weights.shape[0]}, {weights.shape[1]}, K) with K above {label}, as the mask and the "
                f"class say. Received {('B', *shape)}. Give a mask of the answers' size and one of their classes."
            )
        return tf.reduce_sum(tf.cast(outputs, tf.float32)[..., label] * weights, axis=(1, 2))

    summed.__name__ = f"class {label} over a mask of {int((weights > 0).sum())} places"
    return summed


@checks_kinds
def over_region(label: int) -> Callable[[Any], Any]:
    """The score of a class over the places where it is the class that the model names: of each image its own region.

    The sum of the class's values there (arXiv:2002.11434, eq. 3, with the predicted region as the mask); 0 for an image where it
    is named nowhere. The region is held fixed: its border has no gradient.

    Args:
        label: The class.

    Example:
        >>> GradCAM(scored(segmenter, over_region(2), unit="logit"), "bottleneck")(images)      # doctest: +SKIP
    """

    def summed(outputs: Any) -> Any:
        import tensorflow as tf

        shape = tuple(outputs.shape)[1:]
        if len(shape) != 3 or not 1 < (shape[2] or 0) > label >= 0:
            raise ValueError(
                f"Expected answers (B, H, W, K) of two classes or more, with class {label} among them. Received {('B', *shape)}. "
                f"Choose a class that the model names; of one channel give the mask of its region, over_mask(mask, 0)."
            )
        values = tf.cast(outputs, tf.float32)
        named = tf.argmax(values, axis=-1) == label
        return tf.reduce_sum(values[..., label] * tf.cast(named, tf.float32), axis=(1, 2))

    summed.__name__ = f"class {label} over its region"
    return summed


def over_regions(masks: np.ndarray, labels: np.ndarray) -> Callable[[Any], Any]:
    """The scores of N images, each of a class over a mask of its own: number n is class `labels[n]` summed over `masks[n]`.

    Every image is answered all N numbers, of which its own is explained: `measure_trust(..., explained=np.arange(N))`. So the
    mask of an image is held while its pixels are removed and while the weights are shuffled.

    Args:
        masks: bool[N,H,W], at the size of the model's answers [B,H,W,K].
        labels: int[N], a class for each.
    """
    kinds = [int(label) for label in np.unique(labels)]
    order = np.argsort(np.concatenate([np.flatnonzero(labels == label) for label in kinds]))
    chosen = [masks[labels == label].reshape(int((labels == label).sum()), -1).T.astype(np.float32) for label in kinds]

    def summed(outputs: Any) -> Any:
        import tensorflow as tf

        values = tf.cast(outputs, tf.float32)
        rows = tf.shape(values)[0]
        flat: Any = tf.reshape(values, [rows, masks.shape[1] * masks.shape[2], values.shape[-1]])
        found = tf.concat([flat[..., label] @ mask for label, mask in zip(kinds, chosen, strict=True)], axis=1)
        return tf.ensure_shape(tf.gather(found, order, axis=1), [None, len(labels)])

    summed.__name__ = "classes over their regions"
    return summed


def of_one_channel(score: Callable[[Any], Any], halfway: float = 0.0) -> Callable[[Any], Any]:
    """A score of two classes for a model of one channel: at each pixel z speaks for class 1, -z for class 0.

    Args:
        score: Such as `over_region(1)`, of [B,H,W,2].
        halfway: What stands between the classes: 0 of a logit, 0.5 of a probability behind which no logit is seen.
    """

    def of_two(outputs: Any) -> Any:
        import tensorflow as tf

        z = tf.cast(outputs, tf.float32) - halfway
        return score(tf.concat([-z, z], axis=-1))

    of_two.__name__ = getattr(score, "__name__", "score")
    return of_two


def shows_logits(model: Any) -> bool:
    """Whether a score is a function of what goes into the softmax or sigmoid at the end, rather than of what comes out."""
    made = getattr(model, "outputs", None)
    return bool(made) and _before_squashing(model) is not made[0]


@checks_kinds
def number_of(model: Any, number: int = 0, *, direction: str = "up", unit: str | None = None) -> Any:
    """A regression that answers one of its numbers, as it is or with its sign turned: what raises it, or what lowers it.

    Args:
        model: A Keras model whose answers are numbers; it is declared a regression.
        number: Which of several.
        direction: 'up': maps show what raises the number; 'down': what lowers it.
        unit: Of the number, such as 'years'; None: 'answer'.

    Raises:
        ValueError: The direction is neither, or there is no such number.

    Example:
        >>> GradCAM(number_of(regressor, direction="down"))(data[:2])                           # doctest: +SKIP
    """
    if direction not in DIRECTIONS:
        raise ValueError(
            f"Expected the direction 'up' or 'down'. Received {direction!r}. 'up' explains what raises the number, 'down' what "
            f"lowers it."
        )
    declare_task(model, REGRESSION)
    width = (getattr(model, "output_shape", None) or (None, None))[-1]
    if number < 0 or (isinstance(width, int) and number >= width):
        raise ValueError(f"Expected one of the model's {width} numbers, from 0 on. Received {number}. Choose another.")
    sign = 1.0 if direction == "up" else -1.0

    def answer(values: Any) -> Any:
        import tensorflow as tf

        columns = _columns(tf.cast(values, tf.float32))
        return sign * tf.reshape(columns, [tf.shape(columns)[0], -1])[:, number]

    answer.__name__ = "the number" if direction == "up" else "the number, its sign turned"
    return scored(model, answer, unit=unit or "answer")


def _has_layer(model: Any, name: str) -> bool:
    return any(layer.name == name for layer in getattr(model, "layers", ()))


def _region(model: Any, score: str) -> Callable[[Any], Any]:
    """The score 'region:2', with one channel as two classes."""
    shape, label = getattr(model, "output_shape", None), score.removeprefix("region:")
    channels = shape[-1] if isinstance(shape, tuple) and len(shape) == 4 else 0
    classes = 2 if channels == 1 else channels or 0
    if not label.isdecimal() or int(label) >= classes:
        known = f"0 to {classes - 1}" if classes else "none: it answers no class at every pixel, (B, H, W, K)"
        raise ValueError(
            f"Expected a score region:CLASS with a class of the model ({known}). Received {score!r}. Give the number of one, as "
            f"in 'region:1', or the channel of a layer, as in 'conv2:31'."
        )
    made = over_region(int(label))
    if channels != 1:
        return made
    if not shows_logits(model):
        raise ValueError(
            f"Expected a model of one channel that ends in a sigmoid layer for the score {score!r}, whose logit tells two "
            f"classes apart. Received one whose last layer is another. In Python give over_mask(mask, 0)."
        )
    return of_one_channel(made)


def _of_layer(model: Any, score: str) -> Any:
    found = _NEURON.match(score)
    if found is None:
        raise ValueError(
            f"Expected a score as LAYER:CHANNEL, LAYER:CHANNEL@ROW,COLUMN or a function. Received {score!r}. Write it as in "
            f"'conv2:31'."
        )
    tensor = _tensor(model, found["layer"])
    channel = int(found["channel"])
    shape = tuple(tensor.shape)[1:]
    channels = shape[-1] if shape else None
    if channels is None or channel >= channels:
        raise ValueError(
            f"Expected a channel of {found['layer']!r}, 0 to {(channels or 1) - 1}. Received {channel}. Choose one of these."
        )
    place = None if found["row"] is None else (int(found["row"]), int(found["column"]))
    _check_place(found["layer"], shape, place)

    def answer(values: Any) -> Any:
        import tensorflow as tf

        one = tf.cast(values, tf.float32)[..., channel]
        if place is not None:
            return one[:, place[0], place[1]]
        return tf.reduce_mean(tf.reshape(one, [tf.shape(one)[0], -1]), axis=1)

    return _model(model, tensor, answer)


def _check_place(layer: str, shape: tuple[int | None, ...], place: tuple[int, int] | None) -> None:
    if place is None:
        return
    if len(shape) != 3 or any(size is not None and at >= size for at, size in zip(place, shape, strict=False)):
        raise ValueError(
            f"Expected a place of {layer!r}, whose outputs are {('B', *shape)}. Received row {place[0]}, column {place[1]}. "
            f"Choose one within, or leave @ROW,COLUMN out."
        )


def _tensor(model: Any, name: str) -> Any:
    """What a layer puts out, in the model's own graph."""
    if not getattr(model, "inputs", None) or not hasattr(model, "layers"):
        raise ValueError(
            f"Expected a model with a graph of its own (Sequential or Functional) for the score {name!r}. Received one that "
            f"finds its answers by being called. Give a function of its answers."
        )
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(missing_from_model("layer", name, names))
    return model.get_layer(name).output


def _of_function(model: Any, score: Callable[[Any], Any]) -> Any:
    if getattr(model, "inputs", None):
        return _model(model, _before_squashing(model), score)
    library = library_of(model)

    class Answering(library.Model):  # type: ignore[misc,name-defined]
        """A model without a graph, and the score of what it answers."""

        def __init__(self) -> None:
            super().__init__(name=model.name)
            self.inner = model

        def call(self, inputs: Any, training: bool = False) -> Any:
            return _columns(score(self.inner(inputs, training=training)))

    return Answering()


def _before_squashing(model: Any) -> Any:
    """The values before a softmax or sigmoid at the end, where the last layer shows them; else the model's answers.

    Of a regression the answers are the numbers, whatever they come out of.
    """
    outputs = model.outputs
    if len(outputs) != 1 or declared_task(model) == REGRESSION:
        return model.output if len(outputs) != 1 else outputs[0]
    last = next((layer for layer in reversed(model.layers) if layer.output is outputs[0]), None)
    if last is None:
        return outputs[0]
    if type(last).__name__ in ("Softmax", "Activation") and _squashes(last):
        return last.input
    if not _squashes(last) or not hasattr(last, "kernel"):
        return outputs[0]
    plain = type(last).from_config({**last.get_config(), "activation": None, "name": f"{last.name}_before_activation"})
    made = plain(last.input)
    for own, other in zip(plain.variables, last.variables, strict=True):
        own.assign(other)
    return made


def _squashes(layer: Any) -> bool:
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return type(layer).__name__ == "Softmax" or name in _SQUASHING


def _model(model: Any, tensor: Any, answer: Callable[[Any], Any]) -> Any:
    library = library_of(model)

    class Answer(library.layers.Layer):  # type: ignore[misc,name-defined]
        """The number to explain; a copy of the model takes the same function."""

        def __init__(self, answer: Callable[[Any], Any], **settings: Any) -> None:
            super().__init__(**settings)
            self.answer = answer

        def call(self, values: Any) -> Any:
            return _columns(self.answer(values))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "answer": self.answer}

    given = getattr(model, "input", model.inputs)
    alone = given[0] if isinstance(given, (list, tuple)) and len(given) == 1 else given
    made = library.Model(alone, Answer(answer, name="score")(tensor), name=model.name)
    width = made.output_shape
    if not (isinstance(width, tuple) and len(width) == 2):
        raise ValueError(
            f"Expected a function that gives [B] or [B,N]. Received {width}. Sum or average over the other axes."
        )
    return made


def _columns(values: Any) -> Any:
    """[B] as [B,1]."""
    return values[:, None] if len(values.shape) == 1 else values
