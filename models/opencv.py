"""OpenCV, imported in one place, so that its absence is explained once."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType


@cache
def opencv() -> ModuleType:
    """Return the `cv2` module.

    Raises:
        ImportError: `cv2` is not installed, or a library that it needs (most often libGL on a bare server) is missing.
    """
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise ImportError(
            f"Expected OpenCV's module cv2 to import. Received '{error}'. On a machine without a display install what it needs "
            "(apt-get update && apt-get install -y libgl1 libglib2.0-0), or put the build that needs nothing in its place "
            "(pip uninstall -y opencv-python && pip install opencv-python-headless)."
        ) from error
