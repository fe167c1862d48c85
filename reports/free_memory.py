"""Memory that is free goes back to the system while a report is written.

TensorFlow's large blocks come and go by the C library's `malloc`, which keeps what is freed between others: after the pass
over 1,000 photos 140 MB, after the tests of the maps 100 MB. Nothing that is in use changes, here or elsewhere.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Sequence

_LARGE = 30_000  # pixels times channels of an image: below it, there is not much to give back
_MANY = 20_000_000  # of all images together: 25,000 of 28 x 28


def give_back(shape: Sequence[int]) -> None:
    """Collect garbage, and have the C library give its free memory back, where images [B,H,W,C] are large or many.

    Other C libraries than GNU's give it back by themselves, or never.
    """
    images, height, width, *channels = shape
    numbers = height * width * (channels[-1] if channels else 1)
    if numbers < _LARGE and images * numbers < _MANY:
        return
    gc.collect()  # graphs of TensorFlow hold themselves
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
