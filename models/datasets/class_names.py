"""Names of the classes: read from a text file, counted where there are none, matched to data that have their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..visible_text import all_visible
from .dataset import Dataset

MOST_CLASSES = 10_000  # a larger label is a slip (a pixel or an index read as a label), not a class


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """Read one class name per line (UTF-8); line 1 is class 0. Empty lines at the end are ignored."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"Expected a UTF-8 text file of class names, one per line. Received '{path}': {error}. Check the path."
        ) from error
    names = all_visible(line.strip() for line in lines)
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            what = f"'{name}' a second time" if name else "an empty line"
            raise ValueError(
                f"Expected a new class name on each line of '{path}'. Received {what} at line {number}. "
                "Write one name per line, in the order of the model's outputs."
            )
    if not names:
        raise ValueError(f"Expected class names in '{path}'. Received an empty file. Write one name per line.")
    return names


def numbered_names(labels: np.ndarray) -> tuple[str, ...]:
    """Return '0' to the largest of `labels` (int64[B]), for data whose classes have no names."""
    largest = int(labels.max(initial=0))
    if largest >= MOST_CLASSES:
        raise ValueError(
            f"Expected labels below {MOST_CLASSES}. Received {largest}. Check that the labels are class numbers from 0, "
            "and that the label column or file is the right one."
        )
    return tuple(str(number) for number in range(largest + 1))


def are_numbers(names: Sequence[str]) -> bool:
    """Whether the classes are only numbered: '0', '1', '2' and so on, in this order."""
    return tuple(names) == tuple(str(number) for number in range(len(names)))


def place_classes(dataset: Dataset, names: Sequence[str]) -> Dataset | None:
    """Return the data with their labels as positions in `names`, where that needs no guess; None where it would.

    Classes (folders) that all occur in `names`, exactly or else in another case, move to the place of their name there;
    classes that are only numbered, in whatever order, take the name at their number.
    """
    wanted, own = all_visible(names), dataset.class_names
    places = _places(own, wanted)
    if places is None:
        return None
    return replace(dataset, labels=np.array(places, np.int64)[dataset.labels], class_names=wanted)


def _places(own: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """The place in `wanted` of each of `own`; None where one has none, or two have the same."""
    if set(own) <= set(wanted):
        return [wanted.index(name) for name in own]
    folded = [name.casefold() for name in wanted]
    ours = [name.casefold() for name in own]
    if set(ours) <= set(folded) and len(set(folded)) == len(folded) and len(set(ours)) == len(ours):
        return [folded.index(name) for name in ours]
    numbers = [int(name) if name.isascii() and name.isdecimal() else -1 for name in own]
    if len(set(numbers)) == len(own) and min(numbers) == 0 and max(numbers) < len(wanted):
        return numbers  # without a 0 they may be counted from 1
    return None


def match_class_names(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Return the data with their labels as positions in `names`, the order of the model's outputs.

    As `place_classes` does; anything else is refused, because it could only be guessed.

    Raises:
        ValueError: A class of the data has no place in `names`; the message has both lists and the nearest pairs.
    """
    placed = place_classes(dataset, names)
    if placed is None:
        raise classes_apart(dataset, names, "in the list of class names")
    return placed


def classes_apart(dataset: Dataset, names: Sequence[str], where: str) -> ValueError:
    """The refusal of data whose classes are not those of a model: both lists, and which may be meant by which."""
    own = dataset.class_names
    folded = {name.casefold() for name in names}
    missing = [name for name in own if name.casefold() not in folded]
    nearest = [(name, _nearest(name, [other for other in names if other not in own])) for name in missing]
    pairs = [f"'{name}' may be '{other}'" for name, other in nearest if other is not None]
    hint = f" {'; '.join(pairs[:8])}." if pairs else ""
    return ValueError(
        f"Expected each class of '{dataset.source}' {where}: {_listed(names)}. Received {_listed(own)}: "
        f"{len(missing)} of {len(own)} without a place ({_listed(missing)}).{hint} Rename the folders, or list the names as "
        "the data have them, in the order of the model's outputs, with --class-names FILE; --label-map stored=name,... renames."
    )


def _nearest(name: str, others: Sequence[str]) -> str | None:
    """The name most like it, in letters and digits; None where none is like it."""
    plain = {re.sub(r"[\W_]+", "", other.casefold()): other for other in others}
    close = get_close_matches(re.sub(r"[\W_]+", "", name.casefold()), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def in_order_of_numbers(dataset: Dataset) -> Dataset:
    """Return the data with classes that are numbers in the order of the numbers: 0, 1, 2, 10."""
    own = dataset.class_names
    if not all(name.isdecimal() for name in own):
        raise ValueError(
            f"Expected classes that are numbers for --label-map numeric. Received {_listed(own)} from '{dataset.source}'. "
            "Leave the option out, or give the order with --class-names FILE."
        )
    wanted = sorted(own, key=int)
    return replace(
        dataset, labels=np.array([wanted.index(name) for name in own])[dataset.labels], class_names=tuple(wanted)
    )


def order_note(names: Sequence[str]) -> str | None:
    """What to tell where classes are numbers in the order of text, which a model may or may not share."""
    if not misordered(names):
        return None
    return (
        f"The classes are numbers in the order of text, as Keras sorts folders: {_listed(names, 4)}. If the model counts them "
        "in the order of the numbers, pass --label-map numeric."
    )


def require_classes(dataset: Dataset, classes: int) -> None:
    """Refuse data that have not as many classes as a model has (K), because nobody could tell which is which."""
    names = dataset.class_names
    if classes == 0:
        raise ValueError(
            f"Expected a classifier, which answers one number per class. Received a model that answers in another form, and "
            f"the classes {_listed(names)}. If it names a class for every pixel, pass --masks to featurelens report "
            f"or evaluate; in Python write_segmentation_report and evaluate_segmentation are for it."
        )
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of the model's {classes} classes. The data have {len(names)}: {_listed(names)}. "
            "Give data of the same classes, or name all of them, in the order of the model's outputs, with class_names "
            "(--class-names FILE)."
        )


def misordered(names: Sequence[str]) -> bool:
    """Whether the names are numbers whose order as text ('1', '10', '2') is not their order as numbers."""
    return all(name.isdecimal() for name in names) and sorted(names, key=int) != list(names)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
