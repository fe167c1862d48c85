"""TensorFlow started without what its libraries write to stderr while they load: red lines in a notebook's first cell."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from .keras_backend import keras_on_tensorflow


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what TensorFlow's libraries write to stderr while they load; shown after all where loading fails.

    The messages come from C++ before any setting of Python is read, so the file descriptor itself is put aside; where there is
    none (pythonw, `2>&-`), nobody reads it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(kept, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def start_tensorflow() -> None:
    """Import TensorFlow and look for devices, quietly; nothing where it is there already."""
    if "tensorflow" in sys.modules:
        keras_on_tensorflow()
        return
    with quiet_start():
        keras_on_tensorflow()
        import tensorflow

        tensorflow.config.list_logical_devices()
