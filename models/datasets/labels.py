"""Labels in the forms that people store, as class numbers from 0: numbers, text, one-hot, counted from 1, with gaps.

What is recognised is told in a note; what could be read in two ways is refused, with the option that decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .class_names import are_numbers, numbered_names
from .dataset import Dataset

_QUANTITIES = (
    "If the model answers quantities, pass --task regression (task='regression'), which featurelens report, "
    "evaluate, explain and trust take. "
)
LEFT_OUT = -1  # the label of an image that a label map leaves out


@dataclass(frozen=True)
class LabelMap:
    """What --label-map asks for."""

    names: Mapping[str, str] | None = None  # label as stored -> class; '' leaves its images out; None: as stored
    first: int = 0  # the number that labels are counted from
    numeric: bool = False  # classes that are numbers are put in the order of their numbers


@dataclass(frozen=True, eq=False)
class ClassNumbers:
    """Labels as numbers of classes."""

    labels: np.ndarray  # int64[B], 0 to K-1; LEFT_OUT for an image that is not wanted
    class_names: tuple[str, ...]  # K
    notes: tuple[str, ...] = ()


def read_label_map(text: str | None) -> LabelMap:
    """Read 'from-1', 'numeric', pairs 'stored=class,...' or the path of a file with a pair a line, after a comma or '='.

    Example:
        >>> read_label_map("4=deer,9=").names
        {'4': 'deer', '9': ''}
    """
    if text is None:
        return LabelMap()
    words = text.strip()
    counted = re.fullmatch(r"from-(\d+)", words)
    if counted:
        return LabelMap(first=int(counted[1]))
    if words == "numeric":
        return LabelMap(numeric=True)
    pairs = _pairs_of_file(Path(words)) if Path(words).is_file() else [pair.split("=", 1) for pair in words.split(",")]
    if not pairs or any(len(pair) != 2 or not pair[0].strip() for pair in pairs):
        raise ValueError(
            f"Expected --label-map from-1, numeric, pairs such as 1=cat,2=dog, or a file with such a pair on each line. "
            f"Received '{text}'. Write stored=class for each label; stored= leaves its images out."
        )
    return LabelMap({stored.strip(): name.strip() for stored, name in pairs})


def _pairs_of_file(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [re.split(r"[=,\t]", line, maxsplit=1) for line in lines if line.strip()]


def class_numbers(stored: np.ndarray, source: str, label_map: LabelMap | None = None) -> ClassNumbers:
    """Turn labels as stored into class numbers.

    Args:
        stored: numbers [B] or [B, 1], one-hot [B, K], or text [B].
        source: where they came from, for people.
        label_map: what to make of them.
    """
    label_map = label_map or LabelMap()
    found = _one_per_image(stored, source)
    if label_map.names is not None:
        return _mapped([str(label) for label in found.labels], label_map.names, source, found.notes)
    if found.labels.dtype.kind == "U" and not _are_decimal(found.labels):
        _refuse_several(found.labels, source)
        names, places = np.unique(found.labels, return_inverse=True)
        return ClassNumbers(places.astype(np.int64), tuple(str(name) for name in names), found.notes)
    if found.class_names:
        return found
    return _counted(found.labels.astype(np.int64), label_map.first, source, found.notes)


def _counted(numbers: np.ndarray, first: int, source: str, notes: tuple[str, ...]) -> ClassNumbers:
    numbers = numbers - first
    if numbers.size and numbers.min() < 0:
        least = int(numbers.min()) + first
        raise ValueError(
            f"Expected labels from {first} on in '{source}'. Received {least} at image {int(numbers.argmin())}. Pass "
            f"--label-map from-{max(least, 0)} where they are counted from there, or --label-map {least}= to leave it out."
        )
    names = numbered_names(numbers)
    if numbers.size and numbers.min() == 1:
        notes = (
            *notes,
            f"The labels of '{source}' start at 1: no image has label 0. If they are counted from 1, pass --label-map from-1.",
        )
    return ClassNumbers(numbers, tuple(str(int(name) + first) for name in names) if first else names, notes)


def _mapped(stored: list[str], names: Mapping[str, str], source: str, notes: tuple[str, ...]) -> ClassNumbers:
    unknown = sorted(set(stored) - names.keys())
    if unknown:
        raise ValueError(
            f"Expected each label of '{source}' in --label-map. Received no class for {_listed(unknown)}. Add "
            f"{unknown[0]}=CLASS, or {unknown[0]}= to leave out its images."
        )
    classes = tuple(dict.fromkeys(name for name in names.values() if name))
    numbers = {label: classes.index(name) if name else LEFT_OUT for label, name in names.items()}
    return ClassNumbers(np.array([numbers[label] for label in stored], np.int64), classes, notes)


def _one_per_image(stored: np.ndarray, source: str) -> ClassNumbers:
    """One number (int64) or text per image, whatever the form; the classes where the form tells them, else none yet."""
    labels = np.asarray(stored)
    if labels.dtype.kind in "OS":
        labels = _as_text(labels, source)
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.ravel()
    if labels.ndim == 2 and labels.dtype.kind in "buif":
        return _from_one_hot(labels, source)
    if labels.ndim == 1 and labels.dtype.kind == "U":
        return ClassNumbers(labels, ())
    if labels.ndim == 1 and labels.dtype.kind in "buif" and np.array_equal(labels, np.floor(labels)):
        return ClassNumbers(labels.astype(np.int64), ())
    raise ValueError(
        f"Expected one class per image as labels in '{source}': whole numbers [B] or [B, 1], one-hot [B, K], or text [B]. "
        f"Received {labels.dtype}{list(labels.shape)}. {_QUANTITIES if labels.dtype.kind == 'f' and labels.ndim < 3 else ''}"
        f"Name the array of the labels with --labels-key, or correct it."
    )


def _as_text(labels: np.ndarray, source: str) -> np.ndarray:
    texts = [label.decode("utf-8", "replace") if isinstance(label, bytes) else label for label in labels.ravel()]
    if not all(isinstance(text, (str, int, np.integer)) for text in texts):
        kind = next(type(text).__name__ for text in texts if not isinstance(text, (str, int, np.integer)))
        raise ValueError(
            f"Expected labels as text or numbers in '{source}'. Received a {kind}. Store one class per image."
        )
    return np.array([str(text) for text in texts], dtype=np.str_).reshape(labels.shape)


def _from_one_hot(labels: np.ndarray, source: str) -> ClassNumbers:
    ones = labels == 1
    if not np.array_equal(labels, ones):
        raise ValueError(
            f"Expected one-hot labels (one 1 in each row, else 0) in '{source}'. Received {labels.dtype}{list(labels.shape)} "
            f"from {labels.min():g} to {labels.max():g}. {_QUANTITIES}Store one class per image; probabilities become one by "
            f"argmax(axis=1)."
        )
    counts = ones.sum(axis=1)
    odd = np.flatnonzero(counts != 1)
    if odd.size:
        raise ValueError(_several(f"{counts[odd[0]]} classes", int(odd[0]), source))
    note = f"The labels of '{source}' are one-hot: the column of the 1 is the class, of {labels.shape[1]}."
    names = tuple(str(label) for label in range(labels.shape[1]))  # also of classes that no image is of
    return ClassNumbers(ones.argmax(axis=1).astype(np.int64), names, (note,))


def _refuse_several(labels: np.ndarray, source: str) -> None:
    several = np.flatnonzero(np.char.find(labels, "|") >= 0)
    if several.size:
        raise ValueError(_several(f"'{labels[several[0]]}'", int(several[0]), source))


def _several(what: str, image: int, source: str) -> str:
    return (
        f"Expected one class for each image of '{source}'. Received {what} for image {image}. If the model answers any of "
        f"several labels, pass --task labels (task='labels'), which featurelens report, evaluate, explain and trust take; else "
        f"choose one class, as in --label-map 'a|b=a', or leave these out, as in --label-map 'a|b='."
    )


def _are_decimal(texts: np.ndarray) -> bool:
    return bool(texts.size) and all(text.isascii() and text.isdecimal() for text in texts)


def fitted_to_outputs(dataset: Dataset, classes: int) -> Dataset:
    """Data that only number their classes, as the classes of a model with so many outputs, where that needs no guess.

    Labels from 1 to K are those of K outputs counted from 1. K different labels with gaps among them (Sign-MNIST has no
    9) are the K outputs in their order, as `LabelEncoder` and Keras number them. Fewer are left as they are.
    """
    if not are_numbers(dataset.class_names) or len(dataset.class_names) <= classes:
        return _widened(dataset, classes)
    present, places = np.unique(dataset.labels, return_inverse=True)
    if len(present) != classes:
        return dataset
    if present[0] == 1 and present[-1] == classes:
        note = f"The labels of '{dataset.source}' start at 1: label 1 is taken as the model's first class of {classes}."
    else:
        gaps = sorted(set(range(int(present[0]), int(present[-1]))) - set(present.tolist()))
        note = (
            f"The labels of '{dataset.source}' have gaps ({_listed([str(gap) for gap in gaps])} missing): its {classes} "
            f"different labels are taken as the model's {classes} classes in their order."
        )
    names = tuple(str(label) for label in present)
    return replace(dataset, labels=places.astype(np.int64), class_names=names).noting(note)


def _widened(dataset: Dataset, classes: int) -> Dataset:
    if are_numbers(dataset.class_names) and len(dataset.class_names) < classes:
        return replace(dataset, class_names=tuple(str(label) for label in range(classes)))
    return dataset


def several_to_one(columns: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Text labels 'a|b' of one-hot or multi-hot columns bool[B, K], so that a label map can speak of them."""
    return np.array(
        ["|".join(name for name, on in zip(names, row, strict=True) if on) for row in columns], dtype=np.str_
    )


def _listed(words: Sequence[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
