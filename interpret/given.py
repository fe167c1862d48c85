"""What people have, turned into what the engine takes; the one place for all public functions and methods.

    images   an array, a tensor, a list or dict of them as the model takes it          as they are, as `model.predict` does
             a `Dataset`, or whatever has `.images`                                    its images
             a `tf.data.Dataset`, a Keras iterator, a generator, of images or pairs    as they are, gathered
             a picture file, a list of them, a folder, any file that `open_dataset`    read, brought to the size and the
             reads                                                                     range that the model takes
    labels   left out                                                                  those that come with the images
    classes  a name, or a name for each image                                          by the names of the data or the card
    layers   a name, an index of `model.layers`, the layer, a record of `inspect_model`

`takes_given` is put on a function that has parameters of these names. Paths are read by models/, which this folder does not
import: the package's top passes the question on (`featurelens.ask`).
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .. import ask
from ..kinds import check_of
from .tracing.inputs import missing_from_model

P = ParamSpec("P")
R = TypeVar("R")
Layer = Any  # a layer's name, its index in `model.layers`, the Keras layer, or a `LayerInformation`
Layers = Any  # one of these, or a sequence of them
_MOST_BYTES = 16 * 2**30  # of a source that is gone through: one without an end is refused
_CLASSES = ("classes", "versus")
_OF_EACH = ("labels", "explained")  # a class for each image
_LAYERS = ("layer", "layers", "cam_layer")


@dataclass(frozen=True, eq=False)
class Given:
    """Images as the engine takes them, and what came with them."""

    images: Any  # arrays, in the form that the model takes
    labels: np.ndarray | None = None  # int64[B]; None where none came
    class_names: tuple[str, ...] | None = None  # None where the source does not name them


def takes_given(function: Callable[P, R]) -> Callable[P, R]:
    """The function with its `images`, `labels`, `classes`, `versus` and layers as people have them; the rest as in `kinds`.

    The model is its parameter `model`, or `self.model`, or the model of its parameter `method`.
    """
    signature = inspect.signature(function)
    check = check_of(signature)

    @functools.wraps(function)
    def taking(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        check(bound.arguments)
        _settle(bound.arguments, signature.parameters)
        return function(*bound.args, **bound.kwargs)

    return taking


def _settle(arguments: dict[str, Any], known: Any) -> None:
    """Replace what was given, in place."""
    model = _model_of(arguments)
    _refuse_none(arguments, known)
    for name in _LAYERS:
        if arguments.get(name) is not None:
            one = name != "layers"
            arguments[name] = layer_name(model, arguments[name]) if one else layer_names(model, arguments[name])
    if "images" not in arguments or arguments["images"] is None:
        return
    given = given_images(arguments["images"], model)
    arguments["images"] = given.images
    if "labels" in known and arguments.get("labels") is None and given.labels is not None:
        arguments["labels"] = given.labels
    for name in _OF_EACH:
        if arguments.get(name) is not None:
            _refuse_other_length(name, arguments[name], given.images)
    for name in _CLASSES:
        if arguments.get(name) is not None:
            arguments[name] = class_numbers(arguments[name], given.class_names, model)


def _refuse_none(arguments: dict[str, Any], known: Any) -> None:
    """Refuse no images where some are needed."""
    if "images" not in arguments or known["images"].default is None:
        return
    images = arguments["images"]
    if (
        images is None
        or (isinstance(images, (list, tuple, dict)) and not images)
        or getattr(images, "shape", ())[:1] == (0,)
    ):
        raise ValueError(
            f"Expected at least one image. Received {'None' if images is None else 'an empty set'}. Give some images: an array "
            f"float32[B,H,W,C], a Dataset, or the path of your pictures."
        )
    if isinstance(images, dict) and not all(np.ndim(each) for each in images.values()):
        raise ValueError(
            f"Expected the inputs of a model by name, each an array. Received a dict of {', '.join(map(str, images))}, of which "
            f"one is none. Give arrays, as in {{'picture': images, 'age': ages}}."
        )


def _refuse_other_length(name: str, given: Any, images: Any) -> None:
    """Refuse numbers that are not one for each image."""
    shape, count = np.shape(given), len(images) if hasattr(images, "shape") else None
    if len(shape) not in (1, 2) or (count is not None and shape[0] != count):
        raise ValueError(
            f"Expected {name} as int[{'B' if count is None else count}], one for each image. Received shape {list(shape)}. Give "
            f"them in the order of the images."
        )


def _model_of(arguments: dict[str, Any]) -> Any:
    holder = arguments.get("self", arguments.get("method"))
    return arguments.get("model", getattr(holder, "model", None))


def given_images(source: Any, model: Any = None) -> Given:
    """The images of a source, with labels and class names where it has them.

    Args:
        source: See the module's text.
        model: The Keras model that they are for; needed where they come as paths.

    Raises:
        ValueError: There is nothing in it, it has no end, its pictures differ in size, or a path cannot be read.

    Example:
        >>> given_images(iter([np.zeros((2, 4, 4, 1)), np.ones((1, 4, 4, 1))])).images.shape
        (3, 4, 4, 1)
    """
    if are_paths(source) and not _takes_words(model):
        if model is None:
            raise ValueError(
                f"Expected images as arrays where no model tells their size. Received the path {_first(source)!r}. "
                "Read them with featurelens.models.open_dataset(path, model=model)."
            )
        source = ask("dataset", source, model)
    elif model is not None and hasattr(source, "value_range") and hasattr(source, "preparation"):
        ask("range", model, source)  # a Dataset knows its range: black pictures would give maps that mean nothing
    if hasattr(source, "images") and hasattr(source, "class_names"):
        truth = getattr(source, "truth", None)
        if truth is not None:  # numbers, or any of several labels: an image has no class, but its labels have names
            return Given(source.images, None, tuple(truth.names) if hasattr(truth, "on") else None)
        return Given(source.images, getattr(source, "labels", None), tuple(source.class_names))
    if isinstance(source, (list, tuple, dict)) or _is_array(source):
        return Given(source)
    if isinstance(source, Iterable):
        return _gathered(source)
    raise ValueError(
        f"Expected images: an array, paths, a folder, a Dataset, a tf.data.Dataset or a generator. Received "
        f"{type(source).__name__}. Give float32[B,H,W,C], or the path of your pictures."
    )


def are_paths(source: Any) -> bool:
    """Whether a source is a path, or a list of nothing but paths."""
    if isinstance(source, (str, Path)):
        return True
    return isinstance(source, (list, tuple)) and bool(source) and all(isinstance(each, (str, Path)) for each in source)


def _first(source: Any) -> str:
    return str(source[0] if isinstance(source, (list, tuple)) else source)


def _is_array(source: Any) -> bool:
    return hasattr(source, "shape") and (hasattr(source, "__array__") or hasattr(source, "dtype"))


def _takes_words(model: Any) -> bool:
    """Whether the model's own input is text, so that strings are no paths."""
    inputs = getattr(model, "inputs", None) or []
    return any(str(getattr(each.dtype, "name", each.dtype)) == "string" for each in inputs)


