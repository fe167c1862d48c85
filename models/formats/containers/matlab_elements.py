"""What a MATLAB file claims, gone through before it is read: how far it unpacks, how deep it is nested, how many parts.

A file of MATLAB 5 is a list of elements, each a tag (type, bytes) and its content; one that is packed holds one element.
Source: MathWorks, "MAT-File Format".
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...file_limits import LIMITS, Limits, require_unpacked

_HEADER = 128  # bytes before the first element
_LENGTHS, _MATRIX, _PACKED = 5, 14, 15  # types of elements
_CELLS_AND_STRUCTURES = (1, 2, 3)  # classes of arrays that hold other arrays
_BLOCK = 2**20


def require_honest_elements(path: Path, limits: Limits = LIMITS) -> None:
    """Refuse a file of MATLAB 5 that unpacks to more than is taken, is nested without end, or claims parts it has not.

    Raises:
        ValueError: It does, or its packed parts are damaged.
    """
    raw = path.read_bytes()
    order = "<" if raw[126:128] == b"IM" else ">"
    if raw[126:128] not in (b"IM", b"MI"):
        return  # of version 4, which is neither packed nor nested
    for content in _unpacked(raw, order, path, limits):
        _require_shallow(content, order, path, limits)


def _unpacked(raw: bytes, order: str, path: Path, limits: Limits) -> Iterator[bytes]:
    """The elements of the file, one after another, unpacked no further than the limit."""
    place, total = _HEADER, len(raw)
    while place + 8 <= len(raw):
        kind, size = (int(number) for number in np.frombuffer(raw, f"{order}u4", 2, place))
        if kind == _PACKED:
            packed = raw[place + 8 : place + 8 + size]
            tag = _inflated(packed, path, 8)[:8]
            claimed = int(np.frombuffer(tag, f"{order}u4")[1]) if len(tag) == 8 else 0
            require_unpacked(str(path), len(raw), total + claimed, limits)  # as it says; then as it is
            content = _inflated(packed, path, limits.most_unpacked(len(raw)) - total)
            total += len(content)
            require_unpacked(str(path), len(raw), total + 1, limits)
            yield content
        else:
            yield raw[place : place + 8 + size]
        place += 8 + size


def _inflated(packed: bytes, path: Path, most: int) -> bytes:
    unpacker, parts = zlib.decompressobj(), []
    try:
        while packed and most > 0 and not unpacker.eof:
            parts.append(unpacker.decompress(packed, min(_BLOCK, most)))
            most -= len(parts[-1])
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise ValueError(
            f"Expected a whole MATLAB file at '{path}'. Received one whose packed parts are damaged ({error}). Fetch it again."
        ) from error
    return b"".join(parts)


def _require_shallow(content: bytes, order: str, path: Path, limits: Limits) -> None:
    """Walk the tags of an element: those of arrays lead into them, all others past their content."""
    ends: list[int] = []  # of the arrays that the place is in
    place, is_nesting = 0, False
    while place + 8 <= len(content):
        while ends and place >= ends[-1]:
            ends.pop()
        kind, size = (int(number) for number in np.frombuffer(content, f"{order}u4", 2, place))
        if kind == _MATRIX:
            ends.append(place + 8 + size)
            place += 8
            if len(ends) > limits.nesting:
                raise _refusal(path, f"arrays nested {len(ends)} deep, where {limits.nesting} is the most")
            continue
        if kind >> 16:  # a small element: type, bytes and content in eight bytes
            place += 8
            continue
        if kind == 6 and size == 8 and place + 12 <= len(content):
            is_nesting = int(np.frombuffer(content, f"{order}u4", 1, place + 8)[0]) & 0xFF in _CELLS_AND_STRUCTURES
        elif kind == _LENGTHS and is_nesting:
            _require_parts(content[place + 8 : place + 8 + size], order, len(content) - place, path)
        place += 8 + size + -size % 8


def _require_parts(lengths: bytes, order: str, left: int, path: Path) -> None:
    """Each part of a cell array takes the eight bytes of a tag, at least."""
    shape = np.frombuffer(lengths[: len(lengths) // 4 * 4], f"{order}i4").tolist()
    if math.prod(shape) * 8 > left:
        raise _refusal(path, f"an array that claims {shape} parts in {left:,} bytes")


def _refusal(path: Path, received: str) -> ValueError:
    return ValueError(f"Expected a whole MATLAB file at '{path}'. Received {received}. Save its arrays as .npz.")
