"""The class of each pixel of some images, as people store it: a folder of mask pictures named like the images, or an array.

A grey or palette picture holds the number of a class at each pixel (of a palette its place, not its colour); a coloured one is
read where each class's colour is named. Nothing is averaged: a mask of another size is brought to that of the answers by the
nearest pixel, and only where that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ...file_limits import require_regular_file
from ..array_files import array_of
from ..image_files import is_picture_name, stored_values
from .masks import nearest
from .shapes import refuse_other_shape

USUAL_IGNORE = 255  # of masks of bytes: what stands for no class where it is none of the classes
LEFT_OUT = -1
_SUFFIXES = (".png", ".bmp", ".gif", ".tif", ".tiff")  # endings of pictures whose values are kept as they were
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_TOLD = 12


@dataclass(frozen=True)
class MaskReading:
    """What a person says of their masks."""

    values: tuple[str, ...] | None = None  # of each class in the model's order, '128' or '#ff0000'; None: its number
    ignore: str | None = None  # a value that stands for no class; None: 255, where that is no class
    resize: bool = False  # whether masks of another size are brought to that of the answers
    fit: str = "stretch"  # how the images were brought to theirs; masks cannot follow 'crop' and 'pad'
    pictures: np.ndarray | None = None  # int64[B,2], (H, W) of each picture as stored; None: as the model takes them

    @classmethod
    def of(cls, values: str | None, ignore: str | None, *, resize: bool = False, fit: str = "stretch") -> MaskReading:
        """As typed, 'VALUE,VALUE,...'.

        Raises:
            ValueError: One is neither a number nor a colour, or comes twice.
        """
        listed = None if values is None else tuple(part.strip() for part in values.split(","))
        for word in (*(listed or ()), *([] if ignore is None else [ignore])):
            value_of(word)
        if listed is not None and len({value_of(word) for word in listed}) != len(listed):
            raise ValueError(
                f"Expected another value for each class. Received '{values}'. Name the value of each class once, in the order of "
                f"the model's channels."
            )
        return cls(listed, ignore, resize, fit)

    @property
    def of_colours(self) -> bool:
        """Whether a class is named by its colour."""
        return any(word.startswith("#") for word in (*(self.values or ()), self.ignore or ""))


def value_of(word: str) -> int:
    """The number that a pixel of this value is read as, a colour as 0xRRGGBB.

    Example:
        >>> value_of("128"), value_of("#0000ff")
        (128, 255)
    """
    if _COLOUR.fullmatch(word):
        return int(word[1:], 16)
    if word.isdecimal():
        return int(word)
    raise ValueError(
        f"Expected the value of a pixel of a mask, a number such as 128 or a colour as #ff0000. Received '{word}'. Write one "
        f"value, or for several classes values with commas between."
    )


@dataclass(frozen=True, eq=False)
class ClassMasks:
    """The class of each pixel of some images, read when it is looked at: `masks[3:5]` is int64[2,H,W], -1 where left out."""

    read: Callable[[int], np.ndarray]  # (number of a mask) -> its values int[h,w] as stored
    numbers: np.ndarray  # int64[B], of the masks that belong to the images
    size: tuple[int, int]  # (H, W) of the model's answers
    classes: int  # K
    reading: MaskReading
    source: str
    called: Callable[[int], str]  # (number of a mask) -> what it is called
    notes: tuple[str, ...] = ()
    told: set[str] = field(default_factory=set)  # what was assumed while masks were read, a sentence each

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """The classes of some images, int64[n,H,W]."""
        return np.stack([self._one(int(number)) for number in np.atleast_1d(self.numbers[rows])])

    def taking(self, rows: np.ndarray) -> ClassMasks:
        """Those of some of the images."""
        return replace(self, numbers=self.numbers[rows])

    @property
    def ignored(self) -> int | None:
        """The value that stands for no class; None where every value is a class."""
        if self.reading.ignore is not None:
            return value_of(self.reading.ignore)
        named = () if self.reading.values is None else tuple(map(value_of, self.reading.values))
        taken = USUAL_IGNORE in named if named else self.classes > USUAL_IGNORE
        return None if taken or self.reading.of_colours else USUAL_IGNORE

    def _one(self, number: int) -> np.ndarray:
        classes = self._classes(self.read(number), number)
        if classes.shape == self.size:
            return classes
        was = f"{classes.shape[0]} x {classes.shape[1]}"
        if not self.reading.resize:
            raise ValueError(
                f"Expected masks of {self.size[0]} x {self.size[1]}, as the model answers. Received {was} in "
                f"{self.called(number)}. Pass --resize, which brings masks to that size by the nearest pixel and images to the "
                f"model's, or save them so."
            )
        reading = self.reading
        refuse_other_shape(
            classes.shape, number, self.called(number), size=self.size, pictures=reading.pictures, fit=reading.fit
        )
        self.told.add(
            f"Masks of {was} are brought to {self.size[0]} x {self.size[1]} by the nearest pixel, as their pictures are."
        )
        return nearest(classes, self.size)

    def _classes(self, stored: np.ndarray, number: int) -> np.ndarray:
        """Stored values as classes, int64[h,w]."""
        ignored, found = self.ignored, stored.astype(np.int64)
        values = np.arange(self.classes) if self.reading.values is None else _numbers(self.reading.values, self.classes)
        order = np.argsort(values)
        place = np.clip(np.searchsorted(values[order], found), 0, len(values) - 1)
        classes = np.where(values[order][place] == found, order[place], LEFT_OUT)
        left_out = np.zeros(found.shape, bool) if ignored is None else found == ignored
        if ((classes == LEFT_OUT) & ~left_out).any():
            raise self._unknown_values(found, number)
        return np.where(left_out, LEFT_OUT, classes)

    def _unknown_values(self, found: np.ndarray, number: int) -> ValueError:
        """The refusal of values that are no class, with those that there are."""
        there = np.unique(found)
        colours = self.reading.of_colours or int(there.max(initial=0)) > np.iinfo(np.uint16).max
        words = [f"#{value:06x}" if colours else str(value) for value in there.tolist()]
        more = f" and {len(words) - _MOST_TOLD} more" if len(words) > _MOST_TOLD else ""
        expected = (
            f"the classes 0 to {self.classes - 1}"
            if self.reading.values is None
            else f"the values {', '.join(self.reading.values)}"
        )
        besides = "" if self.ignored is None else f", or {self.reading.ignore or USUAL_IGNORE} for no class,"
        example = ",".join((words * self.classes)[: self.classes])
        return ValueError(
            f"Expected {expected}{besides} at each pixel of a mask. Received {', '.join(words[:_MOST_TOLD])}{more} in "
            f"{self.called(number)}. Name the value of each class in the order of the model's channels, such as --mask-values "
            f"'{example}', and by --ignore a value that stands for no class."
        )


def _numbers(values: Sequence[str], classes: int) -> np.ndarray:
    if len(values) != classes:
        raise ValueError(
            f"Expected a value for each of the model's {classes} classes in --mask-values. Received {len(values)}: "
            f"{', '.join(values[:_MOST_TOLD])}. Name one for each, in the order of its channels."
        )
    return np.array([value_of(word) for word in values])


def open_class_masks(
    source: str | Path,
    names: Sequence[str],
    images: int,
    size: tuple[int, int],
    classes: int,
    reading: MaskReading | None = None,
) -> ClassMasks:
    """The masks of some images, in their order.

    Args:
        source: A folder of mask pictures, each called as its image is, in the same folders, with any ending (or all of them with
            the same letters behind the name, such as `_mask`). Or a `.npy`, or a `.npz` of one array or with one called `masks`:
            the class of each pixel [B,H,W], or one-hot [B,H,W,K], in the order of the images.
        names: Of the images' files; none where one file holds many.
        images: How many there are.
        size: (H, W) of the model's answers.
        classes: How many the model tells apart.
        reading: What a person says of them.

    Raises:
        ValueError: There is no such file; a mask is missing, or belongs to no image of an array; no mask is read yet.
    """
    path, reading = Path(source), reading or MaskReading()
    if path.is_dir():
        files, notes = _files(path, names)
        colours = reading.of_colours
        return ClassMasks(
            lambda number: stored_values(files[number], colours=colours),
            np.arange(len(files)),
            size,
            classes,
            reading,
            str(path),
            lambda number: f"'{files[number]}'",
            notes,
        )
    require_regular_file(path)
    if path.suffix.lower() not in (".npy", ".npz"):
        raise ValueError(
            f"Expected masks as a folder of pictures, a .npy or a .npz file. Received '{path}'. Write masks.npy, "
            f"the class of each pixel as int[B,H,W]."
        )
    held = _array(array_of(path, "masks"), path, images)
    called = f"mask {{}} of '{path}'".format
    return ClassMasks(lambda number: held[number], np.arange(len(held)), size, classes, reading, str(path), called)


def _array(found: np.ndarray, path: Path, images: int) -> np.ndarray:
    """int[B,H,W]."""
    if found.ndim == 4:
        one_hot = found.shape[-1] > 1 and np.isin(found, (0, 1)).all() and (found.sum(axis=-1) == 1).all()
        found = found.argmax(axis=-1) if one_hot else found[..., 0] if found.shape[-1] == 1 else found
    whole = found.dtype.kind in "biu" or (found.dtype.kind == "f" and np.array_equal(found, np.floor(found)))
    if found.ndim != 3 or not whole:
        raise ValueError(
            f"Expected the class of each pixel, int[B,H,W], or one-hot [B,H,W,K], in '{path}'. Received "
            f"{found.dtype}{list(found.shape)}. Save whole numbers of classes; probabilities by masks.argmax(axis=-1)."
        )
    if len(found) != images:
        raise ValueError(
            f"Expected a mask for each of the {images} images. Received {len(found)} in '{path}'. Save one for each, in order."
        )
    return found


def _files(folder: Path, names: Sequence[str]) -> tuple[list[Path], tuple[str, ...]]:
    """The mask of each image, and a note of what is left over."""
    if not names:
        raise ValueError(
            f"Expected images with file names, which the masks in '{folder}' are held against. Received images out of one file. "
            f"Give the masks as masks.npy, int[B,H,W], in the order of the images."
        )
    known: dict[str, list[Path]] = {}
    for path in sorted(each for each in folder.rglob("*") if is_picture_name(each.name)):
        known.setdefault(_stem(path.relative_to(folder).as_posix()), []).append(path)
    _refuse_unfit(folder, known)
    stems = [_stem(name) for name in names]
    ending = _ending(stems, known)
    missing = [name for name, stem in zip(names, stems, strict=True) if stem + ending not in known]
    if missing:
        there = ", ".join(path.name for paths in list(known.values())[:3] for path in paths) or "no picture"
        raise ValueError(
            f"Expected a mask for each image in '{folder}', called as the image is. Received none for {_few(missing)}; there is "
            f"{there}. Name each as its image, such as '{PurePosixPath(missing[0]).with_suffix('.png')}'."
        )
    used = {stem + ending for stem in stems}
    over = [paths[0].name for stem, paths in known.items() if stem not in used]
    notes = [f"Masks without an image are left out: {_few(over)}."] if over else []
    notes += [f"The masks are called as their images with '{ending}' behind."] if ending else []
    return [known[stem + ending][0] for stem in stems], tuple(notes)


def _refuse_unfit(folder: Path, known: dict[str, list[Path]]) -> None:
    twice = next((paths for paths in known.values() if len(paths) > 1), None)
    if twice is not None:
        raise ValueError(
            f"Expected one mask for an image in '{folder}'. Received {twice[0].name} and {twice[1].name}. Move one of them away."
        )
    lossy = next((paths[0] for paths in known.values() if paths[0].suffix.lower() not in _SUFFIXES), None)
    if lossy is not None:
        raise ValueError(
            f"Expected masks as PNG, whose values stay as they are. Received '{lossy.name}' in '{folder}', of a kind that alters "
            f"them beside every edge. Save the masks as PNG where they are made."
        )


def _ending(stems: Sequence[str], known: dict[str, list[Path]]) -> str:
    """What all masks have behind the name of their image: '', or such as '_mask' where that alone fits all of them."""
    if all(stem in known for stem in stems):
        return ""
    behind = {stem[len(stems[0]) :] for stem in known if stem.startswith(stems[0]) and stem != stems[0]}
    fit = [ending for ending in sorted(behind) if all(stem + ending in known for stem in stems)]
    return fit[0] if len(fit) == 1 else ""


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} others" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more


def _stem(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()
