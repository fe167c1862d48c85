"""A table of records: a pandas DataFrame where pandas is installed, else the list of records itself."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any


def as_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows of equal names as a `pandas.DataFrame`, or as they are where pandas is not installed.

    Example:
        >>> len(as_table([{"layer": "conv1", "silent": 3}]))
        1
    """
    if importlib.util.find_spec("pandas") is None:
        return [dict(row) for row in rows]
    import pandas

    return pandas.DataFrame(list(rows))
