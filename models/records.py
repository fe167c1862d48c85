"""A record out of what JSON holds, checked against the types of its fields: the one reader of all that is kept as JSON.

What is read comes from outside, as model cards and measurements of trust do. Each value must be of the type that the record
says; a fault is named by its field. Numbers are finite, whole ones fit into 64 bits; null is NaN where a number belongs.
`reports.evidence.twin` writes what is read here.
"""

from __future__ import annotations

import math
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from .visible_text import visible

R = TypeVar("R")
_DRAWN_ONLY = "drawn only"
DrawnOnly = Annotated[R, _DRAWN_ONLY]  # the type of a field that pages are drawn from, and that has no part in the twin
_LARGEST = 2**63  # whole numbers are smaller


def from_twin(kind: type[R], content: Any) -> R:
    """A record of the type `kind` out of what `json` has read.

    Raises:
        ValueError: A field is missing or holds something else than its type says; the message names the field.
    """
    return _read(kind, content, "")


@cache
def written_fields(kind: type[Any]) -> dict[str, Any]:
    """{field: its type} of a record, without what is drawn only."""
    hints = get_type_hints(kind, include_extras=True)
    kept = (each.name for each in fields(kind) if _DRAWN_ONLY not in getattr(hints[each.name], "__metadata__", ()))
    return {name: hints[name] for name in kept}


def inside(where: str, name: object) -> str:
    """The path of a field within another."""
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
        return [_read(inner[0], part, inside(where, n)) for n, part in enumerate(_as(list, content, where))]
    if origin is dict:
        held = _as(dict, content, where)
        return {name: _read(inner[1], part, inside(where, name)) for name, part in held.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _read_record(kind, content, where)
    if kind is np.ndarray:
        return _read_array(content, where)
    if kind is float:
        return math.nan if content is None else float(_number(_as((int, float), content, where), where))
    if kind is int:
        return _number(_as(int, content, where), where)
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
    return tuple(_read(each, part, inside(where, place)) for place, (each, part) in pairs)


def _read_record(kind: type[Any], content: Any, where: str) -> Any:
    held, hints, values = _as(dict, content, where), written_fields(kind), {}
    for name in held.keys() - hints.keys():
        raise ValueError(f"the field '{visible(inside(where, name), 80)}' is not known")
    for each in fields(kind):
        if each.name not in hints:
            raise TypeError(f"Expected a record that is written whole. '{inside(where, each.name)}' is drawn only.")
        if each.name in held:
            values[each.name] = _read(hints[each.name], held[each.name], inside(where, each.name))
        elif not _has_default(each):
            raise ValueError(f"the field '{inside(where, each.name)}' is missing")
    return kind(**values)


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _read_array(content: Any, where: str) -> np.ndarray:
    try:
        read = np.array(_as(list, content, where))
        found = read if read.dtype != object else np.array(content, np.float64)  # null is NaN
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong("an array of numbers", content, where) from error
    if found.dtype.kind not in "bif" or np.isinf(found).any():
        raise _wrong("an array of numbers", content, where)
    return found


def _number(content: float, where: str) -> float:
    if isinstance(content, int) and not -_LARGEST <= content < _LARGEST:
        raise _wrong("a number of at most 64 bits", content, where)
    if math.isinf(content):
        raise _wrong("a finite number", content, where)
    return content


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
    if isinstance(content, int) and not -_LARGEST <= content < _LARGEST:
        said = f"a number of {content.bit_length()} bits"  # Python writes out no longer ones
    else:
        said = visible(repr(content), 60)
    at = f"the field '{visible(where, 80)}'" if where else "the whole"
    return ValueError(f"{at} holds {said} instead of {expected}")
