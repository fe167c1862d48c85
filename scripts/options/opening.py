"""From the words of a command line to a model and the data that fit it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.models import OptionInfo

from featurelens.models.formats.known_formats import kinds_in_short
from featurelens.scripts.options.model_choice import ModelOutput, Task, as_chosen, settle_task

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.model_files.cards import ModelCard

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
    str | None, typer.Option(help="Pixel range that the model takes: 0-1, 0-255 or -1-1. Default: its card's, or 0-1.")
]
Resize = Annotated[bool, typer.Option("--resize", help="Match the size and channels of the images to the model.")]
ClassNames = Annotated[Path | None, typer.Option(help="Text file, one class name per line, in the model's order.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Run code inside the model file. Only if you trust it.")]
CustomObjects = Annotated[
    list[str] | None, typer.Option(help="module:name of a class the model needs. May be given several times.")
]


@dataclass(frozen=True)
class Opening:
    """How a command line wants a model and its images to be read; a record of options (see `records`)."""

    scale: Scale = None
    resize: Resize = False
    class_names: ClassNames = None
    task: Task = None
    model_output: ModelOutput = None
    allow_code: AllowCode = False
    custom_objects: CustomObjects = None


def load_with_card(model: str, opening: Opening | None = None) -> tuple[Any, ModelCard | None]:
    """The model, and its card where there is one."""
    from featurelens.models.model_files.loading import import_custom_objects, load_model, model_card_of, model_path
    from featurelens.scripts.terminal.progress import start_tensorflow

    opening = opening or Opening()
    model_path(model)  # a wrong name is told before TensorFlow is loaded
    start_tensorflow()
    own = import_custom_objects(opening.custom_objects or ())
    loaded, card = load_model(model, allow_code=opening.allow_code, custom_objects=own), model_card_of(model)
    return as_chosen(loaded, card, task=opening.task, output=opening.model_output), card


def open_for(data: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """The data, at the range and, if asked, at the size that the model takes, the classes in the order of its outputs.

    Raises:
        ValueError: The images do not fit the model, or it cannot be told which of its classes theirs are.
    """
    from featurelens.models.datasets.class_names import require_classes

    dataset = open_images(data, model, card, opening)
    classes = _classes(model)
    if opening.class_names is None:
        dataset = _as_card(dataset, card) if card is not None else _as_outputs(dataset, classes)
    if classes is not None:
        require_classes(dataset, classes)
    settle_task(model, dataset.class_names)
    return dataset


def open_images(data: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
    """The data as `open_for` has them, where their classes do not matter."""
    from featurelens.models import open_dataset
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.datasets.pixel_range import warn_of_range

    names = None if opening.class_names is None else read_class_names(opening.class_names)
    wanted = scale_of(opening.scale, card)
    dataset = open_dataset(data, model_input=image_input(model), scale=wanted, resize=opening.resize, class_names=names)
    warn_of_range(model, dataset)
    return dataset


def _as_card(dataset: Dataset, card: ModelCard) -> Dataset:
    """The data with their classes in the order of the card's, which is the order of the model's outputs."""
    from featurelens.models.datasets.class_names import are_numbers, place_classes

    placed = place_classes(dataset, card.class_names)
    if placed is None and are_numbers(card.class_names):  # trained on numbers: the data may know what they stand for
        return dataset
    if placed is None:
        raise ValueError(
            f"Expected classes that the model was trained on: {', '.join(card.class_names)}. Received "
            f"{', '.join(dataset.class_names)} from '{dataset.source}'. Rename them, or list them in a text file, in the "
            f"order of the model's, and pass it with --class-names FILE."
        )
    return placed


def _as_outputs(dataset: Dataset, classes: int | None) -> Dataset:
    """Data that only number their classes get a number for each of the model's outputs."""
    from featurelens.models.datasets.class_names import are_numbers, place_classes

    if classes is None or not are_numbers(dataset.class_names):
        return dataset
    return place_classes(dataset, [str(label) for label in range(classes)]) or dataset


def _classes(model: Any) -> int | None:
    """How many classes the model tells apart; None where its form does not say so."""
    outputs = getattr(model, "output_shape", None)
    if not isinstance(outputs, tuple) or len(outputs) != 2 or not isinstance(outputs[-1], int):
        return None
    return max(outputs[-1], 2)  # one sigmoid unit tells two apart


def scale_of(scale: str | None, card: ModelCard | None) -> str | None:
    """The pixel range asked for, or else the one that the model's card tells."""
    if scale is not None or card is None:
        return scale
    from featurelens.models.formats.sources import SCALES

    known = {limits: name for name, limits in SCALES.items()}
    return known.get((float(card.value_range[0]), float(card.value_range[1])))


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
