"""The folder of a training that is under way: what it takes to go on after an interruption, with the same result.

Keras's BackupAndRestore keeps weights and epoch in two files and forgets the history, the best weights and the
patience. Here the epoch is read from the optimizer's own step counter, saved in one file with the weights.
"""

import csv
import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .recipes import Recipe

Row = dict[str, float]  # one epoch: 'loss', 'accuracy', 'val_loss', 'val_accuracy', 'test_loss', 'learning_rate'


class TrainingRun:
    """Keeps the last epoch's state, the best weights and the history in a folder.

    The folder's name has a digest of the recipe and of what else decides the result, so that a training
    with other settings starts anew instead of going on with this one's weights.

    Args:
        output: where the model will be written; the folder lies in `featurelens-runs/` beside it.
        recipe: of the training.
        also: anything else that decides the result, such as the data's digests.
    """

    def __init__(self, output: Path, recipe: Recipe, also: str):
        digest = hashlib.sha256((json.dumps(asdict(recipe)) + also).encode()).hexdigest()
        self.folder = output.parent / "featurelens-runs" / f"{output.stem}-{digest[:12]}"
        self._state = self.folder / "state.weights.h5"
        self._best = self.folder / "best.weights.h5"
        self._history = self.folder / "history.csv"

    def restore(self, model: Any, batches: int) -> list[Row]:
        """Bring a compiled model to where the run was interrupted.

        Args:
            model: as it was before the first epoch; its weights and its optimizer are set.
            batches: number of batches of an epoch.

        Returns:
            the history of the epochs that are done, none where there is nothing to go on with.
        """
        if not self._state.exists():
            return []
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self._state)
        done = int(model.optimizer.iterations) // batches
        return read_history(self._history)[:done]

    def save_epoch(self, model: Any, rows: list[Row], is_best: bool) -> None:
        """Keep the state after an epoch; the state is last, so that it never is ahead of the rest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_history(rows, self._history)
        if is_best:
            _save_weights(model, self._best)
        _save_weights(model, self._state)

    def load_best(self, model: Any) -> None:
        """Give the model the weights of its best epoch."""
        model.load_weights(self._best)

    def remove(self) -> None:
        """Delete the folder, and `featurelens-runs/` where it is left empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def write_history(rows: list[Row], path: Path) -> None:
    """Write one line per epoch, a header first, 'epoch' counted from 1."""
    columns = ["epoch", *rows[0]] if rows else ["epoch"]
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({"epoch": number, **row} for number, row in enumerate(rows, start=1))
    partial.replace(path)


def read_history(path: Path) -> list[Row]:
    """Read what `write_history` wrote; numbers come back exactly as they were."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items() if key != "epoch"} for row in csv.DictReader(file)]


def _save_weights(model: Any, path: Path) -> None:
    partial = path.with_name(f"part-{path.name}")  # Keras wants the name to end in .weights.h5
    model.save_weights(partial, overwrite=True)
    partial.replace(path)
