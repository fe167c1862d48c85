"""A package that only stores need, or a refusal that says how to install it."""

from __future__ import annotations

import importlib
from typing import Any


def needed(module: str, called: str, does: str, extra: str = "store") -> Any:
    """The module.

    Args:
        module: Such as 'pyarrow.parquet'.
        called: What people call it.
        does: What it is needed for, as in 'which keeps maps'.
        extra: Which extra of featurelens brings it.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'Expected {called}{does}. Received an environment without it. Run: pip install "featurelens[{extra}]".'
        ) from error