def _gathered(source: Any) -> Given:
    """All that can be gone through, in memory, as the engine needs it anyway."""
    batches, labels, held = [], [], 0
    for item in _once(source):
        images, named = item[:2] if isinstance(item, (tuple, list)) and len(item) >= 2 else (item, None)
        images = np.asarray(images[0] if isinstance(images, (tuple, list)) and len(images) == 1 else images)
        one = images.ndim < 4  # a single picture [H,W,C]
        batches.append(images[np.newaxis] if one else images)
        labels += [] if named is None else [np.atleast_1d(_numbers(np.asarray(named), one))]
        held += images.nbytes
        if held > _MOST_BYTES:
            raise ValueError(
                f"Expected a source that ends. Received {sum(map(len, batches)):,} images so far. Give a finite one, as in "
                "dataset.take(100) or itertools.islice(generator, 100)."
            )
    if not batches:
        raise ValueError(
            "Expected images from the source. Received none. Give a generator that was not gone through before."
        )
    forms = {(batch.shape[1:], batch.dtype) for batch in batches}
    if len(forms) > 1:
        shown = " and ".join(f"{dtype}{list(shape)}" for shape, dtype in sorted(forms, key=str)[:2])
        raise ValueError(
            f"Expected images of one size and type. Received {shown}. Resize them in the source, or give their paths."
        )
    known = np.concatenate(labels) if labels else None
    names = getattr(source, "class_names", None)
    return Given(np.concatenate(batches), known, None if names is None else tuple(map(str, names)))


