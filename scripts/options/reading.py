"""How data are read, as typed: one record of options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.models.formats.reading import Reading

_PANEL = "How the data are read"


def _option(help_text: str, kind: Any = str) -> Any:
    return Annotated[kind | None, typer.Option(help=help_text, rich_help_panel=_PANEL)]


READING_OPTIONS: dict[str, Any] = {  # field of Reading -> option, None by default
    "preprocess": _option(
        "What the model was trained with: caffe, torch, tf, per-image, mean=...,std=... or module:function."
    ),
    "interpolation": _option(
        "How pictures are resized: bilinear (as image_dataset_from_directory), nearest (as load_img), area, "
        "bicubic. Default: the card's, or bilinear."
    ),
    "fit": _option("Aspect ratio when pictures are resized: stretch, crop or pad. Default: the card's, or stretch."),
    "depth": _option("Bits of a pixel value where a file stores them in more, such as 12.", int),
    "label_map": _option("from-1, numeric, stored=class,... or a file of such pairs; stored= leaves its images out."),
    "label_from": _option("Pattern of a file's name whose first group is the class, as in '(.*?)[._]'."),
    "label_column": _option("Column of the labels in a table: its name; first or last in a CSV of pixels."),
    "file_column": _option("Column of the files in a table."),
    "split": _option("Which split, of data that hold several."),
    "images_key": _option("Name of the array of images, in a file of several."),
    "labels_key": _option("Name of the array of labels, in a file of several."),
}
_EXIF = Annotated[
    bool, typer.Option("--exif", help="Turn pictures as their EXIF says; Keras does not.", rich_help_panel=_PANEL)
]


def with_reading(*, without: Collection[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of how data are read; it gets them as its argument `reading`.

    Args:
        without: fields that make no sense for it.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        options = {name: option for name, option in READING_OPTIONS.items() if name not in without}

        @functools.wraps(command)
        def run(*args: Any, **given: Any) -> None:
            from featurelens.models.formats.reading import Reading

            typed = {name: given.pop(name, None) for name in options}
            exif = given.pop("exif", False)
            command(*args, **given, reading=Reading(**typed, exif=exif))

        own = [each for each in inspect.signature(command).parameters.values() if each.name != "reading"]
        evaluated = [each.replace(annotation=_evaluated(each.annotation, command)) for each in own]
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option)
            for name, option, default in [
                *((name, option, None) for name, option in options.items()),
                ("exif", _EXIF, False),
            ]
        ]
        parameters = [*evaluated, *added]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorated


def _evaluated(annotation: Any, command: Callable[..., None]) -> Any:
    """The type that an annotation names; `from __future__ import annotations` keeps them as text."""
    return eval(annotation, command.__globals__) if isinstance(annotation, str) else annotation


def reading_of(reading: Reading | None) -> Reading:
    """The record, or one that asks for nothing."""
    from featurelens.models.formats.reading import Reading

    return reading or Reading()
