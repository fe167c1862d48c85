"""Attribution methods by the names that a user types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featurelens.interpret.methods import KnownMethod

ALL = "all"


def methods_named(names: Sequence[str]) -> tuple[KnownMethod, ...]:
    """The methods of these names, in this order, each once; 'all' stands for all of them.

    Raises:
        ValueError: A name is unknown.
    """
    from featurelens.interpret.methods import METHODS

    named = [known for name in names for known in (METHODS if name.lower() == ALL else [method_named(name)])]
    return tuple({known.name: known for known in named}.values())


def method_named(name: str) -> KnownMethod:
    """The method of this name, in any case.

    Raises:
        ValueError: There is none; the message has the real names and the nearest.
    """
    from featurelens.interpret.methods import METHODS, method_called
    from featurelens.models.known_names import unknown_name

    known = method_called(name)
    if known is None:
        slugs = [each.slug for each in METHODS]
        raise unknown_name(
            "method", name.lower(), [*slugs, ALL], "Pass one of them; --method may be given several times."
        )
    return known
