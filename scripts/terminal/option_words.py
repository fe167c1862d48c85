"""A message that speaks of arguments of a function, in the words of the command line."""

from __future__ import annotations

import re

_ARGUMENTS = {"output": "--model-output", "wrt": "--wrt", "layer": "--layer"}


def in_options(message: str) -> str:
    """The message with `output='a'` as `--model-output a`.

    >>> in_options("Say which one: wrt='left'.")
    'Say which one: --wrt left.'
    """
    return re.sub(r"\b(output|wrt|layer)=(?:'([^']*)'|\"([^\"]*)\")?", _option, message)


def _option(found: re.Match[str]) -> str:
    value = found.group(2) or found.group(3)
    return _ARGUMENTS[found.group(1)] + (f" {value}" if value else "")
