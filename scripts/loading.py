"""From the words of a command line to a model and the data that fit it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np

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
    from featurelens.models.sources import SCALES

    names = None if class_names is None else read_class_names(class_names)
    if scale is None and card is not None:
        known = {limits: name for name, limits in SCALES.items()}
        scale = known.get((float(card.value_range[0]), float(card.value_range[1])))
    return open_dataset(data, model_input=_image_input(model), scale=scale, resize=resize, class_names=names)


def chosen_image(image: str, dataset: Dataset, resize: bool) -> tuple[np.ndarray, str]:
    """One image by its number in the data, or from a file; float32[H,W,C] in the data's range, and what to call it.

    Raises:
        ValueError: The number is outside the data, or the file has another size or other channels than the data.
    """
    if image.lstrip("-").isdigit():
        if not 0 <= int(image) < len(dataset):
            raise ValueError(
                f"Expected an image from 0 to {len(dataset) - 1}. Received {image}. Choose one of {dataset.source}."
            )
        return dataset.images[int(image)], f"image {image}"
    from dataclasses import replace

    import numpy as np

    from featurelens.models.image_files import read_image
    from featurelens.models.model_fit import require_fit, resized_to_fit

    pixels = read_image(image)[np.newaxis]
    alone = replace(dataset, images=pixels, labels=dataset.labels[:1], value_range=(0.0, 1.0), source=image)
    height, width, channels = dataset.images.shape[1:]
    fit = resized_to_fit if resize else require_fit
    return fit(alone, (height, width, channels)).scaled(*dataset.value_range).images[0], Path(image).name


def _image_input(model: Any) -> tuple[int | None, int | None, int | None] | None:
    from featurelens.interpret.inputs import declared_inputs

    form = declared_inputs(model)
    if form is None or len(form.names) != 1 or len(form.shapes[0]) != 3:
        return None
    height, width, channels = form.shapes[0]
    return height, width, channels
