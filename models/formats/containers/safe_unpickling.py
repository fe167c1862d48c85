"""Pickles of NumPy arrays, and of nothing else: what names any other object is refused before it is made.

A pickle is a program, and may call whatever it names. Here it may name only what builds an array: `ndarray`, `dtype`,
NumPy's two functions that put an array together, and the codec that old pickles keep bytes in. Before it runs, its
instructions are gone through once: values within values within values, whose hash would end the process, and places of
memory that the file is too short to fill are refused.
"""

from __future__ import annotations

import codecs
import io
import math
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...file_limits import LIMITS, Limits

_KEEPS = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
_FETCHES = ("GET", "BINGET", "LONG_BINGET")
_ERRORS = (
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    ImportError,
    MemoryError,
    OverflowError,
    RecursionError,
)


def unpickled(raw: bytes, name: str, limits: Limits = LIMITS) -> Any:
    """The dicts, lists, numbers, text and arrays in a pickle; text of Python 2 as bytes.

    Raises:
        ValueError: It names anything else, is nested without end, or is cut off.
    """
    try:
        _require_harmless(raw, limits)
        return _ArraysOnly(io.BytesIO(raw), encoding="bytes").load()
    except NotOfArrays as error:
        raise ValueError(f"Expected a pickle of arrays in '{name}'. Received {error}. Save it as .npz.") from error
    except (pickle.UnpicklingError, *_ERRORS) as error:
        raise ValueError(
            f"Expected a whole pickle of arrays in '{name}'. Received one that cannot be read ({error or type(error).__name__}). "
            "Fetch it again."
        ) from error


class NotOfArrays(pickle.UnpicklingError):
    """What a pickle holds beside arrays."""


def _require_harmless(raw: bytes, limits: Limits) -> None:
    """Go through the instructions as they would run, with how deep each value is nested in the place of the value."""
    depths: list[int | None] = []  # None is a mark
    kept: dict[int, int] = {}
    steps: Iterator[tuple[Any, Any, Any]] = pickletools.genops(raw)
    for instruction, argument, place in steps:
        name = instruction.name
        if name in _KEEPS:
            where = len(kept) if name == "MEMOIZE" else int(argument)
            if where > len(raw):
                raise NotOfArrays(f"one that keeps a value at place {where:,} of a file of {len(raw):,} bytes")
            kept[where] = depths[-1] or 0
            continue
        below = _taken(depths, instruction)
        deepest = max((depth for depth in below if depth is not None), default=0)
        if name in _FETCHES:
            deepest = kept.get(int(argument), 0) - 1
        if deepest >= limits.nesting:
            raise NotOfArrays(f"values nested {deepest} deep at byte {place:,}, where {limits.nesting} is the most")
        depths += [None if made.name == "mark" else deepest + 1 for made in instruction.stack_after]


def _taken(depths: list[int | None], instruction: Any) -> list[int | None]:
    """Take off what an instruction uses: so many values, or all above the last mark."""
    count = len(instruction.stack_before)
    if pickletools.markobject in instruction.stack_before:
        last = len(depths) - 1 - depths[::-1].index(None)
        count = len(depths) - last + instruction.stack_before.index(pickletools.markobject)
    taken = depths[len(depths) - count :]
    del depths[len(depths) - count :]
    return taken


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What the pickle may name."""
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _empty_array
        if module in ("numpy._core.numeric", "numpy.core.numeric") and name == "_frombuffer":
            return _array_of_buffer
        if (module, name) == ("numpy", "ndarray"):
            return _Values
        if (module, name) == ("numpy", "dtype"):
            return _Type
        if (module, name) == ("_codecs", "encode"):
            return _latin_bytes
        raise NotOfArrays(f"one that names {module}.{name}, which could run code and is never loaded")


class _Type:
    """A type of numbers or text; none that holds Python objects, or has parts whose places a pickle could choose."""

    def __init__(self, code: Any, *rest: Any) -> None:
        found = np.dtype(code.decode("ascii") if isinstance(code, bytes) else str(code))
        if found.kind not in "buifcSU" or found.itemsize > LIMITS.line_bytes:
            raise NotOfArrays(f"an array of {found}")
        self.dtype = found

    def __setstate__(self, state: Any) -> None:
        _, order, parts, names, fields, *_ = state
        order = order.decode("ascii") if isinstance(order, bytes) else order
        if order not in ("<", ">", "|", "=") or any(part is not None for part in (parts, names, fields)):
            raise NotOfArrays("an array of structures")
        self.dtype = self.dtype if order == "|" else self.dtype.newbyteorder(order)


class _Values(np.ndarray):
    """An array that takes only values whose bytes are there."""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, in_fortran, values = state
        if not isinstance(kind, _Type) or not isinstance(values, bytes):
            raise NotOfArrays("an array of Python objects")
        _require_bytes(shape, kind, len(values))
        whole: Any = (1, shape, kind.dtype, bool(in_fortran), values)
        super().__setstate__(whole)


def _require_bytes(shape: Any, kind: _Type, size: int) -> None:
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise NotOfArrays("an array without a shape")
    if math.prod(shape) * kind.dtype.itemsize != size:
        raise NotOfArrays(f"an array that claims {list(shape)} values of {kind.dtype} in {size:,} bytes")


def _empty_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """What NumPy makes before it fills in shape, type and values."""
    if kind is not _Values or tuple(shape) != (0,):
        raise NotOfArrays("an array of an unknown kind")
    return np.ndarray.__new__(_Values, (0,), "b")


def _array_of_buffer(buffer: Any, kind: Any, shape: Any, order: str, *rest: Any) -> np.ndarray:
    """Arrays of pickle's protocol 5."""
    if not isinstance(kind, _Type):
        raise NotOfArrays("an array of Python objects")
    _require_bytes(shape, kind, memoryview(buffer).nbytes)
    return np.frombuffer(buffer, kind.dtype).reshape(shape, order="F" if order == "F" else "C")


def _latin_bytes(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1", b"latin1"):
        raise NotOfArrays("bytes in an unknown code")
    return codecs.encode(text, "latin1")
