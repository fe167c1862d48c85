"""From the words of a command line to a model and the data that fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.models import OptionInfo

from featurelens.models.formats.known_formats import kinds_in_short
from featurelens.models.visible_text import visible_line
from featurelens.scripts.options.model_choice import (
    ModelPart,
    as_chosen,
    is_bare,
    refuse_score,
    require_one_picture,
    settle_task,
)
from featurelens.scripts.options.reading import DataReading
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.formats.reading import Reading
    from featurelens.models.model_files.cards import ModelCard
    from featurelens.models.signals import Signals

DEFAULT_MODEL = "zero_padded_dropout"
DEFAULT_DATA = "fashion_mnist"


class _DataOption(OptionInfo):
    """--data, whose help is made when it is shown: it lists the formats of the user's own too."""

    def __getattribute__(self, name: str) -> Any:
        if name == "help":
            return f"fashion_mnist, or {kinds_in_short()}. Default: fashion_mnist, for shipped models."
        return super().__getattribute__(name)


Model = Annotated[str, typer.Argument(help="A shipped model's name, or a .keras, .h5 or SavedModel path.")]
Data = Annotated[str | None, _DataOption(default=..., param_decls=("--data",))]
Scale = Annotated[
    str | None,
    typer.Option(
        help="Pixel range that the model takes: 0-1, 0-255 or -1-1; stored leaves the values as they are. Default: its card's, "
        "or as its first layers state it, or 0-1, which is tested."
    ),
]
Resize = Annotated[bool, typer.Option("--resize", help="Match the size and channels of the images to the model.")]
ClassNames = Annotated[Path | None, typer.Option(help="Text file, one class name per line, in the model's order.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Run code inside the model file. Only if you trust it.")]
CustomObjects = Annotated[
    list[str] | None, typer.Option(help="module:name of a class the model needs. May be given several times.")
]


@dataclass(frozen=True)
class Opening(ModelPart, DataReading):
    """How a command line wants a model and its images to be read; a record of options (see `records`)."""

    scale: Scale = None
    resize: Resize = False
    class_names: ClassNames = None
    allow_code: AllowCode = False
    custom_objects: CustomObjects = None


def load_with_card(model: str, opening: Opening | None = None) -> tuple[Any, ModelCard | None]:
    """The model, and its card where there is one."""
    from featurelens.models.model_files.cards import card_path
    from featurelens.models.model_files.loading import import_custom_objects, load_model, model_card_of, model_path
    from featurelens.models.quiet_start import start_tensorflow

    opening = opening or Opening()
    path = model_path(model)  # a wrong name is told before TensorFlow is loaded
    card = model_card_of(path)  # and so is a card that is none
    start_tensorflow()
    own = import_custom_objects(opening.custom_objects or ())
    loaded = load_model(model, allow_code=opening.allow_code, custom_objects=own)
    if card is not None and card.weights is None:
        told = f"The card '{card_path(path)}' is of an earlier version and does not say of which weights it is"
        say(f"Note: {visible_line(told)}: it is taken as that of the model.", err=True)
    return as_chosen(loaded, card, opening), card


