"""The names that the program's parts share, made short in what is carried: `contrastSheet` becomes `$a`.

A name is made short where it is declared outside of all brackets, so that it means the same everywhere, and stands nowhere as
a property (`x.name`), as a key (`{ name: 1 }`) or for both (`{ name }`): there it would mean something outside of the program.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from string import ascii_letters

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<expression>(?<=[(,=:!&|?;{])/(?![/*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n\[])+/[a-z]*)
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<number>\d[\w.]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NEAR = 20  # letters of compact code, in which no two spaces follow each other
_SHORT = ["".join(letters) for letters in product("$_", ascii_letters)]


@dataclass(frozen=True)
class _Word:
    """A word of the code, and where it stands."""

    name: str
    start: int
    bracket: str  # the innermost that is open


def with_short_names(text: str) -> str:
    """Compact JavaScript whose shared names are short; the most frequent and longest first, as many as there are short ones.

    >>> with_short_names("const total=3;const other=a=>({other:total}).other+`${total} total`+total;")
    'const $a=3;const other=a=>({other:$a}).other+`${$a} total`+$a;'
    """
    words = list(_words(text))
    bound = {word.name for word in words if _is_bound(text, word)}
    saved = Counter(word.name for word in words)
    shared = {word.name for word in words if _is_shared(text, word)} - bound
    ordered = sorted(shared, key=lambda name: (-saved[name] * (len(name) - 2), name))
    short = dict(zip(ordered, (name for name in _SHORT if name not in saved), strict=False))
    made, at = [], 0
    for word in words:
        if word.name in short:
            made += [text[at : word.start], short[word.name]]
            at = word.start + len(word.name)
    return "".join([*made, text[at:]])


def _words(text: str) -> Iterator[_Word]:
    """Each word of the code, those between the letters of a template too."""
    open_: list[str] = []
    at = 0
    while at < len(text):
        if open_ and open_[-1] == "`":
            at += _letters(text, at, open_)
            continue
        found = _TOKEN.match(text, at)
        assert found is not None  # the last choice takes any letter
        piece = found[0]
        if found.lastgroup == "word":
            yield _Word(piece, at, open_[-1] if open_ else "")
        elif piece in ("(", "[", "{", "`"):
            open_.append(piece)
        elif piece in (")", "]", "}"):
            open_.pop()
        at = found.end()


def _letters(text: str, at: int, open_: list[str]) -> int:
    """How far to go on within a template, whose end or code is noted."""
    if text.startswith("${", at):
        open_.append("${")
        return 2
    if text[at] == "`":
        open_.pop()
    return 2 if text[at] == "\\" else 1


def _is_shared(text: str, word: _Word) -> bool:
    """Whether the word is declared here for all parts."""
    return not word.bracket and len(word.name) > 2 and text.endswith(("const ", "let "), 0, word.start)


def _is_bound(text: str, word: _Word) -> bool:
    """Whether the word is a property or a key here."""
    end = word.start + len(word.name)
    before, after = text[max(0, word.start - _NEAR) : word.start].rstrip(), text[end : end + _NEAR].lstrip()[:1]
    if before.endswith(".") and not before.endswith("..."):
        return True
    return word.bracket == "{" and before[-1:] in ("{", ",") and after in (":", ",", "}", "=")
