"""The page's program as it is carried: its parts in one function, without remarks and without spaces that mean nothing.

What stands between quotes, in a template or in a regular expression is left as it is. The names that a part gives to what all
parts use are short in what is carried (`short_names`).
"""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

from .short_names import with_short_names

SCRIPTS = Path(__file__).parent / "templates" / "scripts"
_TOKEN = re.compile(
    r"""(?P<remark>//[^\n]*|/\*.*?\*/)
    |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<expression>(?<=[(,=:!&|?;{])\s?/(?![/*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n\[])+/[a-z]*)
    |(?P<space>[ \t]*\n\s*|[ \t]+)
    |(?P<word>[\w$.]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_TIGHT = set("{}()[],;:?=<>&|+*!%\"'`")  # no space is needed beside these
_DOUBLED = set("-/")  # nor beside these, where no second one follows
_ALONE = re.compile(r"(?<![\w$)\]])\(([A-Za-z_$][\w$]*)\)=>")  # an argument alone needs no brackets: (x)=>x
_OPEN, _CLOSING = set(";{,(["), set("})]")  # a line's end behind the first, or before the second, ends no statement


def program() -> Markup:
    """The whole program, its parts in the order of their names."""
    parts = [compact(path.read_text(encoding="utf-8")) for path in sorted(SCRIPTS.glob("*.js"))]
    return Markup('(() => {{\n"use strict";\n{}\n}})();\n').format(
        Markup(_ALONE.sub(r"\1=>", with_short_names("\n".join(parts))))
    )


def compact(text: str) -> str:
    r"""JavaScript without remarks and needless spaces.

    >>> compact('const a = "b , c";  // why\nif (a) { d(`e = ${f + 1} g`, /h i/); }')
    'const a="b , c";if(a){d(`e = ${f+1} g`,/h i/);}'
    """
    written, _ = _code(text, 0)
    return re.sub(r"\n+", "\n", written).strip()


def _code(text: str, start: int) -> tuple[str, int]:
    """The code from `start` up to the brace that closes it, or to the end; and where that is."""
    made: list[str] = []
    at, depth = start, 0
    while at < len(text):
        if text[at] == "`":
            part, at = _template(text, at + 1)
            made.append(part)
            continue
        found = _TOKEN.match(text, at)
        assert found is not None  # the last choice takes any letter
        piece, kind = found[0], found.lastgroup
        if piece == "}" and depth == 0 and start:
            return "".join(made).rstrip(" "), at
        depth += {"{": 1, "}": -1}.get(piece, 0) if kind == "other" else 0
        at = found.end()
        _add(made, piece, kind or "", text[at : at + 1])
    return "".join(made), at


def _add(made: list[str], piece: str, kind: str, following: str) -> None:
    """One piece behind the others; a space only between two words, or where two signs would become one."""
    if kind in ("word", "other"):
        made.append(piece)
        return
    before = next((each[-1] for each in reversed(made) if each), "\n")
    if kind == "remark":
        return
    if kind == "space":
        if "\n" in piece:
            made.append("" if before in _OPEN or following in _CLOSING else "\n")
        elif not _TIGHT & {before, following} and before != "\n" and (before in _DOUBLED) == (following in _DOUBLED):
            made.append(" ")
        return
    made.append(piece.lstrip() if kind == "expression" else piece)


def _template(text: str, start: int) -> tuple[str, int]:
    """A template from behind its first backtick: its letters as they are, its code compact."""
    made, at = ["`"], start
    while text[at] != "`":
        if text[at] == "\\":
            made.append(text[at : at + 2])
            at += 2
        elif text.startswith("${", at):
            inside, at = _code(text, at + 2)
            made.append("${" + inside + "}")
            at += 1
        else:
            made.append(text[at])
            at += 1
    return "".join([*made, "`"]), at + 1