def _once(source: Any) -> Iterable[Any]:
    """What a source gives; of a Keras iterator, which has no end, one round."""
    if hasattr(source, "__len__") and hasattr(source, "__getitem__"):
        return (source[number] for number in range(len(source)))
    endless = hasattr(source, "class_indices") and hasattr(source, "__len__")
    return itertools.islice(source, len(source)) if endless else source


def _numbers(labels: np.ndarray, one: bool) -> np.ndarray:
    """Class numbers of labels that may be one-hot."""
    alone = labels.ndim == 0 if one else labels.ndim == 1
    if alone:
        return labels.astype(np.int64)
    return (labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)).astype(np.int64)


def class_numbers(classes: Any, names: Sequence[str] | None, model: Any) -> Any:
    """Classes by their numbers, where they were given by their names; else as they came.

    Args:
        classes: A name, one for each image, or numbers.
        names: Those that came with the images; None: those of the model's card.
        model: The Keras model.

    Raises:
        ValueError: A name is unknown, or nothing tells the names.

    Example:
        >>> class_numbers(["dog", "cat"], ("cat", "dog"), None).tolist()
        [1, 0]
    """
    words = [classes] if isinstance(classes, str) else _words(classes)
    if not words:
        return classes
    known = names or (None if model is None else ask("class names", model))
    if known is None:
        raise ValueError(
            f"Expected the number of a class: neither the images nor the model's card name the classes. Received "
            f"{words[0]!r}. Give its number, or a Dataset as the images: Dataset.from_arrays(images, labels, class_names)."
        )
    numbers = [_number(each, known) for each in words]
    return numbers[0] if isinstance(classes, str) else np.array(numbers, np.int64)


def _words(classes: Any) -> list[str]:
    """A name for each image; none where classes are numbers.

    Raises:
        ValueError: Some are names, some are not.
    """
    if np.ndim(classes) != 1:
        return []
    words = [str(each) for each in classes if isinstance(each, str)]
    if words and len(words) < len(classes):
        raise ValueError(
            f"Expected names of classes, or numbers. Received both: {list(classes)[:6]}. Give all of them in one way."
        )
    return words


def _number(name: str, known: Sequence[str]) -> int:
    """The class of this name; in another case where only one is so called."""
    exact = [place for place, each in enumerate(known) if each == name]
    alike = exact or [place for place, each in enumerate(known) if each.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    raise ValueError(missing_from_model("class", name, list(known)))


def layer_name(model: Any, layer: Layer) -> str:
    """The name that the engine knows a layer by.

    Args:
        model: A Keras model.
        layer: Its name, its index in `model.layers`, the layer itself, or what `inspect_model` tells of it.

    Raises:
        ValueError: The model has no such layer.
    """
    if isinstance(layer, str):
        return layer
    if isinstance(layer, (int, np.integer)) and type(layer) is not bool:
        return _at(model, int(layer))
    if hasattr(layer, "receptive_field"):
        return str(getattr(layer, "name", ""))
    path = next((path for path, each in _paths(model) if each is layer), None)
    if path is None:
        what = getattr(layer, "name", type(layer).__name__)
        raise ValueError(
            f"Expected a layer of the model {getattr(model, 'name', '')!r}: its name, its index or the layer itself. Received "
            f"{what!r}, which is not in it. Use one of: {', '.join(each.name for each in model.layers)}."
        )
    return path


def layer_names(model: Any, layers: Layers) -> list[str]:
    """The names of one layer or several, each given as for `layer_name`."""
    several = isinstance(layers, Iterable) and not isinstance(layers, str)
    return [layer_name(model, each) for each in (layers if several else [layers])]


def _at(model: Any, index: int) -> str:
    if not -len(model.layers) <= index < len(model.layers):
        raise ValueError(
            f"Expected the index of a layer, 0 to {len(model.layers) - 1} or from -1 backwards. Received {index}. "
            f"They count as in model.layers: {', '.join(each.name for each in model.layers)}."
        )
    return str(model.layers[index].name)


def _paths(model: Any, inside: str = "", seen: frozenset[int] = frozenset()) -> Iterable[tuple[str, Any]]:
    """Every layer with its path 'outer/inner', those of nested models and wrappers after the one that holds them."""
    for layer in getattr(model, "layers", None) or (model._layers if hasattr(model, "_layers") else ()):
        if id(layer) in seen or not hasattr(layer, "name"):
            continue
        path = f"{inside}{layer.name}"
        yield path, layer
        yield from _paths(layer, f"{path}/", seen | {id(layer)})
