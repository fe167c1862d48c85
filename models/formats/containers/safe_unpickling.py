"""Pickles of NumPy arrays, and of nothing else: what names any other object is refused before it is made.

A pickle is a program, and may call whatever it names. Here it may name only what builds an array: `ndarray`, `dtype`,
NumPy's two functions that put an array together, and the codec that old pickles keep bytes in.
"""

from __future__ import annotations

import codecs
import io
import pickle
from typing import Any

import numpy as np


def unpickled(raw: bytes, name: str) -> Any:
    """The dicts, lists, numbers, text and arrays in a pickle; text of Python 2 as bytes.

    Raises:
        ValueError: It names anything else, or is cut off.
    """
    try:
        return _ArraysOnly(io.BytesIO(raw), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise ValueError(f"Expected a pickle of arrays in '{name}'. Received {error}. Save it as .npz.") from error
    except (
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        ImportError,
        MemoryError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"Expected a whole pickle of arrays in '{name}'. Received one that cannot be read ({error or type(error).__name__}). "
            "Fetch it again."
        ) from error


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What the pickle may name."""
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _empty_array
        if module in ("numpy._core.numeric", "numpy.core.numeric") and name == "_frombuffer":
            return _array_of_buffer
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return _plain_type
        if (module, name) == ("_codecs", "encode"):
            return _latin_bytes
        raise pickle.UnpicklingError(f"one that names {module}.{name}, which could run code and is never loaded")


def _empty_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """What NumPy makes before it fills in shape, type and values."""
    if kind is not np.ndarray or tuple(shape) != (0,):
        raise pickle.UnpicklingError("an array of an unknown kind")
    return np.ndarray.__new__(np.ndarray, (0,), "b")


def _array_of_buffer(buffer: Any, dtype: Any, shape: Any, order: str, *rest: Any) -> np.ndarray:
    """Arrays of pickle's protocol 5."""
    return np.frombuffer(buffer, dtype).reshape(shape, order="F" if order == "F" else "C")


def _plain_type(code: Any, *rest: Any) -> np.dtype:
    """A type of numbers or text: none that holds Python objects."""
    found = np.dtype(code.decode("ascii") if isinstance(code, bytes) else code)
    if found.hasobject or found.names:
        raise pickle.UnpicklingError("an array of Python objects")
    return found


def _latin_bytes(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1", b"latin1"):
        raise pickle.UnpicklingError("bytes in an unknown code")
    return codecs.encode(text, "latin1")
