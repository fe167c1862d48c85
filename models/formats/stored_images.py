"""From images as a file keeps them to a Dataset: labels, channels, size, range and preprocessing, read when looked at.

A format only says what is stored; everything that is the same for all formats is done here, in the order in which Keras
does it: decode, convert the channels, resize in the units of the file, then bring to the range or preprocess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import numpy as np

from ..datasets.class_names import in_order_of_numbers, order_note
from ..datasets.dataset import Dataset, Preparation
from ..datasets.image_store import IN_MEMORY
from ..datasets.labels import LEFT_OUT, ClassNumbers, LabelMap, class_numbers
from ..datasets.lazy_images import LazyImages
from ..datasets.resizing import describe
from ..truth.reading import truth_of
from ..truth.record import NOT_LOOKED_AT, UNLABELLED, Truth
from .picture_files import PictureFiles
from .preprocessing import Preprocessing
from .reading import SCALES, Reading, Wanted


class Pixels(Protocol):
    """Images in a file, by number, in the units of the file."""

    white: float  # the value of white; black is 0
    channels: int  # that images have, where nothing else is wanted

    def __len__(self) -> int: ...

    def sizes(self) -> set[tuple[int, int]]:
        """Each (H, W) that occurs."""
        ...

    def size_of_each(self) -> np.ndarray:
        """(H, W) of each image, int64[B,2]."""
        ...

    def limits(self) -> tuple[float, float]:
        """The least and the largest value of all, for what is stored in no known range."""
        ...

    def ready(self, shape: tuple[int, int, int]) -> LazyImages | None:
        """All images in [0, white] at this shape, where they are kept so already; else None."""
        ...

    def read(self, numbers: np.ndarray, channels: int) -> Sequence[np.ndarray] | np.ndarray:
        """Those images, each [H,W,channels] in [0, white], bytes or float32, alpha dropped unless 4 channels are asked for."""
        ...


@dataclass(frozen=True, eq=False)
class StoredImages:
    """What a format found in its files."""

    pixels: Pixels
    labels: np.ndarray | None  # numbers [B], one-hot [B, K] or text [B], as stored; None: there are none
    source: str  # for people
    class_names: tuple[str, ...] | None = None  # by label; None: as the labels tell
    files: tuple[tuple[str, str], ...] = ()  # (name, SHA-256)
    unreadable: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # of each image's file
    notes: tuple[str, ...] = ()
    label_columns: tuple[str, ...] | None = None  # of labels [B, N], the names of their columns


def dataset_of(stored: StoredImages, wanted: Wanted) -> Dataset:
    """The images at the size, range and channels wanted, with classes as numbers; small sets are read at once."""
    if wanted.reading.task is None:
        (classes, kept), truth = _classes(stored, wanted.reading.labels()), None
    else:
        classes, kept, truth = _known(stored, wanted.reading)
    shape = _shape(stored, wanted)
    images, pictures, value_range, preparation = _images(stored, wanted, shape, kept)
    dataset = Dataset(
        images=images,
        labels=classes.labels,
        class_names=classes.class_names,
        source=stored.source,
        value_range=value_range,
        files=stored.files,
        unreadable=stored.unreadable,
        names=tuple(stored.names[number] for number in kept) if stored.names else (),
        pictures=pictures,
        preparation=replace(preparation, notes=(*stored.notes, *classes.notes, *preparation.notes)),
        truth=truth,
        stored_sizes=stored.pixels.size_of_each()[kept] if stored.pixels.sizes() != {shape[:2]} else None,
    )
    if wanted.reading.labels().numeric:
        return in_order_of_numbers(dataset)
    note = order_note(dataset.class_names)
    return dataset if note is None else dataset.noting(note)


def _classes(stored: StoredImages, label_map: LabelMap) -> tuple[ClassNumbers, np.ndarray]:
    """The classes of the images that are wanted, and the numbers of these."""
    if stored.labels is None:
        raise ValueError(
            f"Expected a label for each image. Received none with '{stored.source}'. Put pictures into one folder per class, "
            "tell the class from the file's name with --label-from '(.*?)[._]', or give a table of files and labels."
        )
    if len(stored.labels) != len(stored.pixels):
        raise ValueError(
            f"Expected one label per image. Received {len(stored.pixels)} images and {len(stored.labels)} labels in "
            f"'{stored.source}'. Check that both come from the same split."
        )
    if stored.class_names is None:
        classes = class_numbers(stored.labels, stored.source, label_map)
    elif label_map.names is not None:
        classes = class_numbers(np.array(stored.class_names)[stored.labels], stored.source, label_map)
    else:
        classes = ClassNumbers(
            _named(np.asarray(stored.labels), len(stored.class_names), stored.source), stored.class_names
        )
    kept = np.flatnonzero(classes.labels != LEFT_OUT)
    if not kept.size:
        raise ValueError(
            f"Expected at least one image in '{stored.source}'. Received an empty set. Store some images in it, or correct "
            "--label-map."
        )
    return replace(classes, labels=classes.labels[kept]), kept


def _known(stored: StoredImages, reading: Reading) -> tuple[ClassNumbers, np.ndarray, Truth | None]:
    """What is known of the images where they have no classes, and the numbers of all of them."""
    count = len(stored.pixels)
    nobody = ClassNumbers(np.zeros(count, np.int64), UNLABELLED)
    labels = None if stored.class_names == UNLABELLED else stored.labels
    if reading.task == NOT_LOOKED_AT or labels is None:
        return nobody, np.arange(count), None
    if len(labels) != count:
        raise ValueError(
            f"Expected a truth for each of {count} images in '{stored.source}'. Received {len(labels)}. Check that both come "
            f"from the same split."
        )
    labels = np.asarray(labels)
    if stored.class_names is not None and labels.ndim == 1:
        labels = np.array(stored.class_names, dtype=np.str_)[labels]  # folders, or a pattern of names
    return (
        nobody,
        np.arange(count),
        truth_of(labels, reading.task or "", stored.source, stored.label_columns, unit=reading.unit),
    )


def _named(labels: np.ndarray, names: int, source: str) -> np.ndarray:
    """Labels int64[B], each of which has a name; -1 would count as an image that is not wanted."""
    odd = labels[(labels < 0) | (labels >= names)]
    if odd.size:
        raise ValueError(
            f"Expected labels from 0 to {names - 1} in '{source}', as it names {names} classes. Received {odd[0]}. Correct the "
            "label, or the list of names."
        )
    return labels.astype(np.int64)


def _shape(stored: StoredImages, wanted: Wanted) -> tuple[int, int, int]:
    """(H, W, C) that all images get."""
    height, width, channels = wanted.shape or (None, None, None)
    if not wanted.resize:
        own = (*_only_size(stored), _own_channels(stored, channels))
        if any(want is not None and want != have for want, have in zip((height, width, channels), own, strict=True)):
            raise ValueError(
                f"Expected images of {describe((height, width, channels))}, as the model wants. Received {describe(own)} from "
                f"'{stored.source}'. Pass --resize (resize=True) to match size and channels, or choose data of that shape."
            )
        return own
    if height is None or width is None:
        own = _only_size(stored)
        height, width = height or own[0], width or own[1]
    return height, width, channels or stored.pixels.channels


def _own_channels(stored: StoredImages, channels: int | None) -> int:
    """Channels as stored; four where a model takes four and the files keep alpha."""
    with_alpha = getattr(stored.pixels, "alpha", False)
    return 4 if channels == 4 and with_alpha else stored.pixels.channels


def _only_size(stored: StoredImages) -> tuple[int, int]:
    sizes = sorted(stored.pixels.sizes())
    if len(sizes) > 1:
        shown = ", ".join(f"{height}x{width}" for height, width in sizes[:8]) + (", ..." if len(sizes) > 8 else "")
        raise ValueError(
            f"Expected images of one size (height x width). Received {len(sizes)}: {shown}. "
            "To bring them to one, pass size=(H, W), on the command line --size HxW (train, explore) or --resize (where "
            "there is a model)."
        )
    return sizes[0]


def _images(
    stored: StoredImages, wanted: Wanted, shape: tuple[int, int, int], kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None, tuple[float, float], Preparation]:
    """Images for the model, pictures for people where these differ, the range, and how it all was done."""
    reading, pixels = wanted.reading, stored.pixels
    height, width, channels = shape
    resizing, prepared = reading.resizing(), reading.preprocessing()
    resized = stored.pixels.sizes() != {(height, width)}

    def read(numbers: np.ndarray) -> np.ndarray:
        """float32[n,H,W,C] in [0, white]."""
        found = pixels.read(kept[numbers], channels)
        if isinstance(found, np.ndarray):
            return resizing(found, height, width)
        made = np.empty((len(found), *shape), np.float32)
        for image, target in zip(found, made, strict=True):
            target[...] = resizing(image[np.newaxis], height, width)[0]
        return made

    ready = pixels.ready(shape)
    raw = LazyImages(read, len(kept), shape) if ready is None else ready.taking(kept)
    if ready is None and isinstance(pixels, PictureFiles) and raw.nbytes > IN_MEMORY:
        raw = pixels.kept(raw)
    preparation = Preparation(
        preprocessing=None if prepared is None else prepared.name,
        interpolation=resizing.interpolation if resized else None,
        fit=resizing.fit if resized else "stretch",
        notes=_size_notes(stored, shape) if resized else (),
    )
    limits = SCALES[reading.scale or "0-1"] if prepared is None else (0.0, 1.0)
    if limits is None:
        images, pictures, value_range = _as_stored(stored, raw)
    elif prepared is None:
        _require_known_range(stored)
        images, pictures, value_range = raw.changed(lambda some: in_range(some, pixels.white, *limits)), None, limits
    else:
        _require_known_range(stored)
        images, value_range = _preprocessed(raw, pixels.white, prepared)
        pictures = raw.changed(lambda some: in_range(some, pixels.white, 0.0, 1.0))
    return _held(images), None if pictures is None else _held(pictures), value_range, preparation


def _held(images: LazyImages) -> np.ndarray:
    """The images in memory where they are small, else as they are: they read as an array."""
    return cast(np.ndarray, images if images.nbytes > IN_MEMORY else np.asarray(images))


def in_range(images: np.ndarray, white: float, low: float, high: float) -> np.ndarray:
    """Images [0, white] as low for black and high for white, rounded as Keras's own formulas round.

    x / 255 for 0 to 1, x / 127.5 - 1 for -1 to 1, and the values themselves where nothing changes.
    """
    if low == 0 and high >= white:
        return images if high == white else images * np.float32(high / white)
    if low == 0:
        return images / np.float32(white / high)
    return images / np.float32(white / (high - low)) + np.float32(low)


def _as_stored(stored: StoredImages, raw: LazyImages) -> tuple[LazyImages, LazyImages, tuple[float, float]]:
    low, high = stored.pixels.limits()
    if not high > low:
        high = low + 1
    span = np.float32(high - low)
    return raw, raw.changed(lambda some: np.clip((some - np.float32(low)) / span, 0, 1)), (low, high)


def _preprocessed(raw: LazyImages, white: float, prepared: Preprocessing) -> tuple[LazyImages, tuple[float, float]]:
    images = raw.changed(lambda some: prepared(in_range(some, white, 0.0, 255.0)))
    if prepared.value_range is not None:
        return images, prepared.value_range
    some = images[: min(len(images), 256)]  # open ends: those of the first images, with room for others
    room = float(some.max() - some.min()) or 1.0
    return images, (float(some.min()) - room, float(some.max()) + room)


def _require_known_range(stored: StoredImages) -> None:
    if np.isfinite(stored.pixels.white):
        return
    low, high = stored.pixels.limits()
    whole = bool(getattr(stored.pixels, "whole", False))
    bits = int(np.ceil(np.log2(high + 1))) if high > 0 else 1
    advice = (
        f"If they are counts of {bits} bits, pass --depth {bits}"
        if whole and low >= 0
        else "If they are standardised already, as the model takes them, pass --scale stored: they stay as they are"
    )
    raise ValueError(
        f"Expected pixels from 0 to 1 or from 0 to 255 in '{stored.source}'. Received {low:g} to {high:g}. {advice}; otherwise "
        "store them before they were changed."
    )


def _size_notes(stored: StoredImages, shape: tuple[int, int, int]) -> tuple[str, ...]:
    sizes = sorted(stored.pixels.sizes(), key=lambda size: size[0] * size[1])
    own = " to ".join(f"{height}x{width}" for height, width in dict.fromkeys((sizes[0], sizes[-1])))
    return (f"The pictures are {own} as stored (height x width) and were brought to {shape[0]}x{shape[1]}.",)
