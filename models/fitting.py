"""Data for one model: read from what a person has, and brought to the size, the range and the classes that it takes.

The card of a model that `load_model` loaded tells its range, its preprocessing and its classes; else its first layers tell the
range, else 0 to 1 is assumed, noted and, where the images have labels, tested. Sizes are matched as Keras's
`image_dataset_from_directory` does, bilinear and stretched, unless the card says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..kinds import checks_kinds
from .datasets.class_names import are_numbers, classes_apart, place_classes
from .datasets.dataset import Dataset
from .datasets.labels import fitted_to_outputs
from .datasets.pixel_range import assumed_range, states_its_range
from .datasets.range_trial import RANGES, try_ranges
from .datasets.resizing import InputShape
from .formats.image_files import is_picture_name
from .formats.image_folders import pictures_in, unlabelled_pictures
from .formats.reading import SCALES, Reading
from .formats.sources import open_dataset as read_dataset
from .formats.stored_images import dataset_of
from .model_files.cards import ModelCard, card_of
from .signals import Signals
from .truth.record import REGRESSION, UNLABELLED

_IN_PYTHON = "Read the data with open_dataset(source, model=model, scale='{}')"


@checks_kinds
def open_dataset(
    source: Any,
    *,
    model: Any = None,
    model_input: InputShape | None = None,
    scale: str | None = None,
    resize: bool = False,
    class_names: Sequence[str] | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """Read labelled images from a name, a folder or files, and make them fit a model.

    Args:
        source: 'fashion_mnist', 'fashion_mnist:train', a folder (of class folders, or with one IDX pair), a file of one of
            the `FORMATS`, or a pair 'IMAGES,LABELS'; from Python also a `tf.data.Dataset`, a Keras iterator or a generator
            of (images, labels). With `model` also pictures without classes: one, a list of paths, or a folder of them.
        model: The Keras model that they are for: size, channels, range and classes are made to fit it, as its card or its
            first layers tell. None: as the other arguments say.
        model_input: (H, W, C) that the model takes, None where it takes any; None: nothing is matched.
        scale: The range that the model wants, '0-1' (also None), '0-255' or '-1-1', or 'stored' for values as they are.
        resize: Match size and channels to `model_input`; otherwise images that differ are refused.
        class_names: In the order of the model's outputs; None: those of the data.
        reading: All else that the files leave open: preprocessing, interpolation, labels, keys; see `Reading`.

    Returns:
        The data; of many images, read when they are looked at.

    Raises:
        ValueError: The source cannot be read or does not fit the model; the message says what does.

    Example:
        >>> open_dataset("fashion_mnist")[:3].images.shape
        (3, 28, 28, 1)
    """
    if model is None:
        fit = {"model_input": model_input, "scale": scale, "resize": resize, "class_names": class_names}
        return read_dataset(source, **fit, reading=reading)  # type: ignore[arg-type]
    if model_input is not None:
        raise ValueError(
            f"Expected model= or model_input=, which say the same. Received both. Leave model_input={model_input} out."
        )
    read = reading or Reading()
    return dataset_for(source, model, read if scale is None else replace(read, scale=scale), class_names)


def dataset_for(
    source: Any, model: Any, reading: Reading | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """The images of a source as the model takes them.

    Args:
        source: A `Dataset`, which stays as it is; arrays as (images, labels), whose values stay too; one picture's path, a
            list of such, a folder of pictures without classes (then all are of one class, 'unknown'); or whatever
            `open_dataset` reads.
        model: A Keras model of one image.
        reading: What a person says of their data; None: as the card says.
        class_names: In the order of the model's outputs; None: those of the card, else of the data.

    Raises:
        ValueError: The source cannot be read, its classes are not the model's, or the model is clearly right about the
            images in another range than the one assumed.
    """
    if isinstance(source, Dataset):
        return source
    refuse_signals(source, model)
    card = card_of(model)
    task = None if reading is None else reading.task
    if isinstance(source, tuple) and len(source) == 2 and all(hasattr(each, "shape") for each in source):
        if task is not None:
            return Dataset.from_arrays(
                *source, class_names=class_names, task=task, unit=reading.unit if reading else ""
            )
        names = class_names if class_names is not None or card is None else card.class_names
        made = Dataset.from_arrays(*source, class_names=names)
        return made if names is not None else in_order(made, model, None)
    read = as_trained(card, reading or Reading()).checked()
    paths = pictures_without_labels(source)
    if paths is not None:
        dataset = dataset_of(unlabelled_pictures(paths, read), read.for_model(input_shape(model), resize=True))
    else:
        shape = input_shape(model)
        named = None if task is not None else class_names
        dataset = read_dataset(source, model_input=shape, resize=True, class_names=named, reading=read)
        dataset = dataset if task is None or class_names is None else with_names(dataset, class_names)
    labelled = dataset.class_names != UNLABELLED
    if labelled and class_names is None:
        dataset = in_order(dataset, model, card)
    return dataset if read.scale or read.preprocess else in_range(dataset, model, tested=labelled)


def refuse_signals(source: Any, model: Any) -> None:
    """Pass pictures for a model of pictures.

    Raises:
        ValueError: They are series or volumes, or the model takes these.
    """
    inputs = getattr(model, "inputs", None) or []
    shape = tuple(inputs[0].shape)[1:] if len(inputs) == 1 else ()
    layers = [type(layer).__name__ for layer in model._flatten_layers()] if shape else []
    of_series = len(shape) == 2 and any("1D" in name for name in layers)
    if not isinstance(source, Signals) and not of_series and not any("3D" in name for name in layers):
        return
    what = f"a model of {'series (L, C)' if of_series else 'volumes (D, H, W, C)'}"
    received = f"{source.kind} from '{source.source}'" if isinstance(source, Signals) else f"{what}, {shape}"
    raise ValueError(
        f"Expected pictures (H, W, C) and a model of pictures. Received {received}. Read series and volumes by "
        f"open_signals(source, model=model): write_report, explain, evaluate and the methods of featurelens.interpret take them."
    )


def _refuse_signals_of_a_task(source: Any, model: Any, task: str) -> None:
    try:
        refuse_signals(source, model)
    except ValueError as error:
        raise ValueError(
            f"Expected pictures (H, W, C) for the task '{task}'. Received series or volumes, or a model of these: their figures "
            f"and reports are of one class for each. Make maps of a number or a label one by one: declare_task(model, '{task}'), "
            f"then Saliency(model)(values) or GradCAM(model)(values)."
        ) from error


def known_for(source: Any, model: Any, task: str, class_names: Sequence[str] | None = None, unit: str = "") -> Dataset:
    """Images with their numbers ('regression'), or with their several labels ('labels'); arguments as for `dataset_for`.

    Raises:
        ValueError: As for `dataset_for`, or nothing tells the numbers or the labels.
    """
    _refuse_signals_of_a_task(source, model, task)
    found = dataset_for(source, model, Reading(task=task, unit=unit), class_names)
    if found.truth is None:
        raise ValueError(
            f"Expected images with {'a number' if task == REGRESSION else 'the labels'} of each. Received {len(found)} without, "
            f"from '{found.source}'. Give (images, labels), a file of arrays, or a table of files and columns."
        )
    return found


def with_names(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The data with other names for their numbers or labels, in their order.

    Raises:
        ValueError: There are other numbers of them.
    """
    truth = dataset.truth
    known = () if truth is None else truth.names
    if truth is None or len(names) != len(known):
        raise ValueError(
            f"Expected a name for each of the {len(known)} columns {_few(known)}. "
            f"Received {len(names)}: {_few(names)}. Give as many, in their order."
        )
    return replace(dataset, truth=replace(truth, names=tuple(names)))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def labelled_for(source: Any, model: Any) -> Dataset:
    """The same, refused where the pictures come without classes.

    Raises:
        ValueError: As for `dataset_for`, or nothing tells the classes.
    """
    found = dataset_for(source, model)
    if found.truth is not None:
        raise ValueError(
            f"Expected pictures with their classes. Received '{found.source}', which bears {_few(found.truth.names)} instead. "
            f"Pass task='regression' or task='labels' where the model answers such."
        )
    if found.class_names == UNLABELLED:
        raise ValueError(
            f"Expected pictures with their classes. Received {len(found)} without, from '{found.source}'. Put them into one "
            "folder per class, give a table of files and labels, or read them with Reading(label_from='(.*?)[._]')."
        )
    return found


