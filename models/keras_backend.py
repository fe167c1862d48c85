"""Keras runs on TensorFlow here; where it is told to run on another backend, the cure is said before anything is imported."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
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
        with _loaded_when_used(), _nothing_collected():
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


class _WhenUsed:
    """Finds a few parts of Keras as modules that load at their first use."""

    modules = (
        "keras.wrappers",
        "keras.visualization",
        "keras.src.visualization",
        "keras.src.trainers.data_adapters.array_slicing",
    )

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module's specification; None for every other module."""
        found = PathFinder.find_spec(name, path, target) if name in self.modules else None
        if found is not None and found.loader is not None:
            found.loader = importlib.util.LazyLoader(found.loader)
        return found


@contextmanager
def _loaded_when_used() -> Iterator[None]:
    """While Keras is imported, a few parts of it wait for their first use.

    They import scikit-learn, scipy.stats, matplotlib.pyplot and pandas: 1.2 of the 2.7 CPU seconds that TensorFlow and Keras
    take to start. Whoever uses `keras.wrappers` or `keras.visualization`, fits or predicts gets them as ever.
    """
    finder = _WhenUsed()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """While modules are imported, nothing that they make is garbage: looking for it took 0.4 CPU seconds.

    Afterwards all of it counts as old, else the next look would walk through all that was imported: 0.2 seconds.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()  # what was frozen is of the oldest generation then
            gc.enable()
