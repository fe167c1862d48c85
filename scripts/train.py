"""Train a network by its recipe: `featurelens train NAME`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.options.image_size import Size, parse_size
from featurelens.scripts.options.measuring import MOST_SEEDS
from featurelens.scripts.options.opening import ClassNames, tell_notes
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.reading import DataReading
from featurelens.scripts.options.records import Without, takes_records
from featurelens.scripts.terminal.interruption import Interrupted
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.model_files.cards import ModelCard
    from featurelens.models.networks.recipes import Recipe


def _help(context: typer.Context, wanted: bool) -> None:
    """Show the usual help and, below it, the architectures; they are looked up only then, which takes a moment."""
    if not wanted:
        return
    from rich.table import Table

    from featurelens.models.networks.architectures import architectures

    say(context.get_help())
    table = Table("name", "layers", title="Architectures", title_justify="left")
    for architecture in architectures().values():
        table.add_row(architecture.name, architecture.summary)
    print_table(table)
    raise typer.Exit


@dataclass(frozen=True)
class TrainingData(DataReading):
    """The images to train on, and those to test on."""

    data: Annotated[str | None, typer.Option(help="Training images: IDX, CSV, or a folder per class.")] = None
    test_data: Annotated[str | None, typer.Option(help="Test images, for the figures of the card.")] = None
    class_names: ClassNames = None
    size: Size = None


@dataclass(frozen=True)
class RecipeChanges:
    """What is done differently from the recipe."""

    seed: Annotated[int | None, typer.Option(min=0, max=MOST_SEEDS, help="Seed of everything random.")] = None
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, at most.")] = None
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images per step.")] = None
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate, the highest of a schedule.")] = None
    augment: Annotated[str | None, typer.Option(help="Of shift,flip,erase; 'none' for none.")] = None
    base: Annotated[str | None, typer.Option(help="Base network of 'transfer', such as MobileNetV2.")] = None
    base_weights: Annotated[str | None, typer.Option(help="Of 'transfer': imagenet or random.")] = None

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with these changes."""
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "augment"}
        if self.augment is not None:
            given["augmentation"] = tuple(step for step in self.augment.split(",") if step != "none")
        return replace(recipe, **{name: value for name, value in given.items() if value is not None})


@takes_records
def train(
    name: Annotated[str, typer.Argument(help="The architecture, one of those listed below.")],
    output: Annotated[Path | None, typer.Option(help="File to write; by default ./NAME.keras.")] = None,
    images: Annotated[TrainingData, Without("preprocess")] = TrainingData(),
    changes: RecipeChanges = RecipeChanges(),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    wants_help: Annotated[
        bool, typer.Option("--help", callback=_help, is_eager=True, help="Show this message and exit.")
    ] = False,
) -> None:
    """Train a network; write NAME.keras, its card NAME.json and its history NAME.csv.

    Without --data it learns Fashion-MNIST. The same command resumes a training that was interrupted.
    """
    from featurelens.scripts.terminal.memory import keep_freed_memory

    keep_freed_memory()  # before anything imports TensorFlow
    from featurelens.models.model_files.writing import trained_files
    from featurelens.models.networks.recipes import recipe
    from featurelens.models.quiet_start import start_tensorflow
    from featurelens.models.training.checkpoints import TrainingInterrupted
    from featurelens.models.training.fit import check_settings
    from featurelens.models.training.fit import train as train_model
    from featurelens.scripts.terminal.training_display import TrainingDisplay

    chosen = changes.applied(recipe(name))
    target = output or Path(f"{name}.keras")
    check_settings(chosen, target, force)
    check_outputs(trained_files(target), data=[images.data, images.test_data], files=[images.class_names])
    training, test = _datasets(images)
    start_tensorflow()
    try:
        with TrainingDisplay() as display:
            trained = train_model(chosen, training, test, output=target, overwrite=force, progress=display)
    except TrainingInterrupted as stopped:
        raise Interrupted(_how_to_resume(stopped.folder)) from None
    say(_summary(trained.card, chosen, target))


def _datasets(images: TrainingData) -> tuple[Dataset, Dataset | None]:
    """The images to train on and those to test on: Fashion-MNIST's where no others are named."""
    from featurelens.models.datasets.class_names import place_classes, read_class_names
    from featurelens.models.formats.sources import open_dataset

    size = parse_size(images.size)
    data, test_data = images.data, images.test_data
    if data is None:
        data, test_data = "fashion_mnist:train", test_data or "fashion_mnist:test"
    names = None if images.class_names is None else read_class_names(images.class_names)
    reading = images.reading()
    training = open_dataset(data, model_input=size, resize=size is not None, class_names=names, reading=reading)
    tell_notes(training)
    if test_data is None:
        return training, None
    shape = None if size is None else training.images.shape[1:]
    test = open_dataset(test_data, model_input=shape, resize=size is not None, class_names=names, reading=reading)
    return training, place_classes(test, training.class_names) or test  # classes that have no place are refused later


def _how_to_resume(folder: Path | None) -> str:
    """How to resume after Ctrl-C."""
    if folder is None:
        return "No epoch was finished, so nothing is kept; the same command starts again."
    return (
        "The same command resumes after the last finished epoch. What it needs is kept in "
        f"{folder}; delete that folder to start anew."
    )


def _summary(card: ModelCard, chosen: Recipe, target: Path) -> str:
    """What was reached, and where it lies."""
    figures = [f"{split} {card.results[split]['accuracy']:.2%}" for split in card.results]
    stopped = f" (best epoch {card.best_epoch})" if chosen.patience else ""
    return f"Accuracy: {', '.join(figures)}{stopped}. Wrote {target}, its card (.json) and its history (.csv)."


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("train", train)
