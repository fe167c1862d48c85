"""What happens around each epoch of a training: the data's order, dropout's seeds, the history, the best weights."""

import math
from collections.abc import Iterator
from time import monotonic
from typing import Any, Protocol

import numpy as np

from ..datasets.dataset import Dataset
from ..model_files.cards import Row
from ..networks.recipes import Recipe, recipe
from .batches import targets_of
from .checkpoints import TrainingRun

EPOCH_STRIDE = 10**6  # dropout draws per epoch, at most: each epoch's masks start at its own place


class TrainingProgress(Protocol):
    """What a caller passes to see a training advance. Epochs and batches are counted from 1."""

    def epoch_started(self, epoch: int, epochs: int, batches: int) -> None:
        """An epoch begins."""

    def batch_ended(self, batch: int, loss: float, accuracy: float) -> None:
        """A batch is done; loss and accuracy are means over the epoch so far."""

    def epoch_ended(self, epoch: int, row: Row) -> None:
        """An epoch and its validation are done; its numbers by name."""


class TrainingEpochs:
    """Follows `model.fit`: its three methods are called back by Keras."""

    def __init__(
        self,
        model: Any,
        chosen: Recipe,
        batches: Any,
        test: Dataset | None,
        run: TrainingRun | None,
        progress: TrainingProgress | None,
    ):
        self._model, self._recipe, self._batches = model, chosen, batches
        self._test, self._run, self._progress = test, run, progress
        self._best_weights: list[np.ndarray] | None = None
        self.rows: list[Row] = run.restore(model, len(batches)) if run else []
        self._spent, self._started = run.seconds_spent() if run else 0.0, monotonic()

    def begin(self, epoch: int) -> None:
        """Before an epoch: what is random in it follows from the seed and its number alone."""
        self._batches.start_epoch(epoch)
        for layer in _all_layers(self._model):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                seed = int(np.asarray(generator.state)[0])
                generator.state.assign(np.array([seed, epoch * EPOCH_STRIDE], np.uint32))
        if self._progress:
            self._progress.epoch_started(epoch + 1, self._recipe.epochs, len(self._batches))

    def batch(self, index: int, logs: dict[str, float]) -> None:
        """After a batch."""
        self._stop_where_diverged(float(logs["loss"]), f"batch {index + 1} of epoch {len(self.rows) + 1}")
        if self._progress:
            self._progress.batch_ended(index + 1, float(logs["loss"]), float(logs["accuracy"]))

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """After an epoch: note its numbers, keep its weights, stop where the recipe says so."""
        row = {name: float(value) for name, value in logs.items()}
        self._stop_where_diverged(row["val_loss"], f"the validation after epoch {epoch + 1}")
        if self._test is not None:  # for the plot only: no choice looks at it
            targets = targets_of(self._test, self._recipe.loss)
            row["test_loss"] = float(self._model.evaluate(self._test.images, targets, batch_size=256, verbose=0)[0])
        row["learning_rate"] = float(np.asarray(self._model.optimizer.learning_rate))
        self.rows.append(row)
        is_best = best_epoch(self.rows, self._recipe) == epoch
        if self._run:
            self._run.save_epoch(self._model, self.rows, is_best, self.seconds)
        elif is_best:
            self._best_weights = self._model.get_weights()
        self._model.stop_training = self.is_over
        if self._progress:
            self._progress.epoch_ended(epoch + 1, row)

    @property
    def seconds(self) -> float:
        """Wall clock of all epochs, those before an interruption too."""
        return self._spent + monotonic() - self._started

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done or patience has run out."""
        waited = len(self.rows) - 1 - best_epoch(self.rows, self._recipe) if self.rows else 0
        out_of_patience = self._recipe.patience is not None and waited >= self._recipe.patience
        return len(self.rows) >= self._recipe.epochs or out_of_patience

    def load_best(self) -> None:
        """Give the model the weights of its best epoch."""
        if self._run:
            self._run.load_best(self._model)
        elif self._best_weights is not None:
            self._model.set_weights(self._best_weights)

    def _stop_where_diverged(self, loss: float, where: str) -> None:
        """Stop at a loss that is not a number; what was kept is deleted, because resuming from it would fail again."""
        if math.isfinite(loss):
            return
        if self._run:
            self._run.remove()
        rate = self._recipe.learning_rate
        lower = min(rate / 10, recipe(self._recipe.architecture).learning_rate)
        raise ValueError(
            f"Expected a finite loss. Received {loss} in {where}: at a learning rate of {rate:g} the training diverged. "
            f"Lower --learning-rate (the recipe's learning_rate), for example to {lower:g}."
        )


def best_epoch(rows: list[Row], chosen: Recipe) -> int:
    """The epoch, counted from 0, whose weights are kept: the last one, or with patience the first best one."""
    if chosen.patience is None:
        return len(rows) - 1
    values = [row[chosen.monitor] for row in rows]
    return int(np.argmin(values) if chosen.monitor == "val_loss" else np.argmax(values))


def _all_layers(model: Any) -> Iterator[Any]:
    """Every layer, those of nested models too."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)
