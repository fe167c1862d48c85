"""A record as JSON, and back: the one path of all that the project writes for programs.

A record is a frozen dataclass of plain values, tuples, dicts, NumPy arrays and other records. `twin` turns it into what
`json` writes: records become objects under the names of their fields, arrays and tuples become lists, and a number that
is not finite becomes null, since JSON knows neither NaN nor infinity. `from_twin` reads the same back as the type hints
say: null is NaN where a float belongs, and None where the field may be None. Arrays come back as int64, float64 or bool,
and an empty one without the lengths of its further axes. A field that has a default may be missing, as in files from
before there was that field; an unknown one is refused, since it was renamed or is misspelt.

What is needed to draw a page but is no figure, such as pixels and maps, is of a type `DrawnOnly[...]`: it is left out.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

R = TypeVar("R")
_DRAWN_ONLY = "drawn only"
DrawnOnly = Annotated[R, _DRAWN_ONLY]  # the type of a field that pages are drawn from, and that has no part in the twin
_PLAIN = (bool, int, float, str)


def twin(value: Any) -> Any:
    """What `json` can write of a record, or of anything that a record may hold.

    Raises:
        TypeError: A field holds something that JSON has no form for; the message names the field.

    Example:
        >>> twin({"shares": np.array([0.5, np.nan]), "layers": ("conv1",)})
        {'shares': [0.5, None], 'layers': ['conv1']}
    """
    return _written(value, "")


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The twin of a record as strict JSON."""
    return json.dumps(twin(value), indent=indent, ensure_ascii=False, allow_nan=False)


def from_twin(kind: type[R], content: Any) -> R:
    """A record of the type `kind` out of what `json` has read.

    Raises:
        ValueError: A field is missing or holds something else than its type says; the message names the field.
    """
    return _read(kind, content, "")


def _written(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _written(getattr(value, name), _inside(where, name)) for name in _hints(type(value))}
    if isinstance(value, np.ndarray):
        return _written(value.tolist(), where)
    if isinstance(value, Mapping):
        return {_key(name, where): _written(part, _inside(where, name)) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written(part, _inside(where, place)) for place, part in enumerate(value)]
    if isinstance(value, np.generic):
        return _written(value.item(), where)
    if value is not None and not isinstance(value, _PLAIN):
        raise TypeError(
            f"Expected records, arrays, tuples, dicts and plain values. Received {type(value).__name__} in field "
            f"'{where}'. Make its type DrawnOnly, or write a figure of it."
        )
    return None if isinstance(value, float) and not math.isfinite(value) else value


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    """{field: its type} of a record, without what is drawn only."""
    hints = get_type_hints(kind, include_extras=True)
    kept = (each.name for each in fields(kind) if _DRAWN_ONLY not in getattr(hints[each.name], "__metadata__", ()))
    return {name: hints[name] for name in kept}


def is_drawn_only(kind: type[Any], name: str) -> bool:
    """Whether a field of a record is drawn only."""
    return name not in _hints(kind)


def _key(name: Any, where: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"Expected names as the keys of field '{where}'. Received {name!r}. JSON has no other keys.")
    return name


def _inside(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)


def _read(kind: Any, content: Any, where: str) -> Any:
    """`content`, as JSON gives it, as the type `kind` says."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return content
    if origin in (types.UnionType, Union):
        return _read_option(kind, content, where)
    if origin is tuple:
        return _read_tuple(inner, content, where)
    if origin is list:
        return [_read(inner[0], part, _inside(where, n)) for n, part in enumerate(_as(list, content, where))]
    if origin is dict:
        return {name: _read(inner[1], part, _inside(where, name)) for name, part in _as(dict, content, where).items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _read_record(kind, content, where)
    if kind is np.ndarray:
        return _read_array(content, where)
    if kind is float:
        return math.nan if content is None else float(_as((int, float), content, where))
    return _as(kind, content, where)


def _read_option(kind: Any, content: Any, where: str) -> Any:
    """A field of one type or None."""
    some = [each for each in get_args(kind) if each is not type(None)]
    if len(some) != 1:
        raise TypeError(f"Expected one type, or None, for the field '{where}'. Received {kind}. Give it one type.")
    return None if content is None else _read(some[0], content, where)


def _read_tuple(inner: tuple[Any, ...], content: Any, where: str) -> tuple[Any, ...]:
    """`tuple[X, ...]` of any length, or `tuple[X, Y]` of exactly these."""
    parts = _as(list, content, where)
    kinds = [inner[0]] * len(parts) if len(inner) == 2 and inner[1] is ... else list(inner)
    if len(kinds) != len(parts):
        raise _wrong(f"a list of {len(kinds)}", content, where)
    pairs = enumerate(zip(kinds, parts, strict=True))
    return tuple(_read(each, part, _inside(where, place)) for place, (each, part) in pairs)


def _read_record(kind: type[Any], content: Any, where: str) -> Any:
    held, hints, values = _as(dict, content, where), _hints(kind), {}
    for name in held.keys() - hints.keys():
        raise ValueError(f"the field '{_inside(where, name)}' is not known")
    for each in fields(kind):
        if each.name not in hints:
            raise TypeError(f"Expected a record that is written whole. '{_inside(where, each.name)}' is drawn only.")
        if each.name in held:
            values[each.name] = _read(hints[each.name], held[each.name], _inside(where, each.name))
        elif not _has_default(each):
            raise ValueError(f"the field '{_inside(where, each.name)}' is missing")
    return kind(**values)


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _read_array(content: Any, where: str) -> np.ndarray:
    try:
        read = np.array(_as(list, content, where))
        found = read if read.dtype != object else np.array(content, np.float64)  # null is NaN
    except (TypeError, ValueError) as error:
        raise _wrong("an array of numbers", content, where) from error
    if found.dtype.kind not in "bif":
        raise _wrong("an array of numbers", content, where)
    return found


def _as(kind: type[Any] | tuple[type[Any], ...], content: Any, where: str) -> Any:
    """`content`, which must be of this type; true and false are no numbers."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(content, kinds) or (isinstance(content, bool) and bool not in kinds):
        raise _wrong(_NAMES.get(kinds[-1], kinds[-1].__name__), content, where)
    return content


_NAMES = {
    dict: "an object",
    list: "a list",
    float: "a number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
}


def _wrong(expected: str, content: Any, where: str) -> ValueError:
    said = repr(content)
    said = said if len(said) <= 60 else f"{said[:57]}..."
    at = f"the field '{where}'" if where else "the whole"
    return ValueError(f"{at} holds {said} instead of {expected}")
