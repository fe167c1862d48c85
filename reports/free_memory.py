"""Memory that is free goes back to the system while a report is written.

TensorFlow's large blocks come and go by the C library's `malloc`, which keeps what is freed between others: after the pass
over 1,000 photos 140 MB, after the tests of the maps 100 MB. Nothing that is in use changes, here or elsewhere.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Sequence

_LARGE = 30_000  # pixels times channels of an image: below it, there is not much to give back


def give_back(shape: Sequence[int]) -> None:
    """Collect garbage, and have the C library give its free memory back, where images [B,H,W,C] are large.

    Other C libraries than GNU's give it back by themselves, or never.
    """
    height, width, *channels = shape[1:]
    if height * width * (channels[-1] if channels else 1) < _LARGE:
        return
    gc.collect()  # graphs of TensorFlow hold themselves
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
