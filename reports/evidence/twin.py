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
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from ...models.records import DrawnOnly, from_twin, inside, written_fields

__all__ = ["DrawnOnly", "from_twin", "is_drawn_only", "json_text", "twin"]

_PLAIN = (bool, int, float, str)
_ALWAYS_PLAIN = frozenset({bool, int, str, type(None)})  # a float may be none that JSON knows


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


def _written(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _written(getattr(value, name), inside(where, name)) for name in written_fields(type(value))}
    if isinstance(value, np.ndarray):
        return value.tolist() if _is_written_as_it_is(value) else _written(value.tolist(), where)
    if isinstance(value, Mapping):
        return {_key(name, where): _written(part, inside(where, name)) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        if _ALWAYS_PLAIN.issuperset(map(type, value)):  # the numbers of all images, walked through once and no further
            return list(value)
        return [_written(part, inside(where, place)) for place, part in enumerate(value)]
    if isinstance(value, np.generic):
        return _written(value.item(), where)
    if value is not None and not isinstance(value, _PLAIN):
        raise TypeError(
            f"Expected records, arrays, tuples, dicts and plain values. Received {type(value).__name__} in field "
            f"'{where}'. Make its type DrawnOnly, or write a figure of it."
        )
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_written_as_it_is(values: np.ndarray) -> bool:
    """Whether each value of an array is one that JSON knows."""
    return values.dtype.kind in "biuU" or (values.dtype.kind == "f" and bool(np.isfinite(values).all()))


def is_drawn_only(kind: type[Any], name: str) -> bool:
    """Whether a field of a record is drawn only."""
    return name not in written_fields(kind)


def _key(name: Any, where: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"Expected names as the keys of field '{where}'. Received {name!r}. JSON has no other keys.")
    return name
