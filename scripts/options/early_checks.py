"""What a command refuses at once: a wrong word, a file of another kind, a missing library. TensorFlow is not imported yet."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from featurelens.scripts.options.opening import DEFAULT_DATA, Opening, reading_for
from featurelens.scripts.terminal.mistyped import explaining, kind_of_file


def checked_data(models: str | Sequence[str], data: str | None, opening: Opening) -> str:
    """What the images of a command are read from: as named or, for models that ship, Fashion-MNIST's test images.

    Raises:
        ValueError: A word is wrong, see `check_words`; or a model of the user's own is named without data.
        ImportError: OpenCV does not load.
    """
    named = [models] if isinstance(models, str) else list(models)
    check_words(named, data, opening)
    if data is not None:
        return data
    from featurelens.models.model_files.loading import is_shipped

    own = [model for model in named if not is_shipped(model)]
    if own:
        raise ValueError(
            f"Expected data for '{own[0]}'. Received a model of your own and no data: Fashion-MNIST, the default, belongs to "
            f"the models that ship. Name the images to show it: pass --data FOLDER (one folder per class), or a .npz, .npy, "
            f".csv or IDX file."
        )
    return DEFAULT_DATA


def checked_data_if_any(model: str, data: str | None, opening: Opening) -> str | None:
    """The same for a command that can do without images: None where none are named and the model does not ship."""
    from featurelens.models.model_files.loading import is_shipped

    check_words([model], data, opening)
    return DEFAULT_DATA if data is None and is_shipped(model) else data


def checked_data_for(image: str, model: str, data: str | None, opening: Opening) -> str | None:
    """The same for a command that looks at one image: a picture file needs no data, so None stays None.

    Raises:
        ValueError: As `checked_data`; or the picture is not there, or none.
    """
    if image.lstrip("-").isdigit():
        return checked_data(model, data, opening)
    from featurelens.models.formats.image_files import check_image
    from featurelens.models.formats.places.signal_files import holds_signals

    check_words([model], data, opening)
    if not (holds_signals(image) or image.lower().endswith(".npy")):  # these are of a model of series or volumes
        check_image(image)
    return data


def check_words(models: Sequence[str], data: str | None, opening: Opening) -> None:
    """Refuse what can be seen to be wrong without opening a model or decoding an image.

    Raises:
        ValueError: The scale is unknown, a path is not there, a model is none or holds code, the class names cannot be read.
        ImportError: OpenCV does not load.
    """
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.fitting import pictures_without_labels
    from featurelens.models.formats.sources import check_source
    from featurelens.models.model_files.loading import check_model
    from featurelens.models.opencv import opencv

    reading = reading_for(None, opening)
    own = {entry.rpartition(":")[2] for entry in opening.custom_objects or ()}
    for model in models:
        _refuse_images_as_model(model)
        check_model(model, allow_code=opening.allow_code, known=own)
    if data is not None and (opening.is_of_classes or pictures_without_labels(data) is None):
        check_source(data, reading)
    if opening.class_names is not None:
        read_class_names(opening.class_names)
    opencv()


def _refuse_images_as_model(model: str) -> None:
    what = kind_of_file(model)
    if what not in ("picture", "data"):
        return
    meant = explaining(model) if what == "picture" else f"--data {shlex.quote(model)}, behind the model"
    raise ValueError(
        f"Expected a model: a shipped name, or a .keras, .h5 or SavedModel path. Received the {what} '{model}'. "
        f"Did you mean: {meant}?"
    )