def open_for(data: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """The data, at the range and, if asked, at the size that the model takes, the classes in the order of its outputs.

    Raises:
        ValueError: The images do not fit the model, or it cannot be told which of its classes theirs are; or the model is
            clearly right about them in another range than the one that had to be assumed.
    """
    from featurelens.models.datasets.class_names import require_classes
    from featurelens.models.fitting import classes_of, in_order

    refuse_score(model)
    if opening.task == "regression":
        settle_task(model, ())
    if opening.task == "labels":
        raise ValueError(
            "Expected a model of one class for each image here. Received --task labels, several. Use featurelens report, "
            "evaluate, explain, trust and inspect for such a model."
        )
    if opening.task == "segmentation":
        raise ValueError(
            "Expected a model of one class for each image here. Received --task segmentation, a class at every pixel. Use "
            "featurelens report and evaluate with --masks; and explain, trust and inspect with the score of a class over its "
            "region, such as --score region:1, in the place of --task."
        )
    dataset, reading = _opened(data, model, card, opening)
    if len(dataset.class_names) > 2 and is_bare(model):
        settle_task(model, dataset.class_names)  # one number cannot tell these apart: refused for what it is
    classes = classes_of(model)
    if opening.class_names is None:
        dataset = in_order(dataset, model, card)
    if classes is not None:
        require_classes(dataset, classes)
    settle_task(model, dataset.class_names)
    return _told(_in_range(dataset, model, reading, tested=True), model)


def is_of_signals(model: Any) -> bool:
    """Whether the model takes series or volumes rather than pictures."""
    from featurelens.interpret.layers.signal_input import signal_axes

    return signal_axes(model) is not None


def open_signals_for(data: str, model: Any, card: ModelCard | None, opening: Opening) -> tuple[Any, Signals]:
    """Series or volumes with a channel, and the model as one that takes it.

    Raises:
        ValueError: They do not fit the model, or come without the classes that are to be explained.
    """
    from featurelens.interpret.layers.signal_input import with_channel
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.formats.places.signal_files import signals_alone

    names = None if opening.class_names is None else read_class_names(opening.class_names)
    found = opening.signals(data, model, card, names, None if opening.is_of_classes else signals_alone)
    taken = model if found.has_channel else with_channel(model)
    if opening.is_of_classes:
        settle_task(taken, found.labelled().class_names)
    return taken, found.with_channel()


def open_numbers(data: str, model: Any, card: ModelCard | None, opening: Opening, unit: str = "") -> Dataset:
    """The data as `open_for` has them, with the numbers of a regression, in a unit, in the place of classes.

    Raises:
        ValueError: They bear none, or names of classes were given.
    """
    from featurelens.models.evaluation.numbers import numbers_in

    if opening.class_names is not None:
        raise ValueError(
            f"Expected a classifier for --class-names {opening.class_names}. Received a regression, whose numbers have the "
            f"names of their columns. Leave it out; --label-column names the columns."
        )
    dataset = open_images(data, model, card, opening, truth="regression")
    return replace(dataset, truth=replace(numbers_in(dataset), unit=unit))


def open_labels(data: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """The data as `open_for` has them, with any of several labels for each image in the place of one class.

    Raises:
        ValueError: They bear none, or there are other numbers of names than labels.
    """
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.fitting import with_names

    dataset = open_images(data, model, card, opening, truth="labels")
    names = card.class_names if card is not None else None
    if opening.class_names is not None:
        names = read_class_names(opening.class_names)
    numbered = dataset.truth is not None and dataset.truth.names[0] == "label 0"
    return with_names(dataset, names) if names is not None and (numbered or opening.class_names) else dataset


def open_images(
    data: str, model: Any, card: ModelCard | None, opening: Opening, *, truth: str | None = None
) -> Dataset:
    """The data as `open_for` has them, where their classes do not matter; with what is known of them, where `truth` says it."""
    from featurelens.models.fitting import pictures_without_labels
    from featurelens.models.truth.record import NOT_LOOKED_AT

    unlabelled = truth is None and not (opening.label_from or opening.split)
    files = pictures_without_labels(data) if unlabelled else None
    if files is not None:
        return opened_for([str(file) for file in files], model, card, opening)
    dataset, reading = _opened(data, model, card, opening, truth=truth or NOT_LOOKED_AT)
    if truth is not None and dataset.truth is None:
        raise ValueError(
            f"Expected images with what is known of each, for the task '{truth}'. Received '{dataset.source}' without. Give a "
            f"file of arrays, or a table of files and columns."
        )
    return _told(_in_range(dataset, model, reading, tested=False), model)


def _opened(
    data: str, model: Any, card: ModelCard | None, opening: Opening, *, truth: str | None = None
) -> tuple[Dataset, Reading]:
    """The data as they are read for the model, and how; `truth` as `Reading.task`."""
    from featurelens.models import open_dataset
    from featurelens.models.datasets.class_names import read_class_names

    require_one_picture(model)
    names = None if opening.class_names is None or truth is not None else read_class_names(opening.class_names)
    reading = reading_for(card, opening, truth)
    dataset = open_dataset(
        data, model_input=image_input(model), resize=opening.resize, class_names=names, reading=reading
    )
    return _saying_what_is_held(dataset, opening), reading


def opened_for(files: Sequence[str], model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """Pictures without labels, as the model takes them; all of them of one class, 'unknown'."""
    from featurelens.models.formats.image_folders import unlabelled_pictures
    from featurelens.models.formats.stored_images import dataset_of

    require_one_picture(model)
    reading = reading_for(card, opening)
    wanted = reading.for_model(image_input(model), resize=opening.resize)
    pictures = dataset_of(unlabelled_pictures([Path(file) for file in files], wanted.reading), wanted)
    return _told(_in_range(_saying_what_is_held(pictures, opening), model, reading, tested=False), model)


def _saying_what_is_held(dataset: Dataset, opening: Opening) -> Dataset:
    """The data, with a note of the inputs that are the same for all of them."""
    if not opening.held:
        return dataset
    return dataset.noting(f"The model's other inputs are held, the same for all images: {', '.join(opening.held)}.")


def _in_range(dataset: Dataset, model: Any, reading: Reading, *, tested: bool) -> Dataset:
    """The data in the range that the model takes, where neither a person nor a card says it."""
    from featurelens.models.fitting import in_range

    if reading.scale is not None or reading.preprocess is not None:
        return dataset
    return in_range(dataset, model, tested=tested, remedy="Pass --scale {}")


def reading_for(card: ModelCard | None, opening: Opening, truth: str | None = None) -> Reading:
    """How the data are to be read: as typed, else as the model's card says that those of its training were.

    Args:
        card: Of the model.
        opening: What was typed.
        truth: What the labels are, as `Reading.task`; None: as --task says, for a look at the words alone.
    """
    from featurelens.models.fitting import as_trained
    from featurelens.models.truth.record import NOT_LOOKED_AT

    task = truth or (opening.task if not opening.is_of_classes and opening.score is None else None)
    task = NOT_LOOKED_AT if task == "segmentation" else task
    typed = opening.reading(scale=opening.scale, allow_code=opening.allow_code, task=task)
    return as_trained(card, typed).checked()


def _told(dataset: Dataset, model: Any) -> Dataset:
    """The data; what was recognised or assumed of them is printed on the terminal."""
    from featurelens.models.datasets.pixel_range import warn_of_range

    warn_of_range(model, dataset)
    tell_notes(dataset)
    return dataset


def tell_notes(dataset: Dataset) -> None:
    """Print what was recognised or assumed while the data were read."""
    for note in dataset.preparation.notes:
        say(f"Note: {visible_line(note)}", err=True)


def _refuse_channels_first(model: Any) -> None:
    """Pictures are read channels last."""
    for layer in model._flatten_layers():
        if getattr(layer, "data_format", None) == "channels_first":
            raise ValueError(
                f"Expected a model that takes pictures channels last, (H, W, C), as they are read. Layer {layer.name!r} has "
                f"data_format='channels_first'. Build the model with channels_last and give it the same weights, or make "
                f"its maps in Python, where GradCAM and Saliency take either; featurelens inspect shows its layers."
            )


def image_input(model: Any) -> tuple[int | None, int | None, int | None] | None:
    """(H, W, C) that the model takes, None for a size left open; None where it does not take one image.

    Raises:
        ValueError: The model takes pictures channels first.
    """
    from featurelens.interpret.tracing.inputs import declared_inputs

    _refuse_channels_first(model)
    form = declared_inputs(model)
    if form is None or len(form.names) != 1 or len(form.shapes[0]) != 3:
        return None
    height, width, channels = form.shapes[0]
    return height, width, channels
