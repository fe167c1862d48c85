"""JSON from outside, read strictly: of a bounded size and depth, each name once, no infinity."""

from __future__ import annotations

import json
import math
import re
import stat
from pathlib import Path
from typing import Any

from .file_limits import LIMITS, Limits, require_regular_file, too_large
from .visible_text import visible

_BRACKETS = re.compile(
    rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL
)  # whole strings, so that what is in them is passed over


def read_json(path: Path, limits: Limits = LIMITS) -> Any:
    """What a JSON file holds, its texts in letters that can be shown.

    Raises:
        ValueError: It cannot be read, or is not JSON of the kind that `parsed` takes; the message is a clause that follows
            'Received a file that'.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("is a folder, a device, a pipe or a socket")
        require_regular_file(path, limits)
        if (size := path.stat().st_size) > limits.description_bytes:
            raise too_large(str(path), size, limits.description_bytes)
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    return _shown(parsed(raw, limits))


def parsed(raw: bytes, limits: Limits = LIMITS) -> Any:
    """What JSON text says.

    Raises:
        ValueError: It is not JSON, is nested too deep, has a name twice or a number without end.
    """
    if (deep := nesting(raw)) > limits.nesting:
        raise ValueError(f"is nested {deep} deep, where {limits.nesting} is the most")
    try:
        return json.loads(raw, parse_constant=_constant, parse_float=_finite, object_pairs_hook=_once)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"is not JSON ({error})") from error
    except ValueError as error:
        raise ValueError("holds a number of thousands of digits" if "digits" in str(error) else str(error)) from error


def nesting(text: bytes) -> int:
    """How many lists and mappings of a JSON text lie within each other, at most; read without building anything.

    Example:
        >>> nesting(b'{"a": [1, [2]], "b": "[[["}')
        3
    """
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        if token[0] in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in (b"]", b"}"):
            depth -= 1
    return deepest


def _shown(content: Any) -> Any:
    if isinstance(content, str):
        return visible(content)
    if isinstance(content, list):
        return [_shown(part) for part in content]
    if isinstance(content, dict):
        return {visible(name): _shown(part) for name, part in content.items()}
    return content


def _constant(text: str) -> None:
    """NaN as Python writes it is a number that is not known; JSON itself has no infinity."""
    if text != "NaN":
        raise ValueError(f"holds the number {text}")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"holds the number {text[:20]}, which is beyond all")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"has the name '{next(name for name in names if names.count(name) > 1)}' twice")
    return found
