"""What kind of thing each argument of a public function is: as its annotation says, checked where the function is entered.

A number where a name belongs is refused in words, and not by a `TypeError` from deep inside; one name where a list of names
belongs is not taken for the list of its letters. Values of the right kind that do not fit are left to the functions themselves.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

Images = Any  # an array of images, a `Dataset`, or what reads as one of them
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Kind:
    """What is taken for an argument."""

    words: str  # 'a whole number'
    example: str  # as one would type it
    fits: Callable[[Any], bool]


def checks_kinds(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which refuses arguments of another kind than its annotations say.

    Example:
        >>> @checks_kinds
        ... def doubled(seed: int) -> int:
        ...     return 2 * seed
        >>> doubled("one")
        Traceback (most recent call last):
        ValueError: Expected seed= to be a whole number. Received 'one'. Write seed=1.
    """
    signature = inspect.signature(function)
    check = check_of(signature)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        check(signature.bind(*args, **kwargs).arguments)
        return function(*args, **kwargs)

    return checked


def check_of(signature: inspect.Signature) -> Callable[[Mapping[str, Any]], None]:
    """A function that refuses, of arguments by their names, those of another kind than the signature says."""
    known = functools.cache(lambda: {name: kind_of(each) for name, each in signature.parameters.items()})

    def check(arguments: Mapping[str, Any]) -> None:
        kinds = known()
        for name, value in arguments.items():
            kind = kinds[name]
            if kind is not None and not kind.fits(value):
                raise ValueError(_refusal(signature.parameters[name], kind, value))

    return check


def kind_of(parameter: inspect.Parameter) -> Kind | None:
    """What a parameter takes; None where its annotation leaves it open.

    Example:
        >>> kind_of(inspect.Parameter("size", inspect.Parameter.KEYWORD_ONLY, annotation="tuple[int, int] | None")).words
        '(a whole number, a whole number) or None'
    """
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    if parameter.name == "seed":
        return _SEED
    if parameter.name == "model" and parameter.default in (parameter.empty, None):
        return MODEL if parameter.default is parameter.empty else _either([MODEL, _PLAIN["None"]])
    return kind_named(_text(parameter.annotation))


@functools.cache
def kind_named(annotation: str) -> Kind | None:
    """The kind of an annotation such as 'Sequence[str] | None'; None where it is not known."""
    parts = _split(annotation, "|")
    if len(parts) > 1:
        kinds = [kind_named(part) for part in parts]
        return None if None in kinds else _either([kind for kind in kinds if kind is not None])
    name, _, inside = annotation.removesuffix("]").partition("[")
    if name in ("Sequence", "list"):
        return _sequence(kind_named(inside))
    if name == "tuple":
        return _tuple(_split(inside, ","))
    if name in ("Mapping", "dict"):
        return _mapping(_split(inside, ",")[-1])
    return _PLAIN.get(name) or (_record(name) if name in _RECORDS else None)


def _text(annotation: Any) -> str:
    """An annotation as it is written, without the modules of its names."""
    written = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", written)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == separator and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _either(kinds: list[Kind]) -> Kind:
    words = list(dict.fromkeys(kind.words for kind in kinds))
    return Kind(" or ".join(words), kinds[0].example, lambda value: any(kind.fits(value) for kind in kinds))


def _sequence(inner: Kind | None) -> Kind:
    """Several of a kind, in whatever can be gone through; only what has a length is looked into."""

    def fits(value: Any) -> bool:
        if isinstance(value, (str, bytes, Mapping)) or not _goes_through(value):
            return False
        return inner is None or not hasattr(value, "__len__") or all(inner.fits(each) for each in value)

    return Kind(f"a list, each {inner.words}" if inner else "a list", f"[{inner.example if inner else '...'}]", fits)


def _mapping(inside: str) -> Kind:
    """Things of a kind by their names."""
    inner = kind_named(inside)

    def fits(value: Any) -> bool:
        return isinstance(value, Mapping) and (inner is None or all(inner.fits(each) for each in value.values()))

    example = _METHODS.get(inside, "{'name': ...}")
    return Kind(f"a dict by name, each {inner.words}" if inner else "a dict by name", example, fits)


def _tuple(inside: list[str]) -> Kind:
    """So many values, of these kinds."""
    if inside[-1] == "...":
        return _sequence(kind_named(inside[0]))
    inner = [kind_named(each) for each in inside]

    def fits(value: Any) -> bool:
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__len__") or not _goes_through(value):
            return False
        pairs = zip(inner, value, strict=False)
        return len(value) == len(inner) and all(kind is None or kind.fits(each) for kind, each in pairs)

    words = ", ".join(kind.words if kind else "a value" for kind in inner)
    return Kind(f"({words})", f"({', '.join(kind.example if kind else '...' for kind in inner)})", fits)


def _record(name: str) -> Kind:
    """A record of this package or another, by the name of its class."""
    example = _RECORDS[name]
    return Kind(f"of type {name}", example, lambda value: any(each.__name__ == name for each in type(value).__mro__))


