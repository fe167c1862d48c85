"""Train a network by its recipe: `featurelens train NAME`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.interruption import Interrupted

if TYPE_CHECKING:
    from featurelens.models.datasets import Dataset
    from featurelens.models.model_cards import ModelCard
    from featurelens.models.recipes import Recipe


def train(
    name: Annotated[str, typer.Argument(help="The architecture, such as zero_padded_dropout.")],
    output: Annotated[Path | None, typer.Option(help="File to write; by default ./NAME.keras.")] = None,
    data: Annotated[str | None, typer.Option(help="Training images: IDX, CSV, or a folder per class.")] = None,
    test_data: Annotated[str | None, typer.Option(help="Test images, for the figures of the card.")] = None,
    class_names: Annotated[Path | None, typer.Option(help="Text file, one class name per line.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs, at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate, the highest of a schedule.")] = None,
    augment: Annotated[str | None, typer.Option(help="Of shift,flip,erase; 'none' for none.")] = None,
    base: Annotated[str | None, typer.Option(help="Base network of 'transfer', such as MobileNetV2.")] = None,
    base_weights: Annotated[str | None, typer.Option(help="Of 'transfer': imagenet or random.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
) -> None:
    """Train a network; write NAME.keras, its card NAME.json and its history NAME.csv.

    Without --data it learns Fashion-MNIST. The same command goes on with a training that was interrupted.
    """
    from featurelens.scripts.memory import keep_freed_memory

    keep_freed_memory()
    from featurelens.models.recipes import recipe
    from featurelens.models.training import train as train_model
    from featurelens.scripts.training_display import TrainingDisplay

    given = {
        "seed": seed,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "augmentation": None if augment is None else tuple(step for step in augment.split(",") if step != "none"),
        "base": base,
        "base_weights": base_weights,
    }
    chosen = replace(recipe(name), **{field: value for field, value in given.items() if value is not None})
    target = output or Path(f"{name}.keras")
    training, test = _datasets(data, test_data, class_names)
    try:
        with TrainingDisplay() as display:
            trained = train_model(chosen, training, test, output=target, overwrite=force, progress=display)
    except KeyboardInterrupt:
        raise Interrupted("The same command goes on after the last epoch that was finished.") from None
    typer.echo(_summary(trained.card, chosen, target))


def _datasets(
    data: str | None, test_data: str | None, class_names: Path | None
) -> tuple[Dataset | None, Dataset | None]:
    """The user's own images; None twice where Fashion-MNIST is meant."""
    from featurelens.models.class_names import read_class_names
    from featurelens.models.sources import open_dataset

    if data is None and test_data is None:
        return None, None
    names = None if class_names is None else read_class_names(class_names)
    training = open_dataset(data or "fashion_mnist:train", class_names=names)
    return training, None if test_data is None else open_dataset(test_data, class_names=training.class_names)


def _summary(card: ModelCard, chosen: Recipe, target: Path) -> str:
    """What was reached, and where it lies."""
    figures = [f"{split} {card.results[split]['accuracy']:.2%}" for split in card.results]
    stopped = f" (best epoch {card.best_epoch})" if chosen.patience else ""
    return f"Accuracy: {', '.join(figures)}{stopped}. Wrote {target}, its card (.json) and its history (.csv)."


if __name__ == "__main__":
    from featurelens.scripts.cli import main

    main(["train", *sys.argv[1:]])
