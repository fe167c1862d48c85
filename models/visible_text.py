"""Text from outside made safe to show: what no terminal, page or drawing can show as it is becomes a visible escape.

A class name, a layer name or a file name may hold anything: escape sequences that rewrite a terminal, line breaks,
letters that reverse the text's direction, bytes that are no UTF-8. The replacements are JSON's escapes, so that the
same text is right in a message, on a page, and inside of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 80  # letters of a name or a cell that are echoed
_MOST_OF_A_LINE = 4000  # letters of a message; the longest of our own list some hundred names
_UNSHOWABLE = (
    "\x00-\x1f\x7f-\x9f"  # control letters, among them ESC and the line breaks CR, LF and NEL
    "\u2028\u2029"  # line and paragraph separators
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # turn the direction of the text around them
    "\ud800-\udfff"  # bytes that are no UTF-8, as Python's surrogateescape keeps them
    "\ufeff\ufffe\uffff"  # byte order marks, and what XML forbids
)
_IN_A_NAME = re.compile(f"[{_UNSHOWABLE}]")
_LONG_WORD = re.compile(rf"[^\s/\\]{{{MOST + 1},}}")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(name: object, most: int | None = None) -> str:
    r"""A name as it can be shown on one line anywhere.

    Args:
        name: The name, or anything with a text.
        most: Letters to keep; a longer name ends in an ellipsis. None: all.

    >>> visible("cat\x1b[31m\ndog\udcff")
    'cat\\u001b[31m\\ndog\\udcff'
    """
    shown = _IN_A_NAME.sub(_escape, str(name))
    return shown if most is None or len(shown) <= most else f"{shown[: most - 1]}…"


def all_visible(names: Iterable[str]) -> tuple[str, ...]:
    """Names as they can be shown; most often all of them are as they were."""
    kept = tuple(names)
    return tuple(visible(name) for name in kept) if any(map(_IN_A_NAME.search, kept)) else kept


def visible_line(text: object) -> str:
    """A message as one line: no word in it, but for the folders of a path, has more than 80 letters.

    >>> visible_line("Received 'a\\nb'")
    "Received 'a b'"
    """
    line = _LONG_WORD.sub(_middle_out, visible(" ".join(str(text).split())))
    return line if len(line) <= _MOST_OF_A_LINE else f"{line[: _MOST_OF_A_LINE // 2]} … {line[-_MOST_OF_A_LINE // 2 :]}"


def _middle_out(word: re.Match[str]) -> str:
    return f"{word[0][: MOST // 2]}…{word[0][-(MOST // 2 - 1) :]}"


def _escape(letter: re.Match[str]) -> str:
    return _SHORT.get(letter[0], f"\\u{ord(letter[0]):04x}")