def _goes_through(value: Any) -> bool:
    return isinstance(value, Iterable) and getattr(value, "shape", None) != ()


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def _is_number(value: Any) -> bool:
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__") or getattr(value, "shape", ()) != ():
        return False
    return _is_whole(value) or isinstance(float(value), float)


def _is_array(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (hasattr(value, "shape") and hasattr(value, "__getitem__"))


def _reads_as_array(value: Any) -> bool:
    """Also what reads its rows where they are asked for, such as the masks of a folder."""
    return _is_array(value) or (
        not isinstance(value, (str, bytes, Mapping)) and hasattr(value, "__len__") and hasattr(value, "__getitem__")
    )


def _is_pair(value: Any) -> bool:
    return not isinstance(value, (str, bytes, Mapping)) and _goes_through(value) and len(list(value)) == 2


def _is_model(value: Any) -> bool:
    return callable(value) and hasattr(value, "_flatten_layers")


def _refusal(parameter: inspect.Parameter, kind: Kind, value: Any) -> str:
    """The three parts: what is taken, what came, what to write instead."""
    if kind.words.startswith(MODEL.words):
        path = repr(str(value)) if isinstance(value, (str, os.PathLike)) else "path"
        return f"Expected {kind.words}. Received {received(value)}. Load it with featurelens.models.load_model({path})."
    expected = f"Expected {parameter.name}= to be {kind.words}. Received {received(value)}."
    if isinstance(value, str) and kind.fits([value]):
        return f"{expected} Write {parameter.name}=[{value!r}]."
    if parameter.default is None:
        return f"{expected} Leave it out, or write {parameter.name}={kind.example}."
    default = parameter.default if kind.example != "..." and _is_plain(parameter.default) else parameter.empty
    return f"{expected} Write {parameter.name}={kind.example if default is parameter.empty else repr(default)}."


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, tuple)) and value not in ("", ())


def received(value: Any) -> str:
    """A value in a few letters: what is short as it is typed, arrays by type and shape, all else by its type.

    Example:
        >>> received(3), received("conv"), received(object())
        ('3', "'conv'", 'object')
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}{list(value.shape)}"
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, dict, os.PathLike)):
        said = repr(str(value)) if isinstance(value, os.PathLike) else repr(value)
        return said if len(said) <= 60 else f"{said[:50]}..., a {type(value).__name__}"
    return type(value).__name__


MODEL = Kind("a Keras model", "model", _is_model)
_SEED = Kind("a whole number from 0", "0", lambda value: _is_whole(value) and value >= 0)
_PATH = Kind("a path", "'folder/name'", lambda value: isinstance(value, (str, os.PathLike)))
_NAME = Kind("a name", "'name'", lambda value: isinstance(value, str))
_CALLED = Kind("a function", "...", callable)
_PLAIN = {
    "None": Kind("None", "None", lambda value: value is None),
    "bool": Kind("True or False", "True", lambda value: type(value).__name__ in ("bool", "bool_")),
    "int": Kind("a whole number", "1", _is_whole),
    "float": Kind("a number", "0.5", _is_number),
    "str": _NAME,
    "Path": _PATH,
    "ndarray": Kind("an array", "array", _is_array),
    "Images": Kind("an array or a Dataset", "images", lambda value: hasattr(value, "images") or _reads_as_array(value)),
    "Score": Kind(
        "a channel's name or a function", "'conv2:31'", lambda value: isinstance(value, str) or callable(value)
    ),
    "Pair": Kind("a pair of classes", "(0, 6)", lambda value: _is_pair(value)),
    "Progress": Kind(
        "True, False or a function", "True", lambda value: type(value).__name__ in ("bool", "bool_") or callable(value)
    ),
    **dict.fromkeys(("ColorScale", "Fill"), _NAME),
    **dict.fromkeys(("Callable", "Copier", "Factory", "Formula", "Method"), _CALLED),
}
_METHODS = {  # what stands in a dict -> one as it is typed
    "ndarray | Method": "{'Grad-CAM': GradCAM(model)}",
    "Factory": "{'Grad-CAM': GradCAM}",
}
_RECORDS = {  # how one comes by each
    "Axes": "plt.gca()",
    "Compared": "Compared(images, labels)",
    "Evaluation": "evaluate(model, data)",
    "Faithfulness": "faithfulness(...)['Grad-CAM']",
    "KnownMethod": "METHODS[0]",
    "ModelCard": "model_card_of('my.keras')",
    "Randomization": "randomization_check(...)['Grad-CAM']",
    "Reading": "Reading(...)",
    "Recipe": "recipe('zero_padded_dropout')",
    "Store": "open_store('answers')",
    "Trust": "measure_trust(model, images, ['grad-cam'])",
    "TrustFile": "read_trust(path)",
    "TrustPlan": "TrustPlan()",
    "VariantScores": "VariantScores(model)",
}
