"""Was a dictionary written to since one last looked? CPython numbers the writes to dictionaries, so that its own code can ask.

To read the numbers of all of a model's layers costs a fraction of reading what they hold, of which little is in the
processor's cache after a run of the model. The number (PEP 509) is the fourth word of a dictionary in CPython up to 3.12;
where it does not do what is said of it, there are no versions, and one has to look at what is held.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

_WORD = ctypes.sizeof(ctypes.c_void_p)
_PLACE = 3 * _WORD  # behind the count of references, the type, and how many items there are
version_of = attrgetter("value")  # of a cell; no two writes to dictionaries have the same


def version_cells(dictionaries: Iterable[dict[Any, Any]]) -> list[Any]:
    """Where the number of each dictionary's last write stands: as its address, for as long as the dictionary lives."""
    return [ctypes.c_uint64.from_address(id(each) + _PLACE) for each in dictionaries]


@cache
def are_versions_kept() -> bool:
    """Whether this Python numbers the writes to dictionaries: one that is known to, and found to."""
    known = sys.implementation.name == "cpython" and sys.version_info[:2] in ((3, 11), (3, 12)) and _WORD == 8
    return known and all(map(_is_numbered, ({"a": 1, "b": 2}, vars(SimpleNamespace(a=1, b=2)))))


def _is_numbered(held: dict[str, Any]) -> bool:
    (cell,) = version_cells([held])
    seen = [version_of(cell), version_of(cell)]
    for write in (
        lambda: held.update(a=3),
        lambda: held.__setitem__("a", 4),
        lambda: held.__setitem__("c", 5),
        lambda: held.pop("b"),
        held.clear,
    ):
        write()
        seen.append(version_of(cell))
    return seen[0] == seen[1] and len(set(seen)) == len(seen) - 1
