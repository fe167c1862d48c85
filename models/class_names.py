"""Names of the classes: read from a text file, counted where there are none, matched to data that have their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .datasets import Dataset

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


def match_class_names(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Return the data with their labels as positions in `names`, the order of the model's outputs.

    Numbered classes take the name at their number. Named classes (folders) that all occur in `names` move to the
    place of their name there. Where none occurs and there are as many, they are renamed in order. Anything else
    is refused, because it could only be guessed.
    """
    wanted = tuple(names)
    own = dataset.class_names
    known = [name for name in own if name in wanted]
    if len(known) == len(own):
        positions = np.array([wanted.index(name) for name in own], np.int64)
        return replace(dataset, labels=positions[dataset.labels], class_names=wanted)
    numbered = own == tuple(str(number) for number in range(len(own)))
    if (numbered and len(own) <= len(wanted)) or (not known and len(own) == len(wanted) and not _misordered(own)):
        return replace(dataset, class_names=wanted)
    missing = [name for name in own if name not in wanted]
    raise ValueError(
        f"Expected class names that fit the {len(own)} classes of '{dataset.source}', got {len(wanted)} names without "
        f"{_listed(missing)}. Name each class as in the data ({_listed(own)}), in the order of the model's outputs."
    )


def _misordered(names: Sequence[str]) -> bool:
    """Whether the names are numbers whose order as text ('1', '10', '2') is not their order as numbers."""
    return all(name.isdecimal() for name in names) and sorted(names, key=int) != list(names)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
