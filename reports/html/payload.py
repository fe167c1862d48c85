"""What the page's program reads: typed arrays and sheets of small pictures, as JSON.

An array becomes {"t": its type, "d": its bytes in base64}; a sheet is one lossless picture of tiles, row by row. Maps travel
as grey values at their own grid and are coloured in the page: so they are small, and their scale can be chosen there.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from .tiles import sprite

_TYPES = {"u1": "u8", "u2": "u16", "u4": "u32", "i1": "i8", "i2": "i16", "i4": "i32", "f4": "f32"}
LEVELS = 31  # steps of the grey of a map from zero to its end; more would double the file, and nobody sees them


def packed(values: np.ndarray) -> dict[str, str]:
    """An array of numbers, flat, as the page's program takes it.

    Example:
        >>> packed(np.array([1, 2], np.uint8))
        {'t': 'u8', 'd': 'AQI='}
    """
    kind = values.dtype.str[1:]
    if kind not in _TYPES:
        raise TypeError(
            f"Expected an array of {', '.join(_TYPES.values())}. Received {values.dtype}. Convert it first."
        )
    flat = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    return {"t": _TYPES[kind], "d": base64.b64encode(flat.tobytes()).decode("ascii")}


def smallest_type(values: np.ndarray) -> np.ndarray:
    """Whole numbers of at least 0 in the smallest type that holds them."""
    largest = int(values.max(initial=0))
    return values.astype(np.uint8 if largest < 256 else np.uint16 if largest < 65_536 else np.uint32)


def sheet(tiles: np.ndarray) -> dict[str, Any] | None:
    """Tiles uint8[N,h,w] or uint8[N,h,w,3] as one picture; None where there are none."""
    if not len(tiles):
        return None
    made = sprite("payload", tiles)
    return {"src": made.data_uri(), "w": made.width, "h": made.height, "columns": made.columns, "n": made.count}


def map_sheet(maps: np.ndarray, *, signed: bool, levels: int = LEVELS) -> dict[str, Any] | None:
    """Maps float32[N,h,w] as grey tiles with the value at the end of each one's scale.

    A grey value g means end x g / 255, of signed maps end x (g - 128) / 127.
    """
    if not len(maps):
        return None
    ends = np.abs(maps).max(axis=(1, 2)) if signed else np.maximum(maps, 0).max(axis=(1, 2))
    share = maps / np.where(ends > 0, ends, 1)[:, None, None]
    step = np.rint(np.clip(share, -1 if signed else 0, 1) * levels) / levels
    grey = np.rint(128 + step * 127) if signed else np.rint(step * 255)
    return {**(sheet(grey.astype(np.uint8)) or {}), "signed": signed, "ends": packed(ends.astype(np.float32))}
