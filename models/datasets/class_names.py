"""Names of the classes: read from a text file, counted where there are none, matched to data that have their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .dataset import Dataset

MOST_CLASSES = 10_000  # a larger label is a slip (a pixel or an index read as a label), not a class


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """Read one class name per line (UTF-8); line 1 is class 0. Empty lines at the end are ignored."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"Expected a UTF-8 text file of class names, one per line, got '{path}': {error}. Check the path."
        ) from error
    names = tuple(line.strip() for line in lines)
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            what = f"'{name}' a second time" if name else "an empty line"
            raise ValueError(
                f"Expected a new class name on each line of '{path}', got {what} at line {number}. "
                "Write one name per line, in the order of the model's outputs."
            )
    if not names:
        raise ValueError(f"Expected class names in '{path}', got an empty file. Write one name per line.")
    return names


def numbered_names(labels: np.ndarray) -> tuple[str, ...]:
    """Return '0' to the largest of `labels` (int64[B]), for data whose classes have no names."""
    largest = int(labels.max(initial=0))
    if largest >= MOST_CLASSES:
        raise ValueError(
            f"Expected labels below {MOST_CLASSES}, got {largest}. Check that the labels are class numbers from 0, "
            "and that the label column or file is the right one."
        )
    return tuple(str(number) for number in range(largest + 1))


def are_numbers(names: Sequence[str]) -> bool:
    """Whether the classes are only numbered: '0', '1', '2' and so on, in this order."""
    return tuple(names) == tuple(str(number) for number in range(len(names)))


def place_classes(dataset: Dataset, names: Sequence[str]) -> Dataset | None:
    """Return the data with their labels as positions in `names`, where that needs no guess; None where it would.

    Classes (folders) that all occur in `names` move to the place of their name there; classes that are only numbered
    take the name at their number.
    """
    wanted, own = tuple(names), dataset.class_names
    if set(own) <= set(wanted):
        places = [wanted.index(name) for name in own]
    elif are_numbers(own) and len(own) <= len(wanted):
        places = range(len(own))
    else:
        return None
    return replace(dataset, labels=np.array(list(places), np.int64)[dataset.labels], class_names=wanted)


def match_class_names(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Return the data with their labels as positions in `names`, the order of the model's outputs.

    As `place_classes` does, and beside it, where none occurs in `names` and there are as many, they are renamed in
    order: whoever lists names for these data may be believed. Anything else is refused, because it could only be
    guessed.
    """
    wanted, own = tuple(names), dataset.class_names
    placed = place_classes(dataset, wanted)
    if placed is not None:
        return placed
    missing = [name for name in own if name not in wanted]
    if len(missing) == len(own) == len(wanted) and not _misordered(own):
        return replace(dataset, class_names=wanted)
    raise ValueError(
        f"Expected class names that fit the {len(own)} classes of '{dataset.source}', got {len(wanted)} names without "
        f"{_listed(missing)}. Name each class as in the data ({_listed(own)}), in the order of the model's outputs."
    )


def require_classes(dataset: Dataset, classes: int) -> None:
    """Refuse data that have not as many classes as a model has (K), because nobody could tell which is which."""
    names = dataset.class_names
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of the model's {classes} classes. The data have {len(names)}: {_listed(names)}. "
            "Give data of the same classes, or name all of them, in the order of the model's outputs, with class_names "
            "(--class-names FILE)."
        )


def _misordered(names: Sequence[str]) -> bool:
    """Whether the names are numbers whose order as text ('1', '10', '2') is not their order as numbers."""
    return all(name.isdecimal() for name in names) and sorted(names, key=int) != list(names)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
