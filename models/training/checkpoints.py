"""The folder of a training that is under way: what it takes to resume after an interruption, with the same result.

Keras's BackupAndRestore keeps weights and epoch in two files and forgets the history, the best weights and the
patience. Here the epoch is read from the optimizer's own step counter, saved in one file with the weights.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..model_files.cards import Row, read_history, write_history
from ..model_files.partial_files import written_whole
from ..networks.recipes import Recipe

RUNS_FOLDER = "featurelens-runs"


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during a training; the same call resumes from what is in its folder."""

    def __init__(self, folder: Path | None):
        super().__init__()
        self.folder = folder  # what was kept of the run; None: no epoch was finished, or nothing is written


class TrainingRun:
    """Keeps the last epoch's state, the best weights and the history in a folder.

    The folder's name has a digest of the recipe and of what else decides the result, so that a training
    with other settings starts anew instead of resuming with this one's weights.

    Args:
        output: where the model will be written; the folder lies in `RUNS_FOLDER` beside it.
        recipe: of the training.
        also: anything else that decides the result, such as the data's digests.
    """

    def __init__(self, output: Path, recipe: Recipe, also: str):
        digest = hashlib.sha256((json.dumps(asdict(recipe)) + also).encode()).hexdigest()
        self.folder = output.parent / RUNS_FOLDER / f"{output.stem}-{digest[:12]}"
        self._state = self.folder / "state.weights.h5"
        self._best = self.folder / "best.weights.h5"
        self._history = self.folder / "history.csv"
        self._seconds = self.folder / "seconds.txt"

    def restore(self, model: Any, batches: int) -> list[Row]:
        """Bring a compiled model to where the run was interrupted.

        Args:
            model: as it was before the first epoch; its weights and its optimizer are set.
            batches: number of batches of an epoch.

        Returns:
            the history of the epochs that are done, none where there is nothing to resume.
        """
        if not self._state.exists():
            return []
        model.optimizer.build(model.trainable_variables)
        with self._refused_where_damaged():
            model.load_weights(self._best)  # read at the end: its damage is reported before the epochs, not after them
            model.load_weights(self._state)
            done = int(model.optimizer.iterations) // batches
            rows = read_history(self._history)[:done]
            if len(rows) < done:
                raise ValueError(f"{self._history.name} has {len(rows)} of {done} epochs")
            return rows

    def seconds_spent(self) -> float:
        """How long the epochs that are done have taken, 0 where there are none."""
        if not self._state.exists():
            return 0.0
        with self._refused_where_damaged():
            return float(self._seconds.read_text(encoding="utf-8"))

    def save_epoch(self, model: Any, rows: list[Row], is_best: bool, seconds: float) -> None:
        """Keep the state after an epoch; the state is last, so that it never is ahead of the rest.

        Args:
            model: as it is after the epoch.
            rows: the history so far.
            is_best: whether the weights are the best so far.
            seconds: how long all epochs so far have taken.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_history(rows, self._history)
        _replace_text(self._seconds, f"{seconds}\n")
        if is_best:
            _save_weights(model, self._best)
        _save_weights(model, self._state)

    def load_best(self, model: Any) -> None:
        """Give the model the weights of its best epoch."""
        with self._refused_where_damaged():
            model.load_weights(self._best)

    @contextmanager
    def _refused_where_damaged(self) -> Iterator[None]:
        """What goes wrong while the folder is read becomes an error that names it."""
        try:
            yield
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise ValueError(
                f"Expected what an interrupted training left in '{self.folder}'. Received files that cannot be read "
                f"({type(error).__name__}: {error}). Delete that folder: the same command then starts anew."
            ) from error

    def leave(self) -> Path | None:
        """Return the folder, to resume from later; without a finished epoch it is deleted, and None returned."""
        if self._state.exists():
            return self.folder
        self.remove()
        return None

    def remove(self) -> None:
        """Delete the folder, and `RUNS_FOLDER` where it is left empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def _replace_text(path: Path, text: str) -> None:
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _save_weights(model: Any, path: Path) -> None:
    with written_whole(path, ending=".weights.h5") as partial:  # Keras wants the name to end so
        model.save_weights(partial, overwrite=True)