def class_names_for(model: Any) -> tuple[str, ...] | None:
    """The names of a model's classes, where its card tells them."""
    card = card_of(model)
    return None if card is None else tuple(card.class_names)


def input_shape(model: Any) -> InputShape | None:
    """(H, W, C) of the one image that a model takes, None for a size left open; None where it takes something else."""
    inputs = getattr(model, "inputs", None) or []
    shape = tuple(inputs[0].shape)[1:] if len(inputs) == 1 else ()
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else None


def pictures_without_labels(source: Any) -> list[Path] | None:
    """The files of pictures without labels; None where the source is something else.

    Args:
        source: A picture's path, several as a list or with commas between, or a folder that holds pictures and no folders.
    """
    if isinstance(source, (list, tuple)):
        if not source or not all(isinstance(each, (str, Path)) for each in source):
            raise ValueError(
                f"Expected paths of pictures in a list. Received {f'a {type(source[0]).__name__}' if source else 'none'}. Give "
                f"paths, arrays as (images, labels), or a Dataset."
            )
        return [Path(each) for each in source]
    if not isinstance(source, (str, Path)):
        return None
    path = Path(source)
    several = [Path(part.strip()) for part in str(source).split(",")]
    if not path.exists() and len(several) > 1 and all(is_picture_name(each.name) for each in several):
        return several
    if path.is_file() and is_picture_name(path.name):
        return [path]
    loose = path.is_dir() and any(each.is_file() and is_picture_name(each.name) for each in path.iterdir())
    return [Path(each) for each in pictures_in(path)] if loose and not _classes_in(path) else None


