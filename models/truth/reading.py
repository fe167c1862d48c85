"""Labels as people store them, as the numbers of a regression or as the marks of several labels; or refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..visible_text import all_visible, visible
from .record import LABELS, NOT_LOOKED_AT, REGRESSION, Marks, Numbers, Truth

_MOST_LABELS = 1000


def truth_of(
    stored: np.ndarray, task: str, source: str, names: Sequence[str] | None = None, *, unit: str = ""
) -> Truth | None:
    """Labels as stored, as numbers or as marks; None where they are not looked at.

    Args:
        stored: [B] or [B,N] numbers or text.
        task: 'regression', 'labels' or NOT_LOOKED_AT.
        source: Where they came from, for people.
        names: Of the columns; None: numbered. Of text 'a|b' all labels that there are.
        unit: Of the numbers.
    """
    if task not in (NOT_LOOKED_AT, REGRESSION, LABELS):
        raise ValueError(
            f"Expected the task '{REGRESSION}' or '{LABELS}'. Received {task!r}. Leave it out for classes."
        )
    if task == NOT_LOOKED_AT:
        return None
    return numbers_of(stored, source, names, unit=unit) if task == REGRESSION else marks_of(stored, source, names)


def numbers_of(stored: np.ndarray, source: str, names: Sequence[str] | None = None, *, unit: str = "") -> Numbers:
    """Labels as the numbers that they are.

    Example:
        >>> numbers_of(np.array(["23", "41.5"]), "people", ["age"]).values.tolist()
        [[23.0], [41.5]]
    """
    labels = np.asarray(stored)
    if labels.dtype.kind not in "biuf":
        labels = _parsed(labels, source)
    values = labels.astype(np.float64)
    values = values.reshape(len(values), -1) if values.size else values.reshape(0, 1)
    odd = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if odd.size:
        raise ValueError(
            f"Expected a number for each image of '{source}'. Received {values[odd[0]].tolist()} for image {odd[0]}. Correct "
            f"it, or leave the image out."
        )
    return Numbers(values, _names(names, values.shape[1], "number", source), unit)


def marks_of(stored: np.ndarray, source: str, names: Sequence[str] | None = None) -> Marks:
    """Labels as marks: multi-hot bool[B,K], or text 'a|b' with the labels that an image bears, '' for none.

    Example:
        >>> marks_of(np.array(["cat|dog", "", "dog"]), "pets").on.tolist()
        [[True, True], [False, False], [False, True]]
    """
    labels = np.asarray(stored)
    if labels.ndim == 1 and labels.dtype.kind in "USO":
        return _from_words([str(label) for label in labels], names)
    if labels.ndim != 2 or labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        held = (
            "" if not labels.size or labels.dtype.kind not in "biuf" else f", from {labels.min():g} to {labels.max():g}"
        )
        raise ValueError(
            f"Expected marks of 0 and 1, [B, K], a column for each label, or text 'a|b' in '{source}'. Received "
            f"{labels.dtype}{list(labels.shape)}{held}. Store a 1 where an image bears a label, else 0."
        )
    return Marks(labels == 1, _names(names, labels.shape[1], "label", source))


def _from_words(texts: Sequence[str], names: Sequence[str] | None) -> Marks:
    parts = [[word.strip() for word in text.split("|") if word.strip()] for text in texts]
    known = list(names) if names is not None else sorted({word for each in parts for word in each})
    unknown = next((word for each in parts for word in each if word not in known), None)
    if unknown is not None or not known or len(known) > _MOST_LABELS:
        what = f"the label '{visible(unknown)}'" if unknown is not None else f"{len(known)} different ones"
        raise ValueError(
            f"Expected labels as text, with | between those of one image. Received {what}. Name every label, or correct the text."
        )
    places = {name: place for place, name in enumerate(known)}
    on = np.zeros((len(parts), len(known)), bool)
    for row, each in enumerate(parts):
        on[row, [places[word] for word in each]] = True
    return Marks(on, _names(known, len(known), "label", "the labels"))


def _parsed(labels: np.ndarray, source: str) -> np.ndarray:
    """Text as numbers, float64 of the same shape."""
    values = np.empty(labels.size)
    for place, text in enumerate(labels.ravel()):
        word = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        try:
            values[place] = float(word)
        except ValueError:
            row = place // max(1, labels.size // len(labels))
            raise ValueError(
                f"Expected a number for each image of '{source}', as a regression needs. Received '{visible(word)}' for image "
                f"{row}. Name the columns of the numbers with --label-column, or correct it."
            ) from None
    return values.reshape(labels.shape)


def _names(names: Sequence[str] | None, columns: int, one: str, source: str) -> tuple[str, ...]:
    if names is None:
        return (f"the {one}",) if columns == 1 else tuple(f"{one} {place}" for place in range(columns))
    found = all_visible(map(str, names))
    if len(found) != columns or len(set(found)) != columns:
        raise ValueError(
            f"Expected {columns} different names for the {one}s of '{source}'. Received {', '.join(found[:12])}. Give one for "
            f"each column, in their order."
        )
    return found
