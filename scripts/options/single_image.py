"""The one image that `inspect` and `explain` look at: by its number in the data, or a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featurelens.scripts.options.model_choice import settle_task
from featurelens.scripts.options.opening import Opening, open_for, open_images, open_labels, opened_for

if TYPE_CHECKING:
    import numpy as np

    from featurelens.interpret.tracing.axes import Axes
    from featurelens.models import Dataset, ModelCard
    from featurelens.reports.drawing.signal_form import SignalForm

    Reader = Callable[[str, Any, ModelCard | None, Opening], Dataset]


@dataclass(frozen=True, eq=False)
class SingleImage:
    """An image at the size and range that the model takes."""

    name: str  # what to call it
    pixels: np.ndarray  # float32[H,W,C]
    value_range: tuple[float, float]  # (black, white) of `shown`
    class_names: tuple[str, ...] | None  # None where nothing tells them
    true: int | None  # None where it is not known
    shown: np.ndarray  # float32[H,W,C], for people: the pixels, unless a preprocessing made them unlike a picture
    signal: SignalForm | None = None  # where the pixels are those of a series or a volume


def images_asked_for(words: Sequence[str]) -> list[str]:
    """What is typed, a folder as the pictures in it and in the folders within it.

    Raises:
        ValueError: A folder holds no picture.
    """
    from featurelens.models.formats.image_folders import pictures_in

    asked: list[str] = []
    for word in words:
        asked += [str(path) for path in pictures_in(Path(word))] if Path(word).is_dir() else [word]
    return list(dict.fromkeys(asked))


def outputs_of(images: Sequence[str], output: Path) -> list[Path]:
    """A file for each of several images: explanation-cat.png for cat.jpg, explanation-7.png for image 7; no two alike."""
    names: list[str] = []
    for image in images:
        name = image if image.isdigit() else Path(image).stem
        names.append(name if name not in names else f"{name}-{len(names)}")
    return [output.with_name(f"{output.stem}-{name}{output.suffix}") for name in names]


def reader(opening: Opening) -> Reader:
    """What opens the data for an image of theirs, a single time; a regression has no classes to put in order."""
    read = open_for if opening.is_of_classes else open_labels if opening.task == "labels" else open_images
    opened: list[Dataset] = []

    def kept(data: str, model: Any, card: ModelCard | None, opening: Opening) -> Dataset:
        if not opened:
            opened.append(read(data, model, card, opening))
        return opened[0]

    return kept


def single_image(
    image: str,
    model: Any,
    card: ModelCard | None,
    data: str | None,
    opening: Opening,
    *,
    read: Reader = open_for,
) -> SingleImage:
    """The image called `image`; `read` opens the data where it is a number of theirs.

    Raises:
        ValueError: The number is outside the data; the file is no picture, or does not fit the model.
    """
    if data is None or not image.lstrip("-").isdigit():
        return _from_file(image, model, card, data, opening)
    dataset = read(data, model, card, opening)
    number = _within(int(image), len(dataset), dataset.source)
    name = f"image {number} ({dataset.names[number]})" if dataset.names else f"image {number}"
    if dataset.truth is not None or not opening.is_of_classes:  # several labels, or no classes at all
        return _of(dataset, number, name, _label_names(dataset), None)
    return _of(dataset, number, name, dataset.class_names, int(dataset.labels[number]))


def _label_names(dataset: Dataset) -> tuple[str, ...] | None:
    """The names of the labels that the data bear; None where they bear none."""
    from featurelens.models.truth.record import Marks

    return dataset.truth.names if isinstance(dataset.truth, Marks) else None


def _within(number: int, total: int, source: str) -> int:
    if not 0 <= number < total:
        raise ValueError(f"Expected an image from 0 to {total - 1}. Received {number}. Choose one of {source}.")
    return number


def single_signal(
    image: str, model: Any, axes: Axes, card: ModelCard | None, data: str | None, opening: Opening
) -> SingleImage:
    """The series or volume called `image`: a number of the data, or a file of its own.

    Raises:
        ValueError: The number is outside the data; the file cannot be read, or does not fit the model.
    """
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.formats.places.signal_files import signals_alone
    from featurelens.reports.drawing.signal_form import SignalForm

    names = None if opening.class_names is None else read_class_names(opening.class_names)
    is_number = data is not None and image.isdigit()
    read = None if opening.is_of_classes else signals_alone
    found = opening.signals(str(data) if is_number else image, model, card, names, read)
    place = _within(int(image) if is_number else 0, len(found), found.source)
    if opening.is_of_classes and found.class_names:
        settle_task(model, found.class_names)
    known, values = found.class_names or None, found.images[place]
    true = None if found.labels is None or known is None else int(found.labels[place])
    called = f"image {found.called(place)}" if is_number else Path(image).name
    form = SignalForm(axes.channel is not None, found.steps, found.unit)
    return SingleImage(called, values, (0.0, 1.0), known, true, values, form)


def _of(dataset: Dataset, number: int, name: str, names: tuple[str, ...] | None, true: int | None) -> SingleImage:
    return SingleImage(name, dataset.images[number], dataset.shown_range, names, true, dataset.shown[number])


def _from_file(image: str, model: Any, card: ModelCard | None, data: str | None, opening: Opening) -> SingleImage:
    alone = opened_for([image], model, card, opening)
    return _of(alone, 0, Path(image).name, _names_without_images(card, data, opening.class_names), None)


def _names_without_images(card: ModelCard | None, data: str | None, class_names: Path | None) -> tuple[str, ...] | None:
    """The classes of a picture that is in no data, as the file, the card or the data that were named tell; else None."""
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.formats.sources import class_names_of

    if class_names is not None:
        return tuple(read_class_names(class_names))
    if card is not None:
        return card.class_names
    return None if data is None else class_names_of(data)
