"""How data are read, as typed: a record of options that all commands which read data share (see `records`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.models import ModelCard, Signals
    from featurelens.models.formats.reading import Reading

_PANEL = "How the data are read"


def _option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_PANEL)


_OF_SIGNALS = ("fit", "images_key", "labels_key")  # of what `DataReading` holds, those that series and volumes know


@dataclass(frozen=True)
class DataReading:
    """What a person says of their data, where the files leave it open; the fields are those of `Reading`."""

    preprocess: Annotated[
        str | None,
        _option("As the model was trained: caffe, torch, tf, per-image, mean=...,std=... or module:function."),
    ] = None
    interpolation: Annotated[
        str | None,
        _option(
            "How pictures are resized: bilinear (as image_dataset_from_directory), nearest (as load_img), area, bicubic. "
            "Default: the card's, or bilinear."
        ),
    ] = None
    fit: Annotated[
        str | None,
        _option("When pictures are resized: stretch, crop or pad. Default: the card's, or stretch. Series: pad."),
    ] = None
    depth: Annotated[int | None, _option("Bits of a pixel value where a file stores them in more, such as 12.")] = None
    exif: Annotated[bool, _option("Turn pictures as their EXIF says; Keras does not.", "--exif")] = False
    label_map: Annotated[
        str | None,
        _option("from-1, numeric, stored=class,... or a file of such pairs; stored= leaves its images out."),
    ] = None
    label_from: Annotated[
        str | None, _option("Pattern of a file's name whose first group is the class, as in '(.*?)[._]'.")
    ] = None
    label_column: Annotated[
        str | None,
        _option("Column of the labels in a table: its name; first or last in a CSV of pixels; of several numbers x,y."),
    ] = None
    file_column: Annotated[str | None, _option("Column of the files in a table.")] = None
    split: Annotated[str | None, _option("Which split, of data that hold several.")] = None
    images_key: Annotated[str | None, _option("Name of the array of images, in a file of several.")] = None
    labels_key: Annotated[str | None, _option("Name of the array of labels, in a file of several.")] = None

    def reading(self, **changes: Any) -> Reading:
        """The record for `open_dataset`, with some fields otherwise; a wrong word is refused."""
        from featurelens.models.formats.reading import Reading

        typed = {each.name: getattr(self, each.name) for each in fields(DataReading)}
        return Reading(**(typed | changes)).checked()

    def signals(
        self,
        source: str,
        model: Any,
        card: ModelCard | None,
        class_names: Sequence[str] | None,
        read: Callable[..., Signals] | None = None,
    ) -> Signals:
        """Series or volumes in the form that the model takes; what was recognised of them is printed.

        Args:
            source: Where they are.
            model: That takes them.
            card: Of the model.
            class_names: As given.
            read: `signals_alone` where their labels are no classes; None: `read_signals`.

        Raises:
            ValueError: They cannot be read or do not fit the model, or an option is typed that is for pictures.
        """
        from featurelens.models.formats.places.signal_files import read_signals
        from featurelens.models.formats.reading import Reading
        from featurelens.scripts.terminal.saying import say

        settings = [each.name for each in fields(DataReading) if each.name not in _OF_SIGNALS]
        for name in (*settings, "scale", "resize"):
            if getattr(self, name, None):
                raise ValueError(
                    f"Expected no --{name.replace('_', '-')} for a model of series or volumes, whose values stay as they are. "
                    f"Received {getattr(self, name)!r}. Leave it out, and save the values as the model takes them."
                )
        names = class_names or (None if card is None else card.class_names)
        keys = Reading(images_key=self.images_key, labels_key=self.labels_key)
        found = (read or read_signals)(source, model, names, self.fit, keys)
        for note in found.notes:
            say(f"Note: {note}", err=True)
        return found
