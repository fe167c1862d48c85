"""The record of labelled images that every loader returns and every other part reads."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from ... import Record
from ...kinds import Images, checks_kinds
from ..truth.reading import truth_of
from ..truth.record import REGRESSION, UNLABELLED, Numbers, Truth
from ..visible_text import all_visible, visible
from .image_store import IN_MEMORY, ImageStore
from .lazy_images import LazyImages, lazily
from .resizing import convert_channels, resize_images

Pixels = Annotated[Any, "drawn only"]  # float32[B,H,W,C], or what reads as one; no figure: it has no part in `to_json`


@dataclass(frozen=True)
class Preparation:
    """What was done to the pictures, from the file to the model, for the page and the model card."""

    preprocessing: str | None = None  # as --preprocess names it; None: only brought to the value range
    interpolation: str | None = None  # how the pictures were resized; None: they are as stored
    fit: str = "stretch"  # 'stretch', 'crop' or 'pad'
    notes: tuple[str, ...] = ()  # what was recognised or assumed, a sentence each


@dataclass(frozen=True, eq=False)
class Pictures:
    """Some images of a data set."""

    numbers: np.ndarray  # int64[n], of the images in the set
    images: np.ndarray  # float32[n,H,W,C]
    labels: np.ndarray  # int64[n]


_LONGEST_NAME = 1000  # letters of a class name


@dataclass(frozen=True, eq=False)
class Dataset(Record):
    """Labelled images with the names of their classes and where they came from.

    Checked when made: a ValueError says what was expected, what came and what to do. Pixels outside `value_range`
    get a warning with the smallest and largest seen, as pictures and models would misread them.

    Example:
        >>> two = Dataset(np.zeros((2, 4, 4, 1), np.float32), np.array([0, 1]), ("cat", "dog"), "made by hand")
        >>> len(two), two.one_hot().tolist()
        (2, [[1.0, 0.0], [0.0, 1.0]])
    """

    images: Pixels  # float32[B, H, W, C], within value_range: an array, `LazyImages` or an `ImageStore`
    labels: np.ndarray  # int64[B], 0 to K-1
    class_names: tuple[str, ...]  # K names, by label
    source: str  # where the images came from, for people to read
    value_range: tuple[float, float] = (0.0, 1.0)  # (black, white): what the darkest and brightest pixel may be
    files: tuple[tuple[str, str], ...] = ()  # (file name, SHA-256 as hex) of what was read
    unreadable: tuple[str, ...] = ()  # names of the files that could not be read
    names: tuple[str, ...] = ()  # [B], of each image's file, such as 'cats/1.png'; none where files hold many
    pictures: Pixels = None  # float32[B, H, W, C] in [0, 1], for people; None: the images, in value_range
    preparation: Preparation = Preparation()
    truth: Truth | None = None  # numbers, or several labels, of each image; then there are no classes
    stored_sizes: Pixels = None  # int64[B,2], (H, W) of each picture as stored, where they were resized; else None

    def __post_init__(self) -> None:
        self._make_names_visible()
        _check_layout(self.images, self.labels)
        _check_truth(self.truth, len(self.images), self.source)
        _check_labels(self.labels, self.class_names)
        if not isinstance(self.images, LazyImages):  # those on disk are checked by what reads them
            _check_pixels(self.images, self.value_range)

    @classmethod
    @checks_kinds
    def from_arrays(
        cls,
        images: Images,
        labels: Any,
        class_names: Sequence[str | int] | None = None,
        *,
        source: str = "arrays",
        task: str | None = None,
        unit: str = "",
    ) -> Dataset:
        """Images and labels from memory as a data set, in the form that everything takes.

        Args:
            images: [B,H,W,C], or grey ones [B,H,W]. Their values stay as they are, as the model was trained on them: bytes
                from 0 to 255, real numbers from 0 to 1, from -1 to 1, or from 0 to 255 where they reach so far
                (`data.scaled(0, 1)` brings them to another range).
            labels: int[B] or [B,1], or one-hot [B,K]; for a regression float[B] or [B,N]; for several labels multi-hot [B,K].
            class_names: K names, by label; None: the numbers themselves. Of a regression the names of its numbers.
            source: Where they are from, for people to read.
            task: None: each image is of one class. 'regression': the labels are numbers, 'labels': any of several labels;
                the data then bear them as `truth`, and have no classes.
            unit: Of a regression's numbers, such as 'years'.

        Raises:
            ValueError: They do not fit each other.

        Example:
            >>> data = Dataset.from_arrays(np.zeros((2, 4, 4), np.uint8), [1, 0], ["cat", "dog"])
            >>> data.images.shape, data.class_names, len(data[:1])
            ((2, 4, 4, 1), ('cat', 'dog'), 1)
        """
        pixels, numbers = np.asarray(images), np.asarray(labels)
        whole = pixels.dtype == np.uint8
        pixels = pixels[..., np.newaxis] if pixels.ndim == 3 else pixels
        pixels = pixels.astype(np.float32, copy=False)
        value_range = (0.0, 255.0) if whole else range_of_values(pixels)
        named = None if class_names is None else tuple(map(str, class_names))
        if task is not None:
            truth = truth_of(numbers, task, source, named, unit=unit)
            nobody = np.zeros(len(pixels), np.int64)
            return cls(pixels, nobody, UNLABELLED, source, value_range=value_range, truth=truth)
        _refuse_no_class(numbers)
        _refuse_no_distribution(numbers)
        if numbers.ndim == 2:
            numbers = numbers[:, 0] if numbers.shape[1] == 1 else numbers.argmax(axis=1)
        numbers = numbers.astype(np.int64)
        known = max(int(numbers.max(initial=0)) + 1, 2)
        names = tuple(map(str, range(known))) if named is None else named
        return cls(pixels, numbers, names, source, value_range=value_range)

    def _make_names_visible(self) -> None:
        """Names from outside are kept as pages, drawings and terminals can show them, so that all of these agree."""
        notes = all_visible(self.preparation.notes)
        for field, value in {
            "class_names": all_visible(map(str, self.class_names)),
            "source": visible(self.source),
            "files": tuple((visible(name), digest) for name, digest in self.files),
            "unreadable": all_visible(self.unreadable),
            "names": all_visible(self.names),
            "preparation": self.preparation
            if notes == self.preparation.notes
            else replace(self.preparation, notes=notes),
        }.items():
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> Dataset:
        """Some of the images as a data set: `data[:10]`, `data[-1]`, `data[[3, 5]]`, `data[mask]`, `data[data.labels == 6]`.

        Raises:
            ValueError: There are no such images, or none at all.
        """
        if isinstance(rows, (int, np.integer)) and not isinstance(rows, bool):
            place = int(rows)
            return self.take([place + len(self) if -len(self) <= place < 0 else place])
        chosen = np.asarray(rows) if not isinstance(rows, slice) else rows
        if isinstance(chosen, np.ndarray) and chosen.dtype == bool and chosen.shape != (len(self),):
            raise ValueError(
                f"Expected a mask of bool[{len(self)}], one for each image. Received bool{list(chosen.shape)}. "
                "Compare something that has one value for each image, as in data[data.labels == 0]."
            )
        if isinstance(chosen, np.ndarray) and chosen.dtype != bool:
            return self.take(np.where(chosen < 0, chosen + len(self), chosen) if chosen.dtype.kind == "i" else chosen)
        return self.take(np.arange(len(self))[chosen])

    def __iter__(self) -> Iterator[Dataset]:
        """Each image as a data set of its own."""
        return (self.take([number]) for number in range(len(self)))

    @property
    def shown(self) -> Any:
        """float32[B, H, W, C] within `shown_range`: what people see, whatever preprocessing the model wants."""
        return self.images if self.pictures is None else self.pictures

    @property
    def shown_range(self) -> tuple[float, float]:
        """(black, white) of `shown`."""
        return self.value_range if self.pictures is None else (0.0, 1.0)

    def called(self, number: int) -> str:
        """What to call an image: '31', or '31 (cats/IMG_2041.jpg)' where it has a file of its own."""
        return f"{number} ({self.names[number]})" if self.names else f"{number}"

    def noting(self, *notes: str) -> Dataset:
        """Return the same data with more to tell about how they were read."""
        return replace(self, preparation=replace(self.preparation, notes=(*self.preparation.notes, *notes)))

    def batches(self, size: int) -> Iterator[Pictures]:
        """The images in order, up to `size` at a time, with their numbers and labels."""
        for start in range(0, len(self), size):
            rows = np.arange(start, min(start + size, len(self)))
            yield Pictures(rows, self.images[start : start + size], self.labels[start : start + size])

    def take(self, indices: np.ndarray | list[int]) -> Dataset:
        """Return the images at `indices` (int[N], 0 to B-1), in that order."""
        chosen = np.asarray(indices)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise ValueError(
                f"Expected indices as int[N]. Received {chosen.dtype}{list(chosen.shape)}. "
                "Pass a list of integers (np.flatnonzero turns a mask into one)."
            )
        outside = chosen[(chosen < 0) | (chosen >= len(self))]
        if outside.size:
            raise ValueError(
                f"Expected indices from 0 to {len(self) - 1}. Received {outside[0]}. "
                f"The data '{self.source}' have {len(self)} images, counted from 0."
            )
        chosen = chosen.astype(np.int64)
        return replace(
            self,
            images=_taken(self.images, chosen),
            labels=self.labels[chosen],
            names=tuple(self.names[number] for number in chosen) if self.names else (),
            pictures=None if self.pictures is None else _taken(self.pictures, chosen),
            truth=None if self.truth is None else self.truth.taking(chosen),
            stored_sizes=None if self.stored_sizes is None else self.stored_sizes[chosen],
        )

    def scaled(self, low: float, high: float) -> Dataset:
        """Return the same pictures with `low` for black and `high` for white (a linear map of `value_range`)."""
        if not low < high:
            raise ValueError(f"Expected low < high. Received {low} and {high}. Pass the range as in scaled(0, 255).")
        old_low, old_high = self.shown_range
        if (low, high) == (old_low, old_high) and self.pictures is None:
            return self
        if isinstance(self.images, ImageStore):
            return replace(self, images=self.images.scaled(low, high), value_range=(float(low), float(high)))
        factor = (high - low) / (old_high - old_low)

        def linear(images: np.ndarray) -> np.ndarray:
            return (images - np.float32(old_low)) * np.float32(factor) + np.float32(low)

        return replace(
            self,
            images=_changed(self.shown, linear, self.shown.shape[1:]),
            value_range=(float(low), float(high)),
            pictures=None,
            preparation=replace(self.preparation, preprocessing=None),
        )

    def one_hot(self) -> np.ndarray:
        """Return the labels as float32[B, K]: 1 at the label, 0 elsewhere."""
        return (self.labels[:, np.newaxis] == np.arange(len(self.class_names))).astype(np.float32)

    def resized(self, height: int, width: int) -> Dataset:
        """Return the images at `height` x `width`, aspect ratio not kept (see `resize_images`)."""
        return self._redrawn(lambda images: resize_images(images, height, width))

    def with_channels(self, channels: int) -> Dataset:
        """Return the images in grey (1) or RGB (3) (see `convert_channels`)."""
        return self._redrawn(lambda images: convert_channels(images, channels))

    def _redrawn(self, change: Callable[[np.ndarray], np.ndarray]) -> Dataset:
        pictures = None if self.pictures is None else _changed(self.pictures, change)
        return replace(self, images=_changed(self.images, change), pictures=pictures)


def range_of_values(pixels: np.ndarray) -> tuple[float, float]:
    """(black, white) that the values speak for."""
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 1.0)
    if low < 0:
        return (-1.0, 1.0) if max(-low, high) <= 1 else (low, high)
    return (0.0, 1.0) if high <= 1 else (0.0, max(255.0, high))


def _taken(images: Any, chosen: np.ndarray) -> Any:
    """Those images: read at once where they are few, still unread where they are many."""
    if isinstance(images, np.ndarray):
        return images[chosen]
    some = lazily(images).taking(chosen)
    return some if some.nbytes > IN_MEMORY else np.asarray(some)


def _changed(
    images: Any, change: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...] | None = None
) -> np.ndarray | LazyImages:
    """The images as `change` makes them; `shape` (H, W, C) of the result, where it is known without reading one."""
    if isinstance(images, np.ndarray):
        return change(images)
    return lazily(images).changed(change, shape or change(images[:1]).shape[1:])


def _refuse_no_class(labels: np.ndarray) -> None:
    """Refuse labels that would lose something as classes: a fraction, or all but one of several labels."""
    kind = labels.dtype.kind
    if kind not in "biuf":
        told = "none" if labels.ndim == 0 else f"{labels.dtype}, such as {labels.flat[0]!s}" if labels.size else "none"
        raise ValueError(
            f"Expected class numbers as labels, int[B]. Received {told}. Of names: [class_names.index(name) for name in labels]; "
            f"pictures without labels are taken by themselves, as by write_report(model, images)."
        )
    if kind == "f" and (labels.ndim == 1 or labels.shape[1:] == (1,)) and not np.array_equal(labels, np.floor(labels)):
        raise ValueError(
            f"Expected class numbers as labels, int[B]. Received {labels.dtype}{list(labels.shape)} with fractions, such as "
            f"{labels.ravel()[np.flatnonzero(labels.ravel() % 1)[0]]:g}. If they are the numbers of a regression, pass "
            f"task='{REGRESSION}'."
        )
    if labels.ndim == 2 and labels.shape[1] > 1 and np.isin(labels, (0, 1)).all():
        odd = np.flatnonzero(labels.sum(axis=1) != 1)
        if odd.size:
            raise ValueError(
                f"Expected one-hot labels [B, K], one 1 in each row. Received {int(labels[odd[0]].sum())} at image {odd[0]}. If "
                f"an image may bear several labels or none, pass task='labels'."
            )


def _refuse_no_distribution(labels: np.ndarray) -> None:
    """Refuse labels [B,K] of which the largest number says nothing: neither one-hot nor the shares of classes."""
    if (
        labels.ndim == 2
        and labels.shape[1] > 1
        and not ((labels >= 0).all() and np.allclose(labels.sum(axis=1), 1, atol=1e-3))
    ):
        raise ValueError(
            f"Expected one-hot labels [B, K], or shares of classes that sum to 1 in each row. Received {labels.dtype}"
            f"{list(labels.shape)} that do not, such as {labels[0].tolist()}. Give one class number for each image, or task=."
        )


def _check_truth(truth: Truth | None, images: int, source: str) -> None:
    if truth is None:
        return
    known = len(truth.values if isinstance(truth, Numbers) else truth.on)
    if known != images:
        raise ValueError(
            f"Expected a truth for each of {images} images of '{source}'. Received {known}. Check that both come from the same "
            f"split."
        )


def _check_layout(images: np.ndarray, labels: np.ndarray) -> None:
    if images.dtype != np.float32 or images.ndim != 4:
        raise ValueError(
            f"Expected images as float32[B, H, W, C]. Received {images.dtype}{list(images.shape)}. "
            "Convert with images.astype(np.float32); give grey images a last axis with images[..., np.newaxis]."
        )
    if labels.dtype != np.int64 or labels.ndim != 1:
        raise ValueError(
            f"Expected labels as int64[B]. Received {labels.dtype}{list(labels.shape)}. "
            "Convert with labels.astype(np.int64); one-hot labels with labels.argmax(axis=1)."
        )
    if len(images) != len(labels):
        raise ValueError(
            f"Expected one label per image. Received {len(images)} images and {len(labels)} labels. "
            "Check that both come from the same split."
        )
    if images.size == 0:
        raise ValueError(
            f"Expected at least one image. Received an empty set {list(images.shape)}. Check the source, or choose images."
        )


def _check_labels(labels: np.ndarray, class_names: tuple[str, ...]) -> None:
    twice = next((name for place, name in enumerate(class_names) if name in class_names[:place]), None)
    if twice is not None:
        raise ValueError(
            f"Expected a name of its own for each class. Received '{visible(twice)}' twice. Rename one of them, or give other "
            "names (--class-names FILE)."
        )
    long = next((name for name in class_names if len(name) > _LONGEST_NAME), None)
    if long is not None:
        raise ValueError(
            f"Expected class names of at most {_LONGEST_NAME:,} letters. Received one of {len(long):,}, '{visible(long, 40)}'. "
            "Check that the labels are what is named so, or rename the class."
        )
    outside = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if outside.size:
        raise ValueError(
            f"Expected labels from 0 to {len(class_names) - 1} for {len(class_names)} classes. "
            f"Received {labels[outside[0]]} at image {outside[0]}. Correct the labels, or name every class."
        )


def _check_pixels(images: np.ndarray, value_range: tuple[float, float]) -> None:
    low, high = value_range
    if not low < high:
        raise ValueError(
            f"Expected value_range (low, high) with low < high. Received {value_range}. Pass e.g. (0.0, 255.0)."
        )
    seen = float(images.min()), float(images.max())
    if not np.isfinite(seen).all():  # a NaN anywhere makes both NaN
        bad = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        raise ValueError(
            f"Expected finite pixels. Received NaN or Inf in {bad.size} of {len(images)}, first at index {bad[0]}. "
            "Remove those images, or mend what computed them."
        )
    slack = 1e-4 * (high - low)
    if seen[0] < low - slack or seen[1] > high + slack:
        warnings.warn(
            f"Expected pixels from {low:g} to {high:g}. Received {seen[0]:g} to {seen[1]:g}. "
            "Pass the range that they are stored at as value_range=(low, high).",
            stacklevel=4,
        )