def _classes_in(folder: Path) -> bool:
    """Whether a folder holds folders: then these are the classes."""
    return any(each.is_dir() and not each.name.startswith(".") for each in folder.iterdir())


def as_trained(card: ModelCard | None, reading: Reading) -> Reading:
    """The reading, with what it leaves open as the training had it."""
    if card is None:
        return reading
    said = reading.scale is not None or reading.preprocess is not None
    names = {limits: name for name, limits in SCALES.items() if limits is not None}
    scale = None if card.preprocessing else names.get((float(card.value_range[0]), float(card.value_range[1])))
    return replace(
        reading,
        preprocess=reading.preprocess if said else card.preprocessing,
        scale=reading.scale if said else scale,
        interpolation=reading.interpolation or card.interpolation,
        fit=reading.fit or card.fit,
    )


def classes_of(model: Any) -> int | None:
    """How many classes a model tells apart; None where its form does not say so."""
    outputs = getattr(model, "output_shape", None)
    if not isinstance(outputs, tuple) or len(outputs) != 2 or not isinstance(outputs[-1], int):
        return None
    return max(outputs[-1], 2)  # one sigmoid unit tells two apart


def in_order(dataset: Dataset, model: Any, card: ModelCard | None) -> Dataset:
    """The data with their classes in the order of the model's outputs, as far as anything tells it.

    Raises:
        ValueError: Their classes are not those of the card.
    """
    classes = classes_of(model)
    dataset = dataset if classes is None else fitted_to_outputs(dataset, classes)
    placed = None if card is None else place_classes(dataset, card.class_names)
    if card is None or (
        placed is None and are_numbers(card.class_names)
    ):  # the data may know what the numbers stand for
        return dataset
    if placed is None:
        raise classes_apart(dataset, card.class_names, "among those that the model was trained on")
    return placed


def in_range(dataset: Dataset, model: Any, *, tested: bool, remedy: str = _IN_PYTHON) -> Dataset:
    """The data in the range that the first layers state, else from 0 to 1; what was stated or assumed is noted.

    Args:
        dataset: The data, of whose range nothing was said.
        model: The model that they are for.
        tested: Whether an assumption is held against the labels.
        remedy: How the one that fits is said, with `{}` for it.

    Raises:
        ValueError: The model is clearly right about the images in another range than the one assumed.
    """
    wanted = assumed_range(model, dataset)
    if states_its_range(model):
        if dataset.value_range == RANGES[wanted]:
            return dataset
        note = f"The model's first layers state that it takes pixels of {wanted}: it gets them so."
        return dataset.scaled(*RANGES[wanted]).noting(note)
    trial = try_ranges(model, dataset, wanted) if tested else None
    if trial is not None and trial.contradicts:
        raise ValueError(
            f"Expected to be told the pixel range that the model takes: neither a card nor a first layer tells it. Received "
            f"none, and {wanted} is contradicted: {trial}. {remedy.format(trial.best)}, which fits best, or say {wanted} to go "
            f"on as it is."
        )
    shown = "" if trial is None else f" Tested: {trial}."
    return dataset.noting(
        f"The range {wanted} is assumed: neither a card nor a first layer of the model tells it.{shown}"
    )
