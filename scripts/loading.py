"""From the words of a command line to a model and the data that fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.models.datasets import Dataset
    from featurelens.models.model_cards import ModelCard

DEFAULT_MODEL = "zero_padded_dropout"
DEFAULT_DATA = "fashion_mnist"

Model = Annotated[str, typer.Argument(help="A shipped model's name, or a .keras, .h5 or SavedModel path.")]
Data = Annotated[
    str, typer.Option("--data", help="fashion_mnist, or a folder per class, .npz, .npy, .csv or IDX files.")
]
Scale = Annotated[
    str | None, typer.Option(help="Pixel range that the model takes: 0-1, 0-255 or -1-1. Default: its card's, or 0-1.")
]
Resize = Annotated[bool, typer.Option("--resize", help="Match the size and channels of the images to the model.")]
ClassNames = Annotated[Path | None, typer.Option(help="Text file, one class name per line, in the model's order.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Run code inside the model file. Only if you trust it.")]
CustomObjects = Annotated[
    list[str] | None, typer.Option(help="module:name of a class the model needs. May be given several times.")
]


def load_with_card(
    model: str, *, allow_code: bool = False, custom_objects: Sequence[str] | None = None
) -> tuple[Any, ModelCard | None]:
    """The model, and its card where there is one."""
    from featurelens.models.loading import import_custom_objects, load_model, model_card_of, model_path
    from featurelens.scripts.terminal import start_tensorflow

    model_path(model)  # a wrong name is told before TensorFlow is loaded
    start_tensorflow()
    own = import_custom_objects(custom_objects or ())
    return load_model(model, allow_code=allow_code, custom_objects=own), model_card_of(model)


def open_for(
    data: str,
    model: Any,
    card: ModelCard | None,
    scale: str | None = None,
    resize: bool = False,
    class_names: Path | None = None,
) -> Dataset:
    """The data, at the range and, if asked, at the size that the model takes."""
    from featurelens.models import open_dataset
    from featurelens.models.class_names import read_class_names
    from featurelens.models.pixel_range import warn_of_range

    names = None if class_names is None else read_class_names(class_names)
    wanted = scale_of(scale, card)
    dataset = open_dataset(data, model_input=image_input(model), scale=wanted, resize=resize, class_names=names)
    warn_of_range(model, dataset)
    return dataset if names else _named(dataset, model, card)


def _named(dataset: Dataset, model: Any, card: ModelCard | None) -> Dataset:
    """Data that only number their classes get the names of the model's card, or a number for each of its outputs."""
    if not all(name.isdigit() for name in dataset.class_names):
        return dataset
    outputs = getattr(model, "output_shape", None)
    classes = outputs[-1] if isinstance(outputs, tuple) and isinstance(outputs[-1], int) else 0
    names = card.class_names if card is not None else tuple(str(label) for label in range(classes))
    return replace(dataset, class_names=names) if len(names) >= len(dataset.class_names) else dataset


def scale_of(scale: str | None, card: ModelCard | None) -> str | None:
    """The pixel range asked for, or else the one that the model's card tells."""
    if scale is not None or card is None:
        return scale
    from featurelens.models.sources import SCALES

    known = {limits: name for name, limits in SCALES.items()}
    return known.get((float(card.value_range[0]), float(card.value_range[1])))


def image_input(model: Any) -> tuple[int | None, int | None, int | None] | None:
    """(H, W, C) that the model takes, None for a size left open; None where it does not take one image."""
    from featurelens.interpret.inputs import declared_inputs

    form = declared_inputs(model)
    if form is None or len(form.names) != 1 or len(form.shapes[0]) != 3:
        return None
    height, width, channels = form.shapes[0]
    return height, width, channels
