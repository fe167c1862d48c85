"""The record of series and volumes: what is no picture, but has places that a map can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from .. import Record
from .visible_text import all_visible, visible

Values = Annotated[Any, "drawn only"]  # no figure: it has no part in `to_json`
SERIES, VOLUMES = "series", "volumes"


@dataclass(frozen=True, eq=False)
class SomeSignals:
    """Some of a set."""

    numbers: np.ndarray  # int64[n], which they are
    images: np.ndarray  # float32[n, ...]
    labels: np.ndarray  # int64[n]


@dataclass(frozen=True, eq=False)
class Signals(Record):
    """Series or volumes, with their classes where these are known. Checked when made.

    It is taken wherever arrays of images are; `images` is what a model takes, as it is called of pictures.

    Example:
        >>> two = Signals(np.zeros((2, 16, 1), np.float32), np.array([0, 1]), ("calm", "storm"), "made by hand")
        >>> two.kind, two.sizes, two[1].labels.tolist()
        ('series', (16,), [1])
    """

    images: Values  # float32[B,L,C] or [B,D,H,W,C], as the model takes them; without C where `has_channel` is false
    labels: np.ndarray | None  # int64[B], 0 to K-1; None where no classes are known
    class_names: tuple[str, ...]  # K names, by label; none where nothing tells them
    source: str  # where they came from, for people to read
    has_channel: bool = True  # whether the last axis is the channel
    names: tuple[str, ...] = ()  # [B], of each one's file; none where files hold many
    steps: tuple[float, ...] = ()  # from one place to the next along each axis, in `unit`; none where nothing tells it
    unit: str = ""  # of the steps, such as 's' or 'mm'
    notes: tuple[str, ...] = ()  # what was recognised or assumed, a sentence each
    unreadable: tuple[str, ...] = ()  # names of the files that could not be read, and are left out

    def __post_init__(self) -> None:
        for field in ("class_names", "names", "notes", "unreadable"):
            object.__setattr__(self, field, all_visible(map(str, getattr(self, field))))
        object.__setattr__(self, "source", visible(self.source))
        self._check()

    def _check(self) -> None:
        values = self.images
        if values.dtype != np.float32 or len(self.sizes) not in (1, 2, 3) or not values.size:
            raise ValueError(
                f"Expected series float32[B,L,C] or volumes float32[B,D,H,W,C], at least one. Received {values.dtype}"
                f"{list(values.shape)}. Convert them with values.astype(np.float32); without a channel set has_channel=False."
            )
        if not np.isfinite([values.min(), values.max()]).all():
            bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            raise ValueError(
                f"Expected finite values. Received NaN or Inf in {bad.size} of {len(values)}, first at index {bad[0]}. Leave "
                f"those out, or mend what computed them."
            )
        labels = self.labels
        if labels is not None and (labels.dtype != np.int64 or labels.shape != (len(values),)):
            raise ValueError(
                f"Expected labels as int64[{len(values)}]. Received {labels.dtype}{list(labels.shape)}. Give one class number "
                f"for each, as in labels.astype(np.int64)."
            )
        if labels is not None and (labels.min() < 0 or labels.max() >= len(self.class_names)):
            raise ValueError(
                f"Expected labels from 0 to {len(self.class_names) - 1} for {len(self.class_names)} classes. Received "
                f"{labels.min()} to {labels.max()}. Correct them, or name every class."
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many places there are along each axis: (L,) or (D, H, W)."""
        shape = self.images.shape[1:]
        return tuple(shape[:-1] if self.has_channel else shape)

    @property
    def kind(self) -> str:
        """'series' or 'volumes'."""
        return SERIES if len(self.sizes) == 1 else VOLUMES

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> Signals:
        """Some of them: `signals[3]`, `signals[:10]`, `signals[signals.labels == 1]`.

        Raises:
            ValueError: There are none of these.
        """
        try:
            numbers = np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise ValueError(
                f"Expected numbers from 0 to {len(self) - 1}. Received {rows!r}. '{self.source}' has {len(self)}."
            ) from error
        return replace(
            self,
            images=self.images[numbers],
            labels=None if self.labels is None else self.labels[numbers],
            names=tuple(self.names[number] for number in numbers) if self.names else (),
        )

    def take(self, numbers: np.ndarray | Sequence[int]) -> Signals:
        """Those of these numbers, int[N], in this order; errors as for `signals[...]`."""
        return self[np.asarray(numbers)]

    def noting(self, *notes: str) -> Signals:
        """The same with more to tell about how they were read."""
        return replace(self, notes=(*self.notes, *notes))

    def batches(self, size: int) -> Iterator[SomeSignals]:
        """All in order, up to `size` at a time, with their numbers and labels, -1 where these are not known."""
        labels = np.full(len(self), -1, np.int64) if self.labels is None else self.labels
        for start in range(0, len(self), size):
            rows = np.arange(start, min(start + size, len(self)))
            yield SomeSignals(rows, self.images[rows], labels[rows])

    @property
    def value_range(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return float(self.images.min()), float(self.images.max())

    def with_channel(self) -> Signals:
        """The same as [B,places...,C], with one channel where there is none."""
        return self if self.has_channel else replace(self, images=self.images[..., np.newaxis], has_channel=True)

    def labelled(self) -> Signals:
        """The same, where classes are known.

        Raises:
            ValueError: They are not.
        """
        if self.labels is None:
            raise ValueError(
                f"Expected {self.kind} with their classes. Received {len(self)} without, from '{self.source}'. Put the files "
                f"into one folder per class, or save labels beside the values."
            )
        return self

    def called(self, number: int) -> str:
        """What to call one: '31', or '31 (storm/a.wav)' where it has a file of its own."""
        return f"{number} ({self.names[number]})" if self.names else f"{number}"


def named(labels: np.ndarray | None, known: Sequence[str] | None, given: Sequence[str] | None) -> tuple[str, ...]:
    """The class names: as given, else as the data have them; none where there are no labels and nobody names classes."""
    names = given if given is not None else known
    if names is None and labels is not None:
        names = [str(number) for number in range(int(labels.max(initial=0)) + 1)]
    return tuple(names or ())
