"""How a training shows on the terminal: one bar with epoch, batch, loss, accuracy and the time left."""

from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingDisplay:
    """Draws a bar over all batches of all epochs, and leaves a line for each epoch behind.

    Use it as a context manager and pass it to `featurelens.models.train` as its `progress`.
    """

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            transient=True,
        )
        self._task = self._bar.add_task("loading", total=None, figures="")
        self._epoch, self._epochs, self._batches = 1, 1, 1

    def __enter__(self) -> "TrainingDisplay":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def epoch_started(self, epoch: int, epochs: int, batches: int) -> None:
        """Show the epoch; the first one started sets the bar's length, also when a training is resumed."""
        self._epoch, self._epochs, self._batches = epoch, epochs, batches
        self._bar.update(self._task, total=epochs * batches, completed=(epoch - 1) * batches)

    def batch_ended(self, batch: int, loss: float, accuracy: float) -> None:
        """Move the bar by a batch."""
        self._bar.update(
            self._task,
            description=f"epoch {self._epoch}/{self._epochs} batch {batch}/{self._batches}",
            completed=(self._epoch - 1) * self._batches + batch,
            figures=f"loss {loss:.4f} accuracy {accuracy:.2%}",
        )

    def epoch_ended(self, epoch: int, row: dict[str, float]) -> None:
        """Leave the epoch's numbers on the terminal."""
        self._bar.console.print(
            f"epoch {epoch:3d}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
            f"validation loss {row['val_loss']:.4f}  validation accuracy {row['val_accuracy']:.2%}",
            soft_wrap=True,
        )
