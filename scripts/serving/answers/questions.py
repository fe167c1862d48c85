"""What can be asked of a picture, by the words of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from featurelens.interpret.methods.catalogue import METHODS, method_called
from featurelens.interpret.tracing.targets import NONE
from featurelens.models.known_names import unknown_name

MAPS = ("list", "base64", "none")
PREDICT = "predict"
_WORDS = ("model", "class", "versus", "method", "layer", "coverage", "map", "overlay")


@dataclass(frozen=True)
class Key:
    """What pictures have in common that can travel in one batch."""

    model: str
    method: str = PREDICT  # name of a method, or 'predict'
    layer: str | None = None
    shape: tuple[int | None, ...] = ()  # of the picture, where the model leaves it open
    weight: int = field(default=0, compare=False)  # the lightest go first

    @property
    def is_prediction(self) -> bool:
        """Whether no map is asked for."""
        return self.method == PREDICT


@dataclass(frozen=True, eq=False)
class Row:
    """One picture with its question."""

    pixels: np.ndarray  # float32[H,W,C]
    explained: int = NONE  # the class; NONE for the predicted one
    versus: int = NONE  # the class that it is held against; NONE for none


@dataclass(frozen=True)
class Wish:
    """What a request asks for, checked."""

    model: str | None = None
    explained: int = NONE
    versus: int = NONE
    method: str | None = None  # name; None for the one that trust chose
    layer: str | None = None
    coverage: float | None = None
    map: str = "list"
    overlay: bool = False


def read_wish(query: Mapping[str, str], class_names: Sequence[str]) -> Wish:
    """The question of a query such as `class=Shirt&versus=Coat&method=layercam`.

    Args:
        query: By name, each once.
        class_names: Of the model that is asked; classes are named, or numbered.

    Raises:
        ValueError: A word is unknown; the message lists those that are.
    """
    for name in query:
        if name not in _WORDS:
            raise unknown_name("parameter", name, _WORDS, "Use one of these.")
    versus, explained = _class(query, "versus", class_names), _class(query, "class", class_names)
    if versus != NONE and versus == explained:
        raise ValueError(f"Expected two classes. Received '{class_names[versus]}' twice. Name another one for versus.")
    return Wish(
        query.get("model"), explained, versus, _method(query.get("method")), query.get("layer") or None, _coverage(query),
        _one_of("map", query.get("map", "list"), MAPS), _one_of("overlay", query.get("overlay", "no"), ("yes", "no")) == "yes",
    )  # fmt: skip


def _one_of(what: str, word: str, known: Sequence[str]) -> str:
    if word not in known:
        raise ValueError(f"Expected {what} out of {', '.join(known)}. Received '{word[:40]}'. Use one of these.")
    return word


def _class(query: Mapping[str, str], name: str, class_names: Sequence[str]) -> int:
    word = query.get(name)
    if word is None:
        return NONE
    if word in class_names:
        return class_names.index(word)
    if word.isascii() and word.isdigit() and len(word) < 9 and int(word) < len(class_names):
        return int(word)
    raise unknown_name("class", word[:80], class_names, f"Name one of them, or its number, as {name}.")


def _method(word: str | None) -> str | None:
    if word is None:
        return None
    known = method_called(word)
    if known is None or not known.is_usual:
        raise unknown_name("method", word[:80], [each.slug for each in METHODS.usual], "Use one of these.")
    return known.name


def _coverage(query: Mapping[str, str]) -> float | None:
    word = query.get("coverage")
    if word is None:
        return None
    try:
        share = float(word)
    except ValueError:
        share = float("nan")
    if not 0.5 <= share <= 0.999:
        raise ValueError(f"Expected a coverage from 0.5 to 0.999. Received '{word[:40]}'. Write a share such as 0.95.")
    return share
