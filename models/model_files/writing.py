"""Writing a trained model: NAME.keras without the optimizer's state, NAME.json (the card), NAME.csv (the history)."""

import os
from pathlib import Path
from typing import Any

from .cards import ModelCard, card_path, write_history, write_model_card
from .partial_files import written_whole


def check_output(output: Path, overwrite: bool) -> None:
    """Find out before any work is done whether a model can be written there.

    Args:
        output: path that ends in .keras, in a folder that exists.
        overwrite: whether files that are there already may be replaced.

    Raises:
        ValueError: with what to do, where the model could not be written.
    """
    expected = "Expected a path for the trained model"
    if output.suffix != ".keras":
        raise ValueError(f"{expected} that ends in .keras. Received '{output}'. Write it as '{output.stem}.keras'.")
    if not output.parent.is_dir():
        raise ValueError(f"{expected} in a folder that exists. Received '{output}'. Make '{output.parent}' first.")
    if not os.access(output.parent, os.W_OK):
        raise ValueError(f"{expected} in a folder that can be written. Received '{output}'. Choose another folder.")
    taken = [path.name for path in trained_files(output) if path.exists()]
    if taken and not overwrite:
        raise ValueError(
            f"{expected} that is free. Received '{output}', beside which {', '.join(taken)} exists already. "
            "Choose another name, or allow overwriting (--force)."
        )


def trained_files(output: Path) -> tuple[Path, Path, Path]:
    """The model, its card and its history, where a training writes them."""
    return output, card_path(output), output.with_suffix(".csv")


def write_trained_model(model: Any, card: ModelCard, output: Path) -> None:
    """Write the three files, each complete before it takes its name.

    An older card and history go first, then the model comes, then its own: a run that is killed on the way may leave a
    model without a card, never one with the card of another.
    """
    _, card_file, history_file = trained_files(output)
    columns = list(card.history)
    epochs = zip(*card.history.values(), strict=True)
    without_optimizer = type(model).from_config(model.get_config())  # `clone_model` would compile it again
    without_optimizer.set_weights(model.get_weights())
    with written_whole(output, ending=output.suffix) as partial:
        without_optimizer.save(partial)
        for older in (card_file, history_file):
            older.unlink(missing_ok=True)
    write_history([dict(zip(columns, row, strict=True)) for row in epochs], history_file)
    write_model_card(card, card_file)
