"""Describe data before any model sees it, in one HTML file: `featurelens explore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.loading import DEFAULT_DATA, ClassNames, Data

if TYPE_CHECKING:
    from featurelens.models import Dataset


def explore(
    data: Data = DEFAULT_DATA,
    training_data: Annotated[
        str | None, typer.Option(help="Training images, to compare with --data. Fashion-MNIST's are found if here.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch Fashion-MNIST's training images where they are not here.")
    ] = False,
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("featurelens-data.html"),
    class_names: ClassNames = None,
    seed: Annotated[int, typer.Option(help="Of the images that are drawn.")] = 0,
) -> None:
    """Describe data: classes, pixel values, means, examples, equal images, and images nearest to another class."""
    from featurelens.reports.report_file import check_writable

    check_writable(output.expanduser().absolute())
    splits = _splits(data, training_data, class_names, download)
    from featurelens.reports.exploration_page import write_exploration

    path = write_exploration(splits, output, seed=seed)
    described = ", ".join(f"{name}: {len(dataset):,} images" for name, dataset in splits.items())
    typer.echo(f"{described}. Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


def _splits(data: str, training_data: str | None, class_names: Path | None, download: bool) -> dict[str, Dataset]:
    """The data and, where they are named or at hand, the training images."""
    from featurelens.models.class_names import read_class_names
    from featurelens.models.fashion_mnist import is_at_hand
    from featurelens.models.sources import NAMED, open_dataset

    names = None if class_names is None else read_class_names(class_names)
    if NAMED.get(data) == "train":
        return {"training": open_dataset(data, class_names=names)}
    if training_data is None and data in NAMED and (download or is_at_hand("train")):
        training_data = "fashion_mnist:train"
    test = open_dataset(data, class_names=names)
    if training_data is None:
        return {"images" if data not in NAMED else "test": test}
    return {"training": open_dataset(training_data, class_names=names), "test": test}


if __name__ == "__main__":
    from featurelens.scripts.cli import main

    main(["explore", *sys.argv[1:]])
