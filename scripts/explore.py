"""Describe data before any model sees it, in one HTML file: `featurelens explore`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.options.image_size import Size, parse_size
from featurelens.scripts.options.measuring import HtmlFile, Seed, training_data_option
from featurelens.scripts.options.opening import DEFAULT_DATA, ClassNames, Data, tell_notes
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.options.reading import DataReading
from featurelens.scripts.options.records import Without, takes_records
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from featurelens.models import Dataset


@takes_records
def explore(
    data: Data = DEFAULT_DATA,
    training_data: Annotated[
        str | None, training_data_option("to compare with --data. Fashion-MNIST's are found if here.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch Fashion-MNIST's training images where they are not here.")
    ] = False,
    output: HtmlFile = Path("featurelens-data.html"),
    class_names: ClassNames = None,
    size: Size = None,
    seed: Seed = 0,
    options: Annotated[DataReading, Without("preprocess")] = DataReading(),
) -> None:
    """Describe data: classes, pixel values, means, examples, equal images, and images nearest to another class."""
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.formats.sources import open_dataset
    from featurelens.models.opencv import opencv
    from featurelens.reports.files.whole_files import check_writable

    target = output.expanduser().absolute()
    check_writable(target)
    check_page_outputs([target], data=[data, training_data], files=[class_names])
    opencv()
    names = None if class_names is None else read_class_names(class_names)
    wanted = parse_size(size)
    read = partial(
        open_dataset, model_input=wanted, resize=wanted is not None, class_names=names, reading=options.reading()
    )
    splits = _splits(data or DEFAULT_DATA, training_data, download, read)
    for dataset in splits.values():
        tell_notes(dataset)
    from featurelens.reports.data_page import write_exploration

    path = write_exploration(splits, output, seed=seed)
    described = ", ".join(f"{name}: {len(dataset):,} images" for name, dataset in splits.items())
    say(f"{described}. Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


def _splits(data: str, training_data: str | None, download: bool, read: Callable[[str], Dataset]) -> dict[str, Dataset]:
    """The data and, where they are named or at hand, the training images."""
    from featurelens.models.formats.fashion_mnist import is_at_hand
    from featurelens.models.formats.sources import NAMED

    split = NAMED.get(data)
    if download and (training_data is not None or split != "test"):
        raise ValueError(
            "Expected --download alone or with --data fashion_mnist, whose training images it fetches. Received it with "
            "other data. Leave it out."
        )
    if training_data is None and split == "test" and (download or is_at_hand("train")):
        training_data = "fashion_mnist:train"
    if training_data is None:
        return {{"train": "training", "test": "test"}.get(split or "", "images"): read(data)}
    return _of_the_same_classes({"training": read(training_data), "test": read(data)})


def _of_the_same_classes(splits: dict[str, Dataset]) -> dict[str, Dataset]:
    """The splits with the classes of the one that names them or, where none or all do, has most: others may lack some."""
    from featurelens.models.datasets.class_names import are_numbers, place_classes
    from featurelens.reports.drawing.wording import listed

    def known(split: Dataset) -> tuple[bool, int]:
        return not are_numbers(split.class_names), len(split.class_names)

    names = max(splits.values(), key=known).class_names
    placed: dict[str, Dataset] = {}
    for name, split in splits.items():
        fitting = place_classes(split, names)
        if fitting is None:
            raise ValueError(
                f"Expected splits of the same classes: {listed(names, 12)}. Received {listed(split.class_names, 12)} in "
                f"the {name} split. Name them alike, or list all classes in a text file and pass --class-names FILE."
            )
        placed[name] = fitting
    return placed


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("explore", explore)
