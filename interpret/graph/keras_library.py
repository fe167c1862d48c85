"""Which Keras does a model belong to?"""

from __future__ import annotations

from typing import Any


def library_of(model: Any) -> Any:
    """The library that the model belongs to: Keras 3, or tf_keras."""
    if any(ancestor.__module__.startswith("tf_keras") for ancestor in type(model).__mro__):
        import tf_keras  # pyright: ignore[reportMissingImports]

        return tf_keras
    import keras

    return keras
