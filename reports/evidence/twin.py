"""TODO"""

from __future__ import annotations

import math
import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _record(kind: Any, content: Any) -> Any:
    """`content`, as JSON gives it, as the type `kind` says: records, tuples, dicts, options and plain values."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return None if content is None else _record(inner[0], content)
    if origin is tuple:
        return tuple(_record(inner[0], part) for part in content)
    if origin is dict:
        return {name: _record(inner[1], part) for name, part in content.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        unknown = set(content) - set(hints)
        if unknown:
            raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        known = [field.name for field in fields(kind) if field.name in content or field.default is MISSING]
        return kind(**{name: _record(hints[name], content[name]) for name in known})
    if kind is float:
        return math.nan if content is None else float(content)
    if not isinstance(content, kind):
        raise TypeError(f"expected {kind.__name__}, received {content!r}")
    return content
