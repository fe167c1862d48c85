"""Keras runs on TensorFlow here; where it is told to run on another backend, the cure is said before anything is imported."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

_CURE = "Set KERAS_BACKEND=tensorflow in the environment before Python starts"


def keras_on_tensorflow() -> Any:
    """The module `keras`.

    Raises:
        ImportError: It is told to run on another backend, whether or not that is installed, or does not load.
    """
    asked = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if asked != "tensorflow" and "keras" not in sys.modules:
        raise ImportError(
            f"Expected Keras on the TensorFlow backend. Received '{asked}' as KERAS_BACKEND of the environment. {_CURE}."
        )
    try:
        keras = importlib.import_module("keras")
    except ImportError as error:
        raise ImportError(
            f"Expected Keras with TensorFlow. Received '{error}' while it loads. {_CURE}, and correct the backend in "
            "keras.json in the folder .keras of your home, where it names another."
        ) from error
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Expected Keras on the TensorFlow backend. Received '{keras.backend.backend()}', on which it runs. {_CURE}."
        )
    return keras
